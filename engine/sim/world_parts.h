// Parts of a World that more than one of its sources works on.
#pragma once
#include "engine/sim/world.h"

namespace gateproof::sim {

// Names of hosts get addresses in the order in which they were registered.
class World::Resolver final : public gateproof::Resolver {
 public:
  std::map<std::string, IpAddress, std::less<>> names;
  Task<Result<std::vector<IpAddress>>> resolve(std::string host) override {
    const auto found = names.find(host);
    if (found == names.end())
      co_return Error(Code::not_found, Source::upstream, "no such host: " + host);
    co_return std::vector<IpAddress>{found->second};
  }
  std::map<std::string, CanonicalName, std::less<>> aliases;
  Task<Result<std::optional<CanonicalName>>> canonical_name(std::string host,
                                                            std::string) override {
    const auto found = aliases.find(text::to_lower(host));
    if (found == aliases.end()) co_return std::optional<CanonicalName>();
    co_return std::optional<CanonicalName>(found->second);
  }
};

struct World::Registered {
  Host host;
  std::unique_ptr<HostHandler> handler;
};

struct World::TcpServed {
  TcpHost host;
};

}  // namespace gateproof::sim
