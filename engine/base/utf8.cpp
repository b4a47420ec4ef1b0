#include "engine/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace gateproof::text {

size_t utf8_length(std::string_view s) {
  const auto tail = [s](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < s.size() && static_cast<unsigned char>(s[i]) >= low &&
           static_cast<unsigned char>(s[i]) <= high;
  };
  if (s.empty()) return 0;
  const unsigned first = static_cast<unsigned char>(s[0]);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    return tail(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = tail(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += char(code);
    return;
  }
  const auto tail = [&](int shift) { out += char(0x80 | ((code >> shift) & 63)); };
  if (code < 0x800) {
    out += char(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    out += char(0xE0 | (code >> 12));
    tail(6);
  } else {
    out += char(0xF0 | (code >> 18));
    tail(12);
    tail(6);
  }
  tail(0);
}

bool is_utf8(std::string_view s) {
  // Most texts are ASCII: eight bytes at once.
  for (uint64_t word = 0; s.size() >= sizeof word; s.remove_prefix(sizeof word)) {
    std::memcpy(&word, s.data(), sizeof word);
    if (word & 0x8080808080808080u) break;
  }
  while (!s.empty()) {
    const size_t n = utf8_length(s);
    if (n == 0) return false;
    s.remove_prefix(n);
  }
  return true;
}

std::string mended_utf8(std::string_view s, std::string_view instead) {
  std::string out;
  while (!s.empty()) {
    const size_t n = utf8_length(s);
    out += n ? s.substr(0, n) : instead;
    s.remove_prefix(n ? n : 1);
  }
  return out;
}

}  // namespace gateproof::text
