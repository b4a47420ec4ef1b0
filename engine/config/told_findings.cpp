#include "engine/config/told_findings.h"

namespace gateproof::config {

Findings ToldFindings::whole(const Findings& now) {
  Findings fresh;
  std::set<Key> told;
  for (const Finding& f : now.list()) {
    const Key key = key_of(f);
    if (!told_.contains(key) && !told.contains(key)) fresh.add(f);
    told.insert(key);
  }
  told_ = std::move(told);
  return fresh;
}

Findings ToldFindings::part(const Findings& now, const std::set<std::string>& objects) {
  std::set<Key> before;
  for (const std::string& object : objects) {
    auto at = told_.lower_bound({object, "", ""});
    while (at != told_.end() && std::get<0>(*at) == object) before.insert(told_.extract(at++));
  }
  Findings fresh;
  for (const Finding& f : now.list()) {
    if (told_.insert(key_of(f)).second && !before.contains(key_of(f))) fresh.add(f);
  }
  return fresh;
}

}  // namespace gateproof::config
