// ASCII text helpers. Locale is never asked.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::text {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string to_lower(std::string_view s);
std::string to_upper(std::string_view s);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view s, std::string_view prefix);
bool is_ascii(std::string_view s);
std::string_view trim(std::string_view s);  // blanks and tabs, CR, LF
std::vector<std::string_view> split(std::string_view s, char sep);
std::string join(std::span<const std::string> parts, std::string_view sep);
std::string replace_all(std::string s, std::string_view from, std::string_view to);
std::optional<int64_t> parse_int(std::string_view s);  // whole text, base 10, optional sign
// The candidate nearest to `word` by edit distance, if near enough to be a likely slip; for "did you mean".
std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates);
// Go's regexp.QuoteMeta.
std::string quote_regex(std::string_view literal);
// A Go-quoted string literal of s, with escapes.
std::string quote(std::string_view s);

}  // namespace gateproof::text
