// Whether one certificate is of an authority, as Go's x509.Certificate.Verify judges one without intermediates and without a name
// (for use as a server's certificate, which is what Go takes when nobody says otherwise).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gateproof::crypto {

// Everything in DER. "" when it is; else Go's text ("x509: certificate signed by unknown authority").
std::string verify_failure(std::string_view leaf, std::span<const std::string> authorities,
                           int64_t now_s);

}  // namespace gateproof::crypto
