#include "engine/rules/go_template.h"

#include "engine/base/text.h"

namespace gateproof::rules {

namespace {

// What "$name" stands for: the group of that number, or those of that name.
std::vector<size_t> groups_of(std::string_view name, std::span<const std::string> names) {
  std::vector<size_t> groups;
  // A name of digits only, without a leading zero, is a group number.
  const auto number = text::parse_int(name);
  const bool digits = name.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && number && (name == "0" || name[0] != '0')) {
    if (static_cast<size_t>(*number) < names.size()) groups.push_back(static_cast<size_t>(*number));
    return groups;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) groups.push_back(i);
  }
  return groups;
}

}  // namespace

GoTemplate::GoTemplate(std::string_view t, std::span<const std::string> names) {
  while (!t.empty()) {
    const size_t dollar = t.find('$');
    last_ += t.substr(0, dollar);
    if (dollar == std::string_view::npos) return;
    t.remove_prefix(dollar + 1);
    if (t.starts_with('$')) {
      last_ += '$';
      t.remove_prefix(1);
      continue;
    }
    const bool brace = t.starts_with('{');
    const size_t begin = brace ? 1 : 0;
    size_t end = begin;
    while (end < t.size() && (text::is_alnum(t[end]) || t[end] == '_')) ++end;
    const std::string_view name = t.substr(begin, end - begin);
    if (name.empty() || (brace && (end == t.size() || t[end] != '}'))) {
      last_ += '$';  // malformed: the dollar is an ordinary character
      continue;
    }
    t.remove_prefix(end + (brace ? 1 : 0));
    parts_.push_back({std::exchange(last_, {}), groups_of(name, names)});
  }
}

void GoTemplate::expand(std::string& out, std::string_view text,
                        std::span<const RegexGroup> groups) const {
  for (const Part& part : parts_) {
    out += part.text;
    for (const size_t i : part.groups) {
      if (i >= groups.size() || !groups[i].matched) continue;
      out += text.substr(groups[i].begin, groups[i].end - groups[i].begin);
      break;
    }
  }
  out += last_;
}

}  // namespace gateproof::rules
