// Host names in the form that goes over the wire.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::http {

// host[:port] with each label that is not ASCII as "xn--" and its Punycode (RFC 3492), bytes unchanged otherwise: no case mapping and
// no normalisation, as Go's client does it (idna.Punycode). Bytes that are no UTF-8 count as U+FFFD.
std::string punycode_host(std::string_view host);

}  // namespace gateproof::http
