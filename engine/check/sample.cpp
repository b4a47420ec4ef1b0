#include "engine/check/sample.h"

#include "engine/rules/index.h"

namespace gateproof::check {

rules::RequestFacts Sample::facts(const http::Headers& none) const {
  rules::RequestFacts f;
  f.host = host;
  f.path = path;
  f.method = "GET";
  f.headers = &none;
  f.client_ip = IpAddress::v4(192, 0, 2, 77);  // TEST-NET-1
  return f;
}

namespace {

std::string host_of(const rules::IndexKey& k) {
  switch (k.host_kind) {
    case rules::IndexKey::exact_host: return k.host;
    case rules::IndexKey::wildcard_host:
      return "sample" + k.host.substr(std::min(k.host.find('.'), k.host.size()));
    case rules::IndexKey::any_host: break;
  }
  return "sample.invalid";
}

std::vector<std::string> paths_of(const rules::IndexKey& k) {
  if (k.path_kind == rules::IndexKey::exact_path) return {k.path};
  if (k.path_kind == rules::IndexKey::any_path) return {"/", "/sample"};
  return {k.path, k.path + (k.path.ends_with('/') ? "sample" : "/sample")};
}

}  // namespace

std::vector<Sample> samples_of(const rules::Rule& rule) {
  std::vector<rules::IndexKey> keys = rules::index_alternatives(rule.root);
  if (keys.empty()) keys.emplace_back();
  const http::Headers none;
  std::vector<Sample> out;
  for (const rules::IndexKey& k : keys) {
    bool any = false;
    for (std::string& path : paths_of(k)) {
      Sample s{host_of(k), std::move(path)};
      if (!rule.matches(s.facts(none))) continue;
      any = true;
      out.push_back(std::move(s));
    }
    if (!any) return {};  // an alternative that cannot be sampled: nothing can be said of the whole
  }
  return out;
}

bool covers(const rules::Rule& rule, const std::vector<Sample>& samples) {
  const http::Headers none;
  return !samples.empty() && std::all_of(samples.begin(), samples.end(), [&](const Sample& s) {
    return rule.matches(s.facts(none));
  });
}

}  // namespace gateproof::check
