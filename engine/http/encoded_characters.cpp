#include "engine/http/encoded_characters.h"

#include "engine/base/text.h"

namespace gateproof::http {

std::string_view denied_character(std::string_view escaped, const EncodedCharacters& allowed) {
  for (size_t i = 0; i + 2 < escaped.size(); ++i) {
    if (escaped[i] != '%') continue;
    const int code = text::hex_value(escaped[i + 1]) * 16 + text::hex_value(escaped[i + 2]);
    const bool denied = (code == 0x2f && !allowed.slash) || (code == 0x5c && !allowed.back_slash) ||
                        (code == 0x00 && !allowed.null_character) ||
                        (code == 0x3b && !allowed.semicolon) ||
                        (code == 0x25 && !allowed.percent) ||
                        (code == 0x3f && !allowed.question_mark) || (code == 0x23 && !allowed.hash);
    if (denied) return escaped.substr(i, 3);
  }
  return {};
}

}  // namespace gateproof::http
