// Detours: upstream addresses that mean something else in this process. A world on sockets plays the servers of a configuration
// (app.internal:80, 10.0.0.7:8080) on free loopback ports; the engine dials what the configuration says and arrives there.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/address.h"

namespace gateproof::net {

// May be changed from any thread while workers look into it.
class Detours {
 public:
  // `host` is an IP address or a name; a name is known to the resolver from now on, under an address of its own (10.255.0.0/16).
  void add(const std::string& host, uint16_t port, SocketAddress real) {
    const std::lock_guard lock(mutex_);
    std::optional<IpAddress> ip = IpAddress::parse(host);
    if (!ip) {
      const auto known = names_.find(host);
      if (known == names_.end()) {
        ++count_;
        ip =
            IpAddress::v4(10, 255, static_cast<uint8_t>(count_ >> 8), static_cast<uint8_t>(count_));
        names_.emplace(host, *ip);
      } else {
        ip = known->second;
      }
    }
    to_[SocketAddress{*ip, port}] = real;
  }
  std::optional<IpAddress> name(const std::string& host) const {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(host);
    if (found == names_.end()) return std::nullopt;
    return found->second;
  }
  SocketAddress real(SocketAddress to) const {
    const std::lock_guard lock(mutex_);
    const auto found = to_.find(to);
    return found == to_.end() ? to : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, IpAddress> names_;
  std::map<SocketAddress, SocketAddress> to_;
  uint32_t count_ = 0;
};

}  // namespace gateproof::net
