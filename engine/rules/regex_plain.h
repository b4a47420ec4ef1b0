// Expressions that need no automaton: `^`, a literal text, perhaps `.*` with or without a group around it, perhaps `$`. Most rewrites
// of paths are one of these.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::rules {

class PlainRegex {
 public:
  // nullopt: not of this kind. `pattern` is Go's.
  static std::optional<PlainRegex> of(std::string_view pattern);
  // Whether it matches, which it can at the front only, and how far. Bytes that are no UTF-8 are characters like others.
  std::optional<size_t> match(std::string_view text) const;
  // Group 1 begins here and goes as far as the match; npos: there is no group.
  size_t group_begin() const { return group_ ? prefix_.size() : std::string_view::npos; }

 private:
  std::string prefix_;
  bool rest_ = false;    // .*
  bool group_ = false;   // (.*)
  bool to_end_ = false;  // $
};

}  // namespace gateproof::rules
