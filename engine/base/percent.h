// Percent-encoding of whatever stands in a segment of a path or in a value of a query.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::text {

// Every byte but letters, digits and "-._~" (RFC 3986 section 2.3) as a triplet.
std::string percent_escape(std::string_view s);

}  // namespace gateproof::text
