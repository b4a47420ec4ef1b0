// What the TLS session of a client's connection has settled, for whoever serves it. Made once per connection, shared by its
// exchanges.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace gateproof::http {

struct TlsState {
  std::string version;      // "1.2", "1.3"
  std::string cipher;       // IANA's name
  std::string server_name;  // SNI in lower case; empty without
  std::string alpn;         // the chosen protocol; empty without
  std::string options;      // qualified name of the TLS options in force (catalogue 5.1)
  // What the client proved itself with, the leaf first, each in DER; null without client certificates.
  std::shared_ptr<const std::vector<std::string>> client_certificates;
};

}  // namespace gateproof::http
