// Predicates: the expressions of buffering.retryExpression and circuitBreaker.expression. Traefik reads them as Go expressions
// over a few functions, so the syntax is that of rules (rules/parser.h) and the errors are in the words of its libraries.
//
// A predicate is a comparison of a function with a literal, a function that is itself true or false, or several of these
// joined by && and ||, with parentheses. There is no !, and the function always stands left of the comparison.
#pragma once
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/rules/matcher.h"

namespace gateproof::middleware {

// A longer text is refused.
inline constexpr size_t predicate_bytes_max = 64u << 10;

enum class PredicateType : uint8_t { boolean, integer, real, text };
using PredicateValue =
    std::variant<bool, int64_t, double, std::string>;  // in the order of the types

struct PredicateFunction {
  std::string_view name;
  std::vector<PredicateType> parameters;  // literals only
  PredicateType result;
};

// What a predicate may speak of. Lives as long as the predicates compiled with it (a static).
struct PredicateLanguage {
  // Go's package, for errors: "cbreaker", "buffer".
  std::string_view package;
  std::vector<PredicateFunction> functions;
};

// Where the functions get their values. `function` is an index into the language; the value has the function's result type.
class PredicateFacts {
 public:
  virtual ~PredicateFacts() = default;
  virtual PredicateValue value(size_t function,
                               std::span<const PredicateValue> arguments) const = 0;
};

// message is Traefik's text, offset and length are bytes into the expression.
using PredicateError = rules::RuleError;

class Predicate {
 public:
  static boost::system::result<Predicate, PredicateError> compile(
      std::string_view text, const PredicateLanguage& language);

  bool holds(const PredicateFacts& facts) const { return holds(root_, facts); }
  bool uses(size_t function) const { return uses(root_, function); }
  // A text that compiles to the same predicate.
  std::string print() const { return print(root_); }
  // Every function with its present value: "NetworkErrorRatio() is 0.5, LatencyAtQuantileMS(50.0) is 12".
  std::string explain(const PredicateFacts& facts) const;

 private:
  friend class PredicateCompiler;
  enum class Op : uint8_t { call, all, any, eq, ne, lt, le, gt, ge };
  struct Node {
    Op op = Op::call;
    size_t function = 0;                    // of calls and comparisons
    std::vector<PredicateValue> arguments;  // of that function
    PredicateValue literal;                 // of comparisons
    std::vector<Node> parts;                // of all and any
  };
  bool holds(const Node& n, const PredicateFacts& facts) const;
  bool uses(const Node& n, size_t function) const;
  std::string print(const Node& n) const;
  std::string print_call(const Node& n) const;
  void explain(const Node& n, const PredicateFacts& facts, std::vector<std::string>& out) const;

  const PredicateLanguage* language_ = nullptr;
  Node root_;
};

// A literal that is read as this value.
std::string print_literal(const PredicateValue& v);
// The error of a middleware whose option at `span` does not compile: Traefik's text, the place, what to write instead.
Error option_error(const PredicateError& e, std::string_view option, const SourceSpan& span);

}  // namespace gateproof::middleware
