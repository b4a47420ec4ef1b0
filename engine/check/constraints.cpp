#include "engine/check/constraints.h"

#include "engine/rules/parser.h"
#include "engine/rules/regex.h"

namespace gateproof::check {

using rules::Expression;

namespace {

class Evaluator {
 public:
  explicit Evaluator(const std::map<std::string, std::string>& labels) : labels_(labels) {}

  bool holds(const Expression& e) {
    switch (e.kind) {
      case Expression::paren: return holds(e.parts[0]);
      case Expression::unary:
        if (e.lexeme != "!") return fail(std::string(e.lexeme) + " is not supported");
        return !holds(e.parts[0]);
      case Expression::binary: return binary(e);
      case Expression::call: return call(e);
      case Expression::identifier:
      case Expression::selector: return fail(std::string(e.lexeme) + " is not defined");
      case Expression::literal: return fail("not a constraintLabelFunc");
      default: return fail("*ast." + std::string(rules::go_node_name(e)) + " is not supported");
    }
  }
  std::string error;

 private:
  bool fail(std::string message) {
    if (error.empty()) error = std::move(message);
    return false;
  }

  // Every part is looked at, so that an error in any is found.
  bool binary(const Expression& e) {
    const bool all = e.lexeme == "&&";
    if (!all && e.lexeme != "||") return fail(std::string(e.lexeme) + " is not supported");
    bool result = all;
    for (const Expression& part : e.parts) {
      const bool one = holds(part);
      result = all ? result && one : result || one;
    }
    return result;
  }

  bool call(const Expression& e) {
    const std::string name(e.parts[0].lexeme);
    const bool plain = name == "Label";
    if (e.parts[0].kind != Expression::identifier || (!plain && name != "LabelRegex"))
      return fail("unsupported function: " + name);
    std::vector<std::string> arguments;
    for (size_t i = 1; i < e.parts.size(); ++i) {
      if (e.parts[i].kind != Expression::literal || e.parts[i].literal_kind != rules::Token::text)
        return fail("the arguments of " + name + " are texts in quotes");
      arguments.push_back(rules::string_value(e.parts[i].lexeme));
    }
    if (arguments.size() != 2) {
      return fail(std::string("reflect: Call with too ") + (arguments.size() < 2 ? "few" : "many") +
                  " input arguments");
    }
    const auto found = labels_.find(arguments[0]);
    const std::string_view value = found == labels_.end() ? "" : std::string_view(found->second);
    if (plain) return value == arguments[1];
    const auto regex = rules::Regex::compile(arguments[1]);
    return regex && regex->search(value);
  }

  const std::map<std::string, std::string>& labels_;
};

}  // namespace

Result<bool> constraints_match(std::string_view expression,
                               const std::map<std::string, std::string>& labels) {
  if (expression.empty()) return true;
  if (expression.size() > constraints_bytes_max) {
    return Error(Code::limit, "the constraints have " + std::to_string(expression.size()) +
                                  " bytes, constraints_bytes_max is " +
                                  std::to_string(constraints_bytes_max));
  }
  const auto tree = rules::parse_expression(expression);
  if (!tree) return Error(Code::invalid, tree.error().message);
  Evaluator e(labels);
  const bool holds = e.holds(*tree);
  if (!e.error.empty()) return Error(Code::invalid, e.error);
  return holds;
}

}  // namespace gateproof::check
