// HostFlattener: the name at the end of a host's CNAME records (catalogue 1.4, static hostResolver). One for a process, with a
// bounded memory of what was learnt.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "engine/config/static.h"
#include "engine/env/env.h"

namespace gateproof::pipeline {

class HostFlattener {
 public:
  static constexpr size_t names_max =
      65536;  // kept; one more makes room by forgetting the one that ends first
  static constexpr Duration life_usual =
      std::chrono::minutes(30);  // of names without a record, or with a TTL of 0

  HostFlattener(config::HostResolverConfig config, const Clock& clock)
      : config_(std::move(config)), clock_(clock) {}

  // `host` itself when it has no CNAME record, or when nobody can be asked. Follows up to resolvDepth records; kept for the
  // time to live of the first.
  Task<std::string> flatten(Resolver& resolver, std::string host);
  size_t size() const;

 private:
  struct Known {
    std::string name;
    Instant until;
  };
  std::optional<std::string> known(const std::string& host) const;
  void keep(const std::string& host, const std::string& name, Duration life);

  const config::HostResolverConfig config_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Known> names_;
  std::multimap<Instant, std::string> ends_;
};

}  // namespace gateproof::pipeline
