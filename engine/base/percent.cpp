#include "engine/base/percent.h"

#include "engine/base/text.h"

namespace gateproof::text {

std::string percent_escape(std::string_view s) {
  static constexpr char digits[] = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~";
  std::string out;
  for (const char c : s) {
    if (is_alnum(c) || marks.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

}  // namespace gateproof::text
