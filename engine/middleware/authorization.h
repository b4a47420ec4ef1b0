// What an Authorization field says: Basic (RFC 7617) as Go's net/http reads it, Digest (RFC 7616) as Traefik's library does.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::middleware {

struct BasicCredentials {
  std::string user, password;
};
// nullopt for another scheme, broken base64 or no colon. The scheme's name matches in any case.
std::optional<BasicCredentials> basic_credentials(std::string_view authorization);

struct DigestParams {
  std::map<std::string, std::string, std::less<>> fields;  // unquoted; of a repeated name the last
  bool broken = false;  // a value is one lone quote: Traefik's library fails on it
  std::string_view get(std::string_view name) const {
    const auto it = fields.find(name);
    return it == fields.end() ? std::string_view() : std::string_view(it->second);
  }
};
// nullopt for another scheme; "Digest" and the names of parameters match in this case only.
std::optional<DigestParams> digest_params(std::string_view authorization);

}  // namespace gateproof::middleware
