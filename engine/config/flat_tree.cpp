#include "engine/config/flat_tree.h"

#include "engine/base/text.h"

namespace gateproof::config {

bool FlatTree::insert(std::span<const FlatPart> path, const FlatPair& pair) {
  if (path.size() > depth_max) return false;
  Node* at = &root_;
  if (!at->span.known()) at->span = pair.key_span;
  for (const FlatPart& part : path) {
    Node*& child = at->by_name[text::to_lower(part.name)];
    if (!child) {
      at->children.push_back(std::make_unique<Node>());
      child = at->children.back().get();
      child->name = part.name;
      child->span = part.span;
    }
    at = child;
  }
  at->has_value = true;
  at->value = pair.value;
  at->value_span = pair.value_span;
  return true;
}

Value FlatTree::value_of(const Node& node) {
  Value v;
  v.quoted = true;
  v.text = node.value;
  if (node.children.empty()) {
    v.kind = Value::scalar;
    v.span = node.value_span;
    return v;
  }
  v.span = node.span;
  v.kind = Value::mapping;
  for (const auto& child : node.children) {
    Value::Member m;
    m.key = child->name;
    m.key_quoted = true;
    m.key_span = child->span;
    m.value = value_of(*child);
    v.members.push_back(std::move(m));
  }
  return v;
}

Value FlatTree::take() {
  Value v;
  if (!root_.children.empty() || root_.has_value) v = value_of(root_);
  root_ = {};
  return v;
}

}  // namespace gateproof::config
