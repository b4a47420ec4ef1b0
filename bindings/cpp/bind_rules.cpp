// Rules by themselves: parse, print, explain.
#include "engine/rules/matcher.h"
#include "engine/rules/priority.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

py::dict tree_of(const rules::RuleNode& n) {
  py::dict d;
  if (n.kind == rules::RuleNode::call) {
    d["kind"] = "call";
    d["name"] = n.name;
    d["negated"] = n.negated;
    d["args"] = n.args;
    d["offset"] = n.offset;
    d["length"] = n.length;
    return d;
  }
  d["kind"] = n.kind == rules::RuleNode::all_of ? "all" : "any";
  py::list children;
  for (const rules::RuleNode& c : n.children) children.append(tree_of(c));
  d["children"] = children;
  return d;
}

py::dict parse(const std::string& text, const std::string& syntax) {
  py::dict d;
  auto rule = rules::parse_rule(text, syntax == "v2" ? rules::Syntax::v2 : rules::Syntax::v3);
  if (!rule) {
    d["error"] = rule.error().message;
    d["offset"] = rule.error().offset;
    d["length"] = rule.error().length;
    d["remedy"] = rule.error().remedy;
    return d;
  }
  d["tree"] = tree_of(rule->root);
  d["text"] = rules::print_rule(rule->root);
  d["hosts"] = rules::rule_hosts(rule->root);
  d["priority"] = rules::effective_priority(text, 0).value;
  return d;
}

}  // namespace

void bind_rules(py::module_& m) {
  m.def("parse_rule", &parse, py::arg("text"), py::arg("syntax") = "v3",
        "{tree, text, hosts, priority}, or {error, offset, length, remedy}.");
}

}  // namespace gateproof::bindings
