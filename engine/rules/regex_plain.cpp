#include "engine/rules/regex_plain.h"

#include "engine/base/text.h"

namespace gateproof::rules {

namespace {

// Characters that mean themselves anywhere in an expression. What else does (blanks, bytes above 0x7f) is left to RE2.
bool is_literal(char c) {
  return text::is_alnum(c) ||
         std::string_view("/_-~:@%&=,;!#\"'<>").find(c) != std::string_view::npos;
}

bool is_escaped_literal(char c) {
  return std::string_view(".-/+*?()[]{}|^$\\").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<PlainRegex> PlainRegex::of(std::string_view pattern) {
  if (!pattern.starts_with('^')) return std::nullopt;
  pattern.remove_prefix(1);
  PlainRegex plain;
  while (!pattern.empty()) {
    const bool escaped =
        pattern.front() == '\\' && pattern.size() > 1 && is_escaped_literal(pattern[1]);
    if (!escaped && !is_literal(pattern.front())) break;
    plain.prefix_ += pattern[escaped ? 1 : 0];
    pattern.remove_prefix(escaped ? 2 : 1);
  }
  if (pattern.starts_with("(.*)")) {
    plain.rest_ = plain.group_ = true;
    pattern.remove_prefix(4);
  } else if (pattern.starts_with(".*")) {
    plain.rest_ = true;
    pattern.remove_prefix(2);
  }
  if (pattern == "$") {
    plain.to_end_ = true;
    pattern.remove_prefix(1);
  }
  if (!pattern.empty()) return std::nullopt;
  return plain;
}

std::optional<size_t> PlainRegex::match(std::string_view text) const {
  if (!text.starts_with(prefix_)) return std::nullopt;
  // A dot is no line feed.
  const size_t end =
      rest_ ? std::min(text.find('\n', prefix_.size()), text.size()) : prefix_.size();
  if (to_end_ && end != text.size()) return std::nullopt;
  return end;
}

}  // namespace gateproof::rules
