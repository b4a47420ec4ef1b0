// One CEL expression, ready to be evaluated any number of times, from any thread.
#pragma once
#include <span>

#include "engine/kubernetes/cel/syntax.h"

namespace gateproof::kubernetes::cel {

// Each part of an expression that is visited costs one, texts and expressions that are searched one for each ten bytes.
inline constexpr int64_t call_cost_max =
    1'000'000;  // of one evaluation, as the real server's limit is called

// What one evaluation may use up, and what it sees.
struct Evaluation {
  int64_t cost_left = call_cost_max;
  bool exhausted = false;
  std::vector<std::pair<std::string_view, Value>> variables;  // the last of equal names counts
  const cluster::PatternCompiler* patterns = nullptr;

  // False when nothing is left.
  bool pay(size_t cost);
};

struct Function {
  std::string_view name;
  size_t arguments_min, arguments_max;  // a member's target is the first
  enum class Style : uint8_t { global, member, either } style;
  Value (*call)(Evaluation&, std::span<const Value>);
};
// The functions of a name ("format.dns1123Label" with its namespace); empty when it is unknown.
std::span<const Function> functions_of(std::string_view name);

class Program {
 public:
  // `variables` are the names that the expression may use. Error codes: invalid, as the real server refuses it ("undeclared reference
  // to 'x' (in container '')"); unsupported, when it calls what is not built here.
  static Result<Program> compile(std::string_view text, std::span<const std::string_view> variables,
                                 const cluster::PatternCompiler& patterns);

  bool uses(std::string_view variable) const;
  // Adds the costs to what `left` says and takes from it. An error's text is that of cel-go ("no such key: x").
  Value evaluate(Evaluation& evaluation) const;

 private:
  std::shared_ptr<const Node> root_;
  std::vector<std::string> used_;
  cluster::PatternCompiler patterns_;
};

}  // namespace gateproof::kubernetes::cel
