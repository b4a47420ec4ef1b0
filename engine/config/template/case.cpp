#include "engine/config/template/case.h"

#include "engine/base/text.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

namespace {

bool in(uint32_t r, uint32_t from, uint32_t to) { return r >= from && r <= to; }

// Letters of Latin Extended-A that come in pairs, the capital on even numbers or on odd ones.
bool even_pairs(uint32_t r) { return in(r, 0x100, 0x137) || in(r, 0x14a, 0x177); }
bool odd_pairs(uint32_t r) { return in(r, 0x139, 0x148) || in(r, 0x179, 0x17e); }

std::string map_runes(std::string_view s, uint32_t (*f)(uint32_t)) {
  std::string out;
  for (size_t i = 0, n = 1; i < s.size(); i += n) {
    const uint32_t r = rune_at(s, i, &n);
    append_rune(out, f(r));
  }
  return out;
}

}  // namespace

uint32_t upper_rune(uint32_t r) {
  if (in(r, 'a', 'z')) return r - 32;
  if (r < 0x80) return r;
  if (r == 0xb5) return 0x39c;
  if (in(r, 0xe0, 0xfe) && r != 0xf7) return r - 32;
  if (r == 0xff) return 0x178;
  if (r == 0x131) return 'I';
  if (even_pairs(r) && r != 0x130 && r != 0x138) return r & ~1u;
  if (odd_pairs(r)) return (r & 1) ? r : r - 1;
  if (r == 0x3c2) return 0x3a3;
  if (in(r, 0x3b1, 0x3c9)) return r - 32;
  if (in(r, 0x430, 0x44f)) return r - 32;
  if (in(r, 0x450, 0x45f)) return r - 80;
  return r;
}

uint32_t lower_rune(uint32_t r) {
  if (in(r, 'A', 'Z')) return r + 32;
  if (r < 0x80) return r;
  if (in(r, 0xc0, 0xde) && r != 0xd7) return r + 32;
  if (r == 0x178) return 0xff;
  if (r == 0x130) return 'i';
  if (even_pairs(r) && r != 0x131) return r | 1u;
  if (odd_pairs(r)) return (r & 1) ? r + 1 : r;
  if (in(r, 0x391, 0x3a9) && r != 0x3a2) return r + 32;
  if (in(r, 0x410, 0x42f)) return r + 32;
  if (in(r, 0x400, 0x40f)) return r + 80;
  return r;
}

bool is_space(uint32_t r) {
  return in(r, 9, 13) || r == ' ' || r == 0x85 || r == 0xa0 || r == 0x1680 ||
         in(r, 0x2000, 0x200a) || r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f ||
         r == 0x3000;
}

bool is_letter(uint32_t r) {
  if (in(r, 'a', 'z') || in(r, 'A', 'Z')) return true;
  if (r < 0xaa) return false;
  if (r < 0xc0) return r == 0xaa || r == 0xb5 || r == 0xba;
  if (r == 0xd7 || r == 0xf7 || is_space(r)) return false;
  // General punctuation, symbols, arrows, boxes; private use and beyond the letters' planes.
  return !in(r, 0x2000, 0x2bff) && !in(r, 0x3000, 0x3004) && !in(r, 0xe000, 0xf8ff) &&
         r != 0xfffd && !in(r, 0x1f000, 0x1faff) && !in(r, 0x300, 0x36f);
}

std::string to_upper(std::string_view s) { return map_runes(s, upper_rune); }
std::string to_lower(std::string_view s) { return map_runes(s, lower_rune); }

std::string change_words(std::string_view s, bool up) {
  std::string out;
  uint32_t before = ' ';
  for (size_t i = 0, n = 1; i < s.size(); i += n) {
    const uint32_t r = rune_at(s, i, &n);
    const bool ascii_word = before < 0x80 && (text::is_alnum(char(before)) || before == '_');
    // strings.isSeparator; untitle of goutils knows blanks only.
    const bool starts =
        up ? !ascii_word && !is_letter(before) && (before < 0x80 || is_space(before))
           : is_space(before);
    append_rune(out, !starts ? r : up ? upper_rune(r) : lower_rune(r));
    before = r;
  }
  return out;
}

std::string swap_case(std::string_view s) {
  return map_runes(s,
                   [](uint32_t r) { return lower_rune(r) != r ? lower_rune(r) : upper_rune(r); });
}

std::string normalize_name(std::string_view s) {
  std::string out;
  bool gap = false;
  for (size_t i = 0, n = 1; i < s.size(); i += n) {
    const uint32_t r = rune_at(s, i, &n);
    if (!is_letter(r) && !in(r, '0', '9')) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += '-';
    gap = false;
    out += s.substr(i, n);
  }
  return out;
}

}  // namespace gateproof::config::tmpl
