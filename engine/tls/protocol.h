// What configuration calls by Go's names, in OpenSSL's: versions, cipher suites, curves.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::tls {

// "VersionTLS10" ... "VersionTLS13"; 0 for anything else, which means nothing (catalogue 5.1).
int version_of(std::string_view name);

// The suites below TLS 1.3 in OpenSSL's words, in Go's order of preference, whatever the order of `names`; empty `names`: Go's
// default. Suites that this OpenSSL lacks (RC4, 3DES) are left out.
std::string cipher_list(const std::vector<std::string>& names);

// The groups in OpenSSL's words, in the order of `names`; empty `names`: Go's default, without the post-quantum ones that
// OpenSSL 3.0 lacks. "": none of them is known to it.
std::string group_list(const std::vector<std::string>& names);

// TLS 1.3: fixed, as in Go.
inline constexpr const char* suites_13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

}  // namespace gateproof::tls
