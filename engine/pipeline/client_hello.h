// The first bytes of a connection, looked at and not consumed: is it TLS, and if so, which name and protocols does it ask for
// (RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3, RFC 7301). Sans-IO: given what has arrived, says what it is or that
// more is needed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::pipeline {

// Bytes of a ClientHello's body: what a handshake message of Go's TLS server may have.
inline constexpr size_t client_hello_bytes_max = 65536;
// Bytes of the records that carry it, headers included: a hello cut into many small records costs its sender more.
inline constexpr size_t client_hello_wire_bytes_max = 131072;

struct ClientHello {
  std::string server_name;        // lower case; empty without one
  std::vector<std::string> alpn;  // in the client's order
};

enum class Opening : uint8_t {
  need_more,  // nothing is decided yet
  plain,      // not TLS
  tls,        // a ClientHello; or SSLv2, which has no name
  broken,  // TLS whose first message is no legal ClientHello, too long, or cut off: to be closed (observed)
  postgres,  // PostgreSQL's SSLRequest, 8 bytes
};

// `hello` is filled with Opening::tls. `ended`: nothing more will come.
Opening look_at_opening(std::string_view bytes, bool ended, ClientHello& hello);
// The same behind an SSLRequest: only TLS is legal there.
Opening look_at_tls(std::string_view bytes, bool ended, ClientHello& hello);

inline constexpr std::string_view postgres_ssl_request("\0\0\0\x08\x04\xd2\x16\x2f", 8);

}  // namespace gateproof::pipeline
