// Any text as a rule of a schema, asked of an object: a refusal that names a place, or a program that gives the same answer each
// time and stays within its costs.
#include <cstdint>
#include <cstdlib>

#include "engine/kubernetes/cel/program.h"

using namespace gateproof;
using namespace gateproof::kubernetes;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

// No expression of its own is compiled: a pattern matches the text that holds it.
Result<cluster::PatternMatch> holding(std::string_view pattern) {
  return cluster::PatternMatch([p = std::string(pattern)](std::string_view s) {
    return s.find(p) != std::string_view::npos;
  });
}

cel::Value answer(const cel::Program& program, const cluster::Json& self) {
  cel::Evaluation e;
  e.cost_left = 20'000;
  e.variables.emplace_back("self", cel::Value::of(self, nullptr));
  e.variables.emplace_back("oldSelf", cel::Value());
  const cel::Value out = program.evaluate(e);
  require(e.variables.size() == 2);
  require(!e.exhausted || out.is(cel::Value::Kind::error));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const cluster::PatternCompiler patterns = holding;
  static const cluster::Json self = *cluster::parse_json(
      R"({"a":1,"b":"text","c":[1,2,3],"d":{"e":null,"f":1.5},"g":[{"h":"x"},{"h":"y"}],"i":true})");
  static constexpr std::string_view variables[] = {"self", "oldSelf"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto program = cel::Program::compile(text, variables, patterns);
  if (!program) {
    require(program.error().message.starts_with("ERROR: <input>:"));
    return 0;
  }
  const cel::Value first = answer(*program, self), second = answer(*program, self);
  require(first.kind() == second.kind());
  const bool nan = first.is(cel::Value::Kind::real) && first.real() != first.real();
  const bool plain = first.is_number() || first.is(cel::Value::Kind::boolean);
  require(!plain || nan || first == second);
  return 0;
}
