#include "engine/middleware/media_type.h"

#include <set>

#include "engine/base/text.h"
#include "engine/http/headers.h"

namespace gateproof::middleware {
namespace {

Error bad(std::string_view why) { return Error(Code::invalid, "mime: " + std::string(why)); }

std::string_view take_token(std::string_view& s) {
  size_t n = 0;
  while (n < s.size() && http::is_token(s.substr(n, 1))) ++n;
  const std::string_view token = s.substr(0, n);
  s.remove_prefix(n);
  return token;
}

// Go's consumeValue: a token or a quoted string. False when there is neither.
bool take_value(std::string_view& s) {
  if (!s.starts_with('"')) return !take_token(s).empty();
  for (size_t i = 1; i < s.size(); ++i) {
    if (s[i] == '"') {
      s.remove_prefix(i + 1);
      return true;
    }
    if (s[i] == '\r' || s[i] == '\n') return false;
    if (s[i] == '\\' && i + 1 < s.size()) ++i;
  }
  return false;
}

std::string_view trim_left(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  return s;
}

Result<void> check_parameters(std::string_view rest) {
  std::set<std::string> seen;
  while (!rest.empty()) {
    rest = trim_left(rest);
    if (rest.empty()) break;
    std::string_view s = rest;
    bool fine = s.starts_with(';');
    std::string key;
    if (fine) {
      s = trim_left(s.substr(1));
      key = text::to_lower(take_token(s));
      s = trim_left(s);
      fine = !key.empty() && s.starts_with('=');
    }
    if (fine) {
      s = trim_left(s.substr(1));
      fine = take_value(s);
    }
    if (!fine) {
      // A single ';' at the end is let through.
      if (text::trim(rest) == ";") break;
      return bad("invalid media parameter");
    }
    if (!seen.insert(key).second) return bad("duplicate parameter name");
    rest = s;
  }
  return {};
}

}  // namespace

Result<std::string> parse_media_type(std::string_view text) {
  const size_t semicolon = text.find(';');
  const std::string type = text::to_lower(text::trim(text.substr(0, semicolon)));
  std::string_view rest = type;
  if (take_token(rest).empty()) return bad("no media type");
  if (!rest.empty()) {
    if (rest.front() != '/') return bad("expected slash after first token");
    rest.remove_prefix(1);
    if (take_token(rest).empty()) return bad("expected token after slash");
    if (!rest.empty()) return bad("unexpected content after media subtype");
  }
  if (semicolon != std::string_view::npos) {
    auto checked = check_parameters(text.substr(semicolon));
    if (!checked) return checked.error();
  }
  return type;
}

}  // namespace gateproof::middleware
