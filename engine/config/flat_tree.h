// Flat keys (labels, key/value pairs) as a tree of values, by the law of Traefik's parser: pieces of a key that are equal in any
// case are one node, the first spelling in byte order names it, and elements of a list stand in the byte order of their keys
// (so [10] before [2]).
#pragma once
#include <map>
#include <span>

#include "engine/config/document.h"

namespace gateproof::config {

// One label or pair.
struct FlatPair {
  std::string key;
  SourceSpan key_span;  // of its first character
  std::string value;
  SourceSpan value_span;
};

// A piece of a key: "routers", "[0]".
struct FlatPart {
  std::string name;
  SourceSpan span;
};

class FlatTree {
 public:
  // Pairs in byte order of their keys. An empty path names the root. False: the path has more than `depth_max` parts.
  bool insert(std::span<const FlatPart> path, const FlatPair& pair);
  // The tree: scalars are texts (quoted), everything else a mapping; elements of a list are members named [0], [1] ... Null
  // when nothing was inserted.
  Value take();

  static constexpr size_t depth_max = TextLimits{}.depth_max;

 private:
  struct Node {
    std::string name;
    SourceSpan span;
    bool has_value = false;
    std::string value;
    SourceSpan value_span;
    std::vector<std::unique_ptr<Node>> children;
    std::map<std::string, Node*, std::less<>> by_name;  // in lower case
  };
  static Value value_of(const Node& node);

  Node root_;
};

}  // namespace gateproof::config
