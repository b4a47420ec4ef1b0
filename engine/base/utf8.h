// UTF-8 (RFC 3629): which bytes are characters, as Go's utf8 package judges it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::text {

// Bytes of the character at the front; 0: there is none (an overlong form, half of a surrogate pair, a stray byte, no bytes).
size_t utf8_length(std::string_view s);
bool is_utf8(std::string_view s);
// Of a code point, 0 to 0x10FFFF.
void append_utf8(std::string& out, uint32_t code);
// Each byte that belongs to no character as `instead`, which is U+FFFD.
std::string mended_utf8(std::string_view s, std::string_view instead = "\xEF\xBF\xBD");

}  // namespace gateproof::text
