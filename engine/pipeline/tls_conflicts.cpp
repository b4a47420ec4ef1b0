#include "engine/pipeline/tls_conflicts.h"

namespace gateproof::pipeline {

std::vector<TlsClaim::Verdict> judge_tls_claims(const std::vector<TlsClaim>& claims) {
  using Verdict = TlsClaim::Verdict;
  std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>> asked;
  for (const TlsClaim& c : claims) {
    for (const std::string& host : c.hosts) asked[{c.entry_point, host}].insert(c.options);
  }
  std::vector<Verdict> out;
  out.reserve(claims.size());
  for (const TlsClaim& c : claims) {
    Verdict v = Verdict::applies;
    if (c.readable && c.hosts.empty() && c.options != "default") v = Verdict::no_domain;
    for (const std::string& host : c.hosts) {
      if (asked.at({c.entry_point, host}).size() > 1) v = Verdict::conflicts;
    }
    out.push_back(v);
  }
  return out;
}

}  // namespace gateproof::pipeline
