#include "engine/pipeline/host_flattener.h"

namespace gateproof::pipeline {

std::optional<std::string> HostFlattener::known(const std::string& host) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(host);
  if (found == names_.end() || found->second.until <= clock_.now()) return std::nullopt;
  return found->second.name;
}

void HostFlattener::keep(const std::string& host, const std::string& name, Duration life) {
  const std::lock_guard lock(mutex_);
  const Instant until = clock_.now() + life;
  const auto forget = [this](const std::string& gone) {
    const auto old = names_.find(gone);
    if (old == names_.end()) return;
    auto [at, end] = ends_.equal_range(old->second.until);
    while (at != end && at->second != gone) ++at;
    if (at != end) ends_.erase(at);
    names_.erase(old);
  };
  forget(host);
  if (names_.size() >= names_max) forget(std::string(ends_.begin()->second));
  names_[host] = {name, until};
  ends_.emplace(until, host);
}

Task<std::string> HostFlattener::flatten(Resolver& resolver, std::string host) {
  if (const std::optional<std::string> name = known(host)) co_return *name;
  std::string result = host;
  Duration life{0};
  for (int64_t depth = 0; depth < config_.resolv_depth; ++depth) {
    Result<std::optional<CanonicalName>> next =
        co_await resolver.canonical_name(result, config_.resolv_config);
    if (!next || !*next) break;
    result = (*next)->name;
    if (depth == 0) life = (*next)->ttl;
  }
  keep(host, result, life > Duration(0) ? life : life_usual);
  co_return result;
}

size_t HostFlattener::size() const {
  const std::lock_guard lock(mutex_);
  return names_.size();
}

}  // namespace gateproof::pipeline
