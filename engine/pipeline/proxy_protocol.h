// The PROXY protocol, versions 1 and 2: what a proxy in front says of the client (HAProxy's proxy-protocol.txt). Sans-IO.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/address.h"

namespace gateproof::pipeline {

// Bytes of one header: version 1 has 107 at most, version 2 up to 16 and a 16-bit length.
inline constexpr size_t proxy_header_v1_bytes_max = 107;
inline constexpr size_t proxy_header_bytes_max = 16 + 65535;

// What is sent to a server. `version` is 1 or 2; both addresses are made one family, IPv6 if either is.
std::string proxy_header(int version, const SocketAddress& source,
                         const SocketAddress& destination);

struct ProxyHeader {
  enum Kind : uint8_t {
    need_more,
    none,     // these bytes begin no header
    header,   // `bytes` of it
    invalid,  // begins like one and is none
  };
  Kind kind = need_more;
  size_t bytes = 0;
  // Absent where the header names nobody (LOCAL, UNKNOWN, a family other than TCP over IP).
  std::optional<SocketAddress> source, destination;
};
// `ended`: nothing more will come.
ProxyHeader read_proxy_header(std::string_view bytes, bool ended);

}  // namespace gateproof::pipeline
