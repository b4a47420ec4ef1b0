// Any bytes as a predicate, in both languages: an error that points into the text, or a predicate that prints to itself and
// holds for the same facts.
#include <cstdint>
#include <cstdlib>

#include "engine/middleware/breaker.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

const PredicateLanguage& of_requests() {
  using enum PredicateType;
  static const PredicateLanguage l{"buffer",
                                   {{"RequestMethod", {}, text},
                                    {"IsNetworkError", {}, boolean},
                                    {"Attempts", {}, integer},
                                    {"ResponseCode", {}, integer}}};
  return l;
}

// Values of the right type that follow from function, arguments and a number.
struct Facts final : PredicateFacts {
  const PredicateLanguage& language;
  int64_t seed;
  Facts(const PredicateLanguage& l, int64_t s) : language(l), seed(s) {}
  PredicateValue value(size_t function, std::span<const PredicateValue> arguments) const override {
    const PredicateFunction& f = language.functions.at(function);
    require(arguments.size() == f.parameters.size());
    for (size_t i = 0; i < arguments.size(); ++i)
      require(arguments[i].index() == static_cast<size_t>(f.parameters[i]));
    const int64_t n = seed * 7 + static_cast<int64_t>(function + arguments.size());
    switch (f.result) {
      case PredicateType::boolean: return n % 2 == 0;
      case PredicateType::integer: return n % 5;
      case PredicateType::real: return static_cast<double>(n % 5) / 4;
      case PredicateType::text: return std::string(n % 2 ? "GET" : "PUT");
    }
    return false;
  }
};

void check(std::string_view text, const PredicateLanguage& language) {
  const auto p = Predicate::compile(text, language);
  if (!p) {
    require(!p.error().message.empty());
    require(!p.error().remedy.empty());
    require(size_t{p.error().offset} + p.error().length <= text.size());
    return;
  }
  const std::string printed = p->print();
  const auto again = Predicate::compile(printed, language);
  // Printing may lengthen a text (escapes, digits, blanks) beyond the limit, never otherwise spoil it.
  if (!again) {
    require(printed.size() > predicate_bytes_max);
    return;
  }
  require(again->print() == printed);
  const auto both = Predicate::compile("(" + printed + ") && (" + printed + ")", language);
  for (int64_t seed = 0; seed < 6; ++seed) {
    const Facts facts(language, seed);
    const bool holds = p->holds(facts);
    require(again->holds(facts) == holds);
    if (both) require(both->holds(facts) == holds);
    require(!p->explain(facts).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, Breaker::language());
  check(text, of_requests());
  return 0;
}
