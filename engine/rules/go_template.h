// Go's template of a replacement ($1, $name, ${name}, $$), read once.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::rules {

// A submatch; `matched` is false for a group that took no part.
struct RegexGroup {
  size_t begin = 0;
  size_t end = 0;
  bool matched = false;
};

class GoTemplate {
 public:
  GoTemplate() = default;
  // `names` of the expression's groups by number, empty for unnamed ones.
  GoTemplate(std::string_view text, std::span<const std::string> names);
  // Go's Expand for one match in `text`.
  void expand(std::string& out, std::string_view text, std::span<const RegexGroup> groups) const;

 private:
  struct Part {
    std::string text;
    std::vector<size_t> groups;  // the first that matched follows
  };
  std::vector<Part> parts_;
  std::string last_;  // the text behind them
};

}  // namespace gateproof::rules
