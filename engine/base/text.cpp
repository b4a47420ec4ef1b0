#include "engine/base/text.h"

#include <cstdint>
#include <cstring>

#include "engine/base/utf8.h"

namespace gateproof::text {

std::string to_lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

std::string to_upper(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = upper(c);
  return out;
}

namespace {

// Whether two pieces of the size of a word differ in the case of letters at most.
template <class Word>
bool same_but_case(const char* a, const char* b) {
  constexpr auto case_bits = static_cast<Word>(0x2020202020202020ull);
  Word left, right;
  std::memcpy(&left, a, sizeof left);
  std::memcpy(&right, b, sizeof right);
  if (left == right) return true;
  if ((left ^ right) & ~case_bits) return false;
  for (size_t i = 0; i < sizeof left; ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Word by word, the last one over the end of the one before it.
template <class Word>
bool same_words(const char* a, const char* b, size_t n) {
  for (size_t i = 0; i + sizeof(Word) < n; i += sizeof(Word)) {
    if (!same_but_case<Word>(a + i, b + i)) return false;
  }
  return same_but_case<Word>(a + n - sizeof(Word), b + n - sizeof(Word));
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() >= sizeof(uint64_t)) return same_words<uint64_t>(a.data(), b.data(), a.size());
  if (a.size() >= sizeof(uint32_t)) return same_words<uint32_t>(a.data(), b.data(), a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool istarts_with(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

bool is_ascii(std::string_view s) {
  constexpr uint64_t high_bits = 0x8080808080808080ull;
  uint64_t word;
  for (; s.size() >= sizeof word; s.remove_prefix(sizeof word)) {
    std::memcpy(&word, s.data(), sizeof word);
    if (word & high_bits) return false;
  }
  for (char c : s) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::string_view trim(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

std::vector<std::string_view> split(std::string_view s, char sep) {
  std::vector<std::string_view> out;
  size_t from = 0;
  for (size_t i = 0; i <= s.size(); ++i) {
    if (i == s.size() || s[i] == sep) {
      out.push_back(s.substr(from, i - from));
      from = i + 1;
    }
  }
  return out;
}

std::string join(std::span<const std::string> parts, std::string_view sep) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) out += sep;
    out += parts[i];
  }
  return out;
}

std::string replace_all(std::string s, std::string_view from, std::string_view to) {
  if (from.empty()) return s;
  size_t at = 0;
  while ((at = s.find(from, at)) != std::string::npos) {
    s.replace(at, from.size(), to);
    at += to.size();
  }
  return s;
}

std::optional<int64_t> parse_int(std::string_view s) {
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  int64_t v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (s.empty() || ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return v;
}

namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t up = row[j];
      const size_t change = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({up + 1, row[j - 1] + 1, change});
      diagonal = up;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
  constexpr size_t word_bytes_max = 64;  // longer words are no slips, and the distance is quadratic
  if (word.size() > word_bytes_max) return std::nullopt;
  size_t best = std::max<size_t>(2, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (std::string_view c : candidates) {
    if (c.size() > word_bytes_max) continue;
    const size_t d = edit_distance(word, c);
    if (d < best) {
      best = d;
      found = std::string(c);
    }
  }
  return found;
}

std::string quote_regex(std::string_view literal) {
  std::string out;
  for (char c : literal) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string quote(std::string_view s) {
  static const char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (const size_t n = utf8_length(s.substr(i)); n > 0) {
        out += s.substr(i, n);
        i += n - 1;
        continue;
      }
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
          out += "\\x";
          out += hex[(c >> 4) & 15];
          out += hex[c & 15];
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

}  // namespace gateproof::text
