// RealResolver: the system's resolver (files, DNS, whatever nsswitch says), asked on helper threads because it blocks.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/detours.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class RealResolver final : public Resolver {
 public:
  static constexpr size_t lookups_at_once_max =
      16;  // threads asking the system for one loop; further lookups wait their turn

  // Names of `detours` (which may be null) come first.
  explicit RealResolver(EventLoop& loop, const Detours* detours = nullptr);
  ~RealResolver() override;
  // Addresses in the system's order of preference (RFC 6724). Code::not_found for an unknown name, Code::timeout when no name
  // server answered. Never cached, as Traefik does not.
  Task<Result<std::vector<IpAddress>>> resolve(std::string host) override;

  // Asks each of the file's name servers with a query of its own, up to `name_server_wait` each. Never cached here.
  Task<Result<std::optional<CanonicalName>>> canonical_name(std::string host,
                                                            std::string config_file) override;

  struct Shared;

 private:
  // Runs `ask` on a helper thread, in its turn.
  Task<void> run(std::function<void()> ask);
  EventLoop& loop_;
  const Detours* detours_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gateproof::net
