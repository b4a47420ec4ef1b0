// Go's regular expressions over RE2: the same syntax, the same error texts, linear time. The only door to RE2.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/rules/go_template.h"
#include "engine/rules/regex_plain.h"

namespace re2 {
class RE2;
}

namespace gateproof::rules {

// Memory that one expression may use for its program and its caches, in bytes.
inline constexpr size_t regex_memory_bytes_max = 32u << 20;
// Nesting of groups, as Go's own limit ("expression nests too deeply").
inline constexpr size_t regex_depth_max = 1000;
// Length of one expression, in bytes; Go's only limit is memory.
inline constexpr size_t regex_bytes_max = 64u << 10;

class Regex {
 public:
  Regex() = default;  // not usable until assigned
  // Code::invalid with Go's text ("error parsing regexp: missing closing ): `(`"), Code::limit for the limits above.
  static Result<Regex> compile(std::string_view pattern);

  // True if the expression matches anywhere in the text. Bytes that are no UTF-8 count as U+FFFD, as in Go.
  bool search(std::string_view text) const;

  using Group = RegexGroup;
  // The leftmost match at or after `from`, with its groups (0 is the whole). False if there is none.
  bool find(std::string_view text, size_t from, std::vector<Group>& groups) const;
  // Go's ReplaceAllString: every match replaced, with $1, $name, ${name} and $$ in the template.
  std::string replace_all(std::string_view text, std::string_view go_template) const;
  // The same; nullopt where nothing matches.
  std::optional<std::string> replaced(std::string_view text, std::string_view go_template) const;
  // For who replaces again and again.
  GoTemplate prepared(std::string_view go_template) const;
  std::optional<std::string> replaced(std::string_view text, const GoTemplate& with) const;

  size_t group_count() const { return names_.size(); }  // the whole match included
  const std::string& pattern() const { return pattern_; }

 private:
  struct Subject;
  static constexpr size_t groups_usual = 8;  // more need memory
  bool match(const Subject& subject, size_t from, std::span<Group> groups) const;
  // The same without RE2, where the expression is a plain one.
  bool match_plain(std::string_view text, std::span<Group> groups) const;

  std::string pattern_;
  std::vector<std::string> names_;  // by group number; empty for unnamed ones
  std::optional<PlainRegex> plain_;
  std::shared_ptr<const re2::RE2> re_;
};

}  // namespace gateproof::rules
