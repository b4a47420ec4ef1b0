// Regular expressions in which a dot of a host name was meant as a dot and stands for any character.
#include "engine/base/text.h"
#include "engine/check/looks.h"

namespace gateproof::check {

using config::Value;

namespace {

bool word(char c) { return text::is_alnum(c) || c == '-' || c == '_'; }

// The offset of the first bare dot between two words; nullopt when there is none. Dots in classes and with a quantifier are
// meant as they are.
std::optional<size_t> bare_dot(std::string_view pattern) {
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;
    } else if (c == '.' && i > 0 && i + 2 < pattern.size()) {
      const char before = pattern[i - 1];
      const bool after_word =
          word(before) ||
          (before != '\0' && std::string_view(")]+*}").find(before) != std::string_view::npos);
      if (after_word && text::is_alpha(pattern[i + 1]) && text::is_alpha(pattern[i + 2])) return i;
    }
  }
  return std::nullopt;
}

// The run of plain text around the dot, with another letter in its place: "oldXexample.com".
std::string other_match(std::string_view pattern, size_t dot) {
  const auto plain = [](char c) { return word(c) || c == '.'; };
  size_t begin = dot, end = dot;
  while (begin > 0 && plain(pattern[begin - 1])) --begin;
  while (end < pattern.size() && plain(pattern[end])) ++end;
  return std::string(pattern.substr(begin, dot - begin)) + "X" +
         std::string(pattern.substr(dot + 1, end - dot - 1));
}

std::string escaped(std::string_view pattern) {
  std::string out(pattern);
  for (size_t guard = 0; guard < pattern.size(); ++guard) {
    const auto dot = bare_dot(out);
    if (!dot) break;
    out.insert(*dot, "\\");
  }
  return out;
}

void look_at(std::string_view pattern, const SourceSpan& span, const std::string& object,
             const std::string& what, Sightings& out) {
  const auto dot = bare_dot(pattern);
  if (!dot) return;
  out.add("GP1004", span.at(static_cast<uint32_t>(*dot), 1), object,
          "a dot of " + what + " is not escaped and stands for any character: `" +
              other_match(pattern, *dot) + "` is matched too",
          "write `" + escaped(pattern) + "` (in double quotes each backslash is doubled)");
}

void look_at_rule(const rules::RuleNode& n, const DeclaredRouter& r, Sightings& out) {
  for (const rules::RuleNode& c : n.children) look_at_rule(c, r, out);
  if (n.kind != rules::RuleNode::call || (n.name != "HostRegexp" && n.name != "HostSNIRegexp"))
    return;
  for (const std::string& argument : n.args) {
    const size_t dot = bare_dot(argument).value_or(std::string::npos);
    const size_t at = r.rule.value.find(argument, n.offset);
    if (dot == std::string::npos) continue;
    // Where the argument is written with escapes of its own, the call is as near as it gets.
    const bool found = at != std::string::npos && at < n.offset + n.length;
    look_at(
        argument,
        found ? r.rule.span.at(static_cast<uint32_t>(at), 0) : r.rule.span.at(n.offset, n.length),
        r.object, "HostRegexp", out);
  }
}

}  // namespace

void look_at_patterns(const ConfigSet& set, const Declared& declared, Sightings& out) {
  for (const auto& [name, m] : declared.middlewares) {
    if (const Value* options = m.options("redirectRegex")) {
      if (const Value* regex = options->find_nocase("regex"))
        look_at(regex->str(), regex->span, m.object, "the regex", out);
    }
    if (const Value* options = m.options("headers")) {
      const Value* origins = options->find_nocase("accessControlAllowOriginListRegex");
      for (const Value& item : origins ? origins->items : std::vector<Value>()) {
        look_at(item.str(), item.span, m.object, "the origin", out);
      }
    }
  }
  for (const DeclaredRouter& r : declared.routers) {
    if (r.parsed) look_at_rule(r.parsed->root, r, out);
  }
}

}  // namespace gateproof::check
