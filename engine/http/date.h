// HTTP dates (RFC 9110 section 5.6.7).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::http {

// "Mon, 02 Jan 2006 15:04:05 GMT" for nanoseconds since the Unix epoch. The text of the last second asked for is kept per
// thread; the view is valid until the next call on the thread.
std::string_view http_date(int64_t wall_ns);

// Seconds since the epoch, from the preferred form only; nullopt for anything else.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace gateproof::http
