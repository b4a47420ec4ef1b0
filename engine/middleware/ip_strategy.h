// ipStrategy: which address a client is known by (catalogue 3.1), and lists of networks as Traefik reads them.
#pragma once
#include "engine/http/exchange.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

struct IpStrategyOptions {
  int64_t depth = 0;
  std::vector<std::string> excluded_ips;
  std::optional<int64_t> ipv6_subnet;
};
const config::Schema<IpStrategyOptions>& ip_strategy_schema();

// Addresses and networks.
class IpList {
 public:
  // Traefik's error text for an entry that is neither.
  static Result<IpList> parse(std::span<const std::string> entries);
  // False for a text that is no address. A zone is not looked at; IPv4 in IPv6 counts as IPv4.
  bool contains(std::string_view address) const;
  bool contains(const IpAddress& address) const;

 private:
  std::vector<IpNetwork> networks_;
};

class IpStrategy {
 public:
  static Result<IpStrategy> compile(const std::optional<IpStrategyOptions>& options);
  // The client's address as text; "" where the strategy finds none.
  std::string client_ip(const http::Exchange& x) const;
  // client_ip() is the peer's address, whatever the request says.
  bool by_peer() const { return !depth_ && !excluded_ && !ipv6_bits_; }
  // Whether that address is in the list, a port behind it aside.
  bool is_listed(const http::Exchange& x, const IpList& list) const;

 private:
  std::string mask(std::string ip) const;
  size_t depth_ = 0;
  std::optional<IpList> excluded_;
  unsigned ipv6_bits_ = 0;  // 0: not masked
};

// What a trace says of a client that was looked for in a list.
std::string told_client(std::string_view ip, bool listed);

// The host of "host:port" or "[host]:port"; any other text is returned as it is (Go's net.SplitHostPort and its failure).
std::string_view without_port(std::string_view text);

}  // namespace gateproof::middleware
