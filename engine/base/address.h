// IP addresses, networks and host:port, as Go's net package reads and prints them.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace gateproof {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // IPv4 is kept in the first four bytes
  bool v6 = false;

  static std::optional<IpAddress> parse(std::string_view text);  // no zone, no port, no brackets
  static IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  std::string to_string() const;  // RFC 5952 for v6
  IpAddress masked(unsigned prefix_bits) const;
  // ::ffff:a.b.c.d becomes a.b.c.d.
  IpAddress unmapped() const;
  auto operator<=>(const IpAddress&) const = default;
};

struct IpNetwork {
  IpAddress base;
  unsigned prefix_bits = 0;

  static Result<IpNetwork> parse(std::string_view text);  // "10.0.0.0/8", or one address
  bool contains(const IpAddress& ip) const;
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;

  std::string to_string() const;  // "127.0.0.1:80", "[::1]:80"
  static std::optional<SocketAddress> parse(std::string_view text);
  auto operator<=>(const SocketAddress&) const = default;
};

// "host:port", "[v6]:port", "host": the parts; port empty when absent.
struct HostPort {
  std::string_view host;
  std::string_view port;
};
HostPort split_host_port(std::string_view text);
// Go's net.SplitHostPort: nullopt where that fails, which it does without a port.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace gateproof
