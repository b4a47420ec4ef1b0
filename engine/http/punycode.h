// Host names in the form that goes over the wire.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::http {

// host[:port] with each label that is not ASCII as "xn--" and its Punycode (RFC 3492), bytes unchanged otherwise: no case mapping and
// no normalisation, as Go's client does it (idna.Punycode). Bytes that are no UTF-8 count as U+FFFD.
std::string punycode_host(std::string_view host);

// The host without an IPv6 zone ("[fe80::1%25eth0]:80"), which means something on its own machine only (RFC 6874 section 1, and
// Go's client).
std::string without_zone(std::string_view host);

}  // namespace gateproof::http
