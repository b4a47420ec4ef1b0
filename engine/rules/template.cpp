#include "engine/rules/template.h"

#include "engine/base/text.h"

namespace gateproof::rules {
namespace {

std::string_view default_pattern(Template::Kind kind) {
  switch (kind) {
    case Template::host:
    case Template::server_name: return "[^.]+";
    case Template::query: return ".*";
    default: return "[^/]+";
  }
}

// Begin and end of each outermost {...}; nullopt if they do not balance.
std::optional<std::vector<std::pair<size_t, size_t>>> braces(std::string_view s) {
  std::vector<std::pair<size_t, size_t>> out;
  size_t level = 0, begin = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '{' && level++ == 0) begin = i;
    if (s[i] != '}') continue;
    if (level == 0) return std::nullopt;
    if (--level == 0) out.emplace_back(begin, i + 1);
  }
  if (level != 0) return std::nullopt;
  return out;
}

}  // namespace

Result<Template> Template::compile(std::string_view text, Kind kind) {
  const auto spans = braces(text);
  if (!spans) return Error(Code::invalid, "mux: unbalanced braces in " + text::quote(text));
  Template t;
  t.plain = spans->empty();
  t.literal = text.substr(0, t.plain ? text.size() : spans->front().first);
  std::string pattern = kind == host || kind == server_name ? "(?i)^" : "^";
  size_t done = 0;
  for (const auto& [begin, end] : *spans) {
    const std::string_view inside = text.substr(begin + 1, end - begin - 2);
    const size_t colon = inside.find(':');
    const std::string_view name = inside.substr(0, colon);
    const std::string_view expression =
        colon == std::string_view::npos ? default_pattern(kind) : inside.substr(colon + 1);
    if (name.empty() || expression.empty()) {
      return Error(Code::invalid, "mux: missing name or pattern in " +
                                      text::quote(text.substr(begin, end - begin)));
    }
    // Each expression must stand alone: "a)(b" would pass inside the whole. Traefik does not look in TCP rules.
    if (kind != server_name) {
      auto alone = Regex::compile("^" + std::string(expression) + "$");
      if (!alone) return alone.error();
    }
    pattern +=
        text::quote_regex(text.substr(done, begin - done)) + "(" + std::string(expression) + ")";
    done = end;
  }
  pattern += text::quote_regex(text.substr(done));
  if (kind == query && text.ends_with('=') && text.find('=') + 1 == text.size()) pattern += ".*";
  if (kind != path_prefix) pattern += '$';
  auto re = Regex::compile(pattern);
  if (!re) return re.error();
  t.re = std::move(*re);
  return t;
}

}  // namespace gateproof::rules
