// The text of a CEL expression as a tree.
#pragma once
#include "engine/kubernetes/cel/value.h"

namespace gateproof::kubernetes::cel {

inline constexpr size_t text_bytes_max = 64 << 10;  // of one expression
inline constexpr size_t depth_max = 250;            // of its tree
inline constexpr size_t nodes_max = 20'000;         // of its tree

struct Function;

struct Node {
  enum class Op : uint8_t {
    literal,
    name,         // a variable
    select,       // children[0].text
    has,          // has(children[0].text)
    maybe,        // children[0].?text
    index,        // children[0][children[1]]
    maybe_index,  // children[0][?children[1]]
    call,         // text(children...); `member`: children[0].text(rest...)
    list,
    map,        // key, value, key, value ...
    condition,  // children[0] ? children[1] : children[2]
    either,     // ||
    both,       // &&
    all,        // children[0].all(variables..., children[1])
    exists,
    exists_one,
    map_items,  // children[0].map(x, children[1]), or (x, children[1], children[2]) with a condition before
    filter,
  };
  Op op = Op::literal;
  bool member = false;
  size_t offset = 0;  // in the text, bytes
  size_t depth = 1;   // of the tree below, itself included
  std::string text;
  Value literal;
  std::vector<std::string> variables;  // of a macro: one, or two (index or key, then value)
  std::vector<std::unique_ptr<Node>> children;
  const Function* function = nullptr;  // of a call, once it is resolved
  cluster::PatternMatch pattern;       // of matches() with a literal, compiled once
};
using NodePtr = std::unique_ptr<Node>;

struct SyntaxError {
  size_t offset = 0;
  std::string message;
};

// Never null on success.
boost::system::result<NodePtr, SyntaxError> parse(std::string_view text);
[[noreturn]] void throw_exception_from_error(const SyntaxError&, const boost::source_location&);

struct Token {
  enum class Kind : uint8_t { end, name, literal, sign };
  Kind kind = Kind::end;
  size_t offset = 0;
  std::string_view text;  // of a name or sign
  Value value;            // of a literal
};
// The tokens of a text, the last of kind `end`.
boost::system::result<std::vector<Token>, SyntaxError> tokens(std::string_view text);

}  // namespace gateproof::kubernetes::cel
