#include "engine/providers/interpolate.h"

#include "engine/base/text.h"

namespace gateproof::providers {

namespace {

bool begins_name(char c) { return text::is_alpha(c) || c == '_'; }
bool in_name(char c) { return begins_name(c) || text::is_digit(c); }

size_t name_length(std::string_view s) {
  if (s.empty() || !begins_name(s.front())) return 0;
  size_t n = 1;
  while (n < s.size() && in_name(s[n])) ++n;
  return n;
}

// The end of a braced expression whose `{` is before `s`; npos when it is not closed.
size_t closing_brace(std::string_view s) {
  size_t depth = 1;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '{' && i > 0 && s[i - 1] == '$') ++depth;
    if (s[i] == '}' && --depth == 0) return i;
  }
  return s.npos;
}

class Interpolator {
 public:
  explicit Interpolator(const Environment& environment) : environment_(environment) {}

  std::string run(std::string_view s, size_t depth) {
    std::string text;
    for (size_t i = 0; i < s.size();) {
      if (s[i] != '$') {
        text += s[i++];
      } else if (s.substr(i).starts_with("$$")) {
        text += '$';
        i += 2;
      } else {
        i += dollar(s.substr(i), depth, text);
      }
    }
    return text;
  }
  Interpolated out;

 private:
  // `s` begins at a single $; the bytes that were read.
  size_t dollar(std::string_view s, size_t depth, std::string& text) {
    if (const size_t n = name_length(s.substr(1))) {
      text += plain(s.substr(1, n));
      return n + 1;
    }
    const size_t end = s.substr(1).starts_with('{') ? closing_brace(s.substr(2)) : s.npos;
    const std::string_view inner = end == s.npos ? std::string_view() : s.substr(2, end);
    const size_t n = name_length(inner);
    if (n == 0 || depth > interpolation_depth_max) {
      out.malformed = true;
      text += '$';
      return 1;
    }
    text += braced(inner.substr(0, n), inner.substr(n), depth);
    return end + 3;
  }

  std::string plain(std::string_view name) {
    const auto value = environment_.get(name);
    if (!value) out.missing.emplace_back(name);
    return value.value_or("");
  }

  std::string braced(std::string_view name, std::string_view rest, size_t depth) {
    if (rest.empty()) return plain(name);
    const auto value = environment_.get(name);
    const bool colon = rest.front() == ':';
    if (colon) rest.remove_prefix(1);
    const bool set = value && !(colon && value->empty());
    const char operation = rest.empty() ? '\0' : rest.front();
    if (!rest.empty()) rest.remove_prefix(1);
    switch (operation) {
      case '-': return set ? *value : run(rest, depth + 1);
      case '+': return set ? run(rest, depth + 1) : "";
      case '?':
        if (!set) out.missing.emplace_back(name);
        return value.value_or("");
      default: out.malformed = true; return "";
    }
  }

  const Environment& environment_;
};

}  // namespace

Interpolated interpolate(std::string_view s, const Environment& environment) {
  Interpolator run(environment);
  run.out.text = run.run(s, 0);
  return std::move(run.out);
}

}  // namespace gateproof::providers
