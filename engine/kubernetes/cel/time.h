// Texts of durations and times, as Go's packages read them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::kubernetes::cel {

// "1h2m0.5s" (time.ParseDuration) in nanoseconds; nothing where it is none or leaves 64 bits.
std::optional<int64_t> parse_duration(std::string_view text);
// "3600s": how CEL turns a duration into a string.
std::string duration_text(int64_t ns);
// RFC 3339 ("2026-01-02T03:04:05.5Z"), or a date alone, in nanoseconds since 1970; years 1678 to 2261.
std::optional<int64_t> parse_timestamp(std::string_view text);
std::string timestamp_text(int64_t ns);

}  // namespace gateproof::kubernetes::cel
