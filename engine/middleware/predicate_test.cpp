#include "engine/middleware/predicate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/breaker.h"

namespace gateproof::middleware {
namespace {

const PredicateLanguage& breaker() { return Breaker::language(); }

const PredicateLanguage& request() {
  using enum PredicateType;
  static const PredicateLanguage l{
      "buffer", {{"Method", {}, text}, {"Failed", {}, boolean}, {"Tries", {}, integer}}};
  return l;
}

struct Fixed final : PredicateFacts {
  std::string method = "PUT";
  bool failed = false;
  int64_t tries = 2;
  PredicateValue value(size_t function, std::span<const PredicateValue>) const override {
    if (function == 0) return method;
    if (function == 1) return failed;
    return tries;
  }
};

// Values for the breaker's functions: a latency of ten times the quantile, 0.25, and the first argument over a thousand.
struct Measured final : PredicateFacts {
  PredicateValue value(size_t function, std::span<const PredicateValue> a) const override {
    if (function == 0) return static_cast<int64_t>(std::get<double>(a[0]) * 10);
    if (function == 1) return 0.25;
    return static_cast<double>(std::get<int64_t>(a[0])) / 1000;
  }
};

TEST(Predicate, Holds) {
  struct Row {
    const char *clause, *text;
    bool wanted;
  };
  const Row rows[] = {
      {"==", "Tries() == 2", true},
      {"!=", "Tries() != 2", false},
      {"<", "Tries() < 2", false},
      {"<=", "Tries() <= 2", true},
      {">", "Tries() > 1", true},
      {">=", "Tries() >= 3", false},
      {"texts", "Method() == \"PUT\"", true},
      {"texts differ", "Method() != `PUT`", false},
      {"a function that is a predicate", "Failed()", false},
      {"&& binds tighter", "Tries() == 2 || Failed() && Failed()", true},
      {"parentheses", "(Tries() == 2 || Failed()) && Failed()", false},
      {"chains", "Tries() > 0 && Tries() > 1 && Tries() > 2", false},
      {"blanks and newlines", " ( Tries()\t>\n0 ) ", true},
      {"comments", "Tries() > 0 /* || Failed() */ // x", true},
      {"escapes", "Method() == \"\\x50U\\u0054\"", true},
  };
  for (const Row& row : rows) {
    const auto p = Predicate::compile(row.text, request());
    ASSERT_TRUE(p) << row.clause << ": " << p.error().message;
    EXPECT_EQ(p->holds(Fixed()), row.wanted) << row.clause;
  }
}

TEST(Predicate, NumbersAreOfTwoKinds) {
  for (const auto& [text, wanted] :
       {std::pair("NetworkErrorRatio() == 0.25", true),
        std::pair("NetworkErrorRatio() > 2.4e-1", true),
        std::pair("NetworkErrorRatio() > .3", false), std::pair("NetworkErrorRatio() < 1.", true),
        std::pair("NetworkErrorRatio() >= 0x1p-2", true),
        std::pair("NetworkErrorRatio() < 1_0.5", true),
        std::pair("LatencyAtQuantileMS(50.0) == 500", true),
        std::pair("LatencyAtQuantileMS(99.9) <= 998", false),
        std::pair("ResponseCodeRatio(500, 600, 0, 600) == 0.5", true)}) {
    const auto p = Predicate::compile(text, breaker());
    ASSERT_TRUE(p) << text << ": " << p.error().message;
    EXPECT_EQ(p->holds(Measured()), wanted) << text;
  }
}

// Messages as the real binary gives them (conformance/traefik/3.2-circuitBreaker.yaml); the place and the remedy are ours.
TEST(Predicate, Errors) {
  struct Row {
    const char *text, *message;
    uint32_t offset, length;
    const char* remedy;
  };
  const Row rows[] = {
      {"", "1:1: expected operand, found 'EOF'", 0, 0, "column 1: write comparisons of"},
      {"NetworkErrorRatio( > 0.5", "1:20: expected operand, found '>'", 19, 1, "column 20: "},
      {"Networkerrorratio() > 0.5", "unsupported function: Networkerrorratio", 0, 17,
       "column 1: did you mean `NetworkErrorRatio`?"},
      {"Bogus() > 1", "unsupported function: Bogus", 0, 5,
       "column 1: use LatencyAtQuantileMS(50.0), NetworkErrorRatio(), "},
      {"NetworkErrorRatio > 0.5", "NetworkErrorRatio is not defined", 0, 17,
       "column 1: write NetworkErrorRatio()"},
      {"a.b > 0.5", "a.b is not defined", 0, 3, "column 1: use "},
      {"f().b > 0.5", "unsupported selector type: *ast.CallExpr", 0, 3, "column 1: use "},
      {"a.b() > 0.5", "unsupported function: a.b", 0, 3, "column 1: use "},
      {"f().b() > 0.5", "expected selector identifier, got: *ast.CallExpr", 0, 5, "column 1: use "},
      {"(f)() > 0.5", "expected identifier, got: *ast.ParenExpr", 0, 3, "column 1: use "},
      {"a[1] > 0.5", "properties are not supported", 0, 4, "column 1: use "},
      {"NetworkErrorRatio() > 0.1 && !x", "! is not supported", 29, 2,
       "column 30: turn the comparison round"},
      {"NetworkErrorRatio() > -1.0", "- is not supported", 22, 4, "column 23: there are only"},
      {"NetworkErrorRatio() + 1.0", "+ is not supported", 0, 25, "column 1: there are only"},
      {"NetworkErrorRatio() > 1", "expected int, got int", 0, 23,
       "column 1: compare with a number with a point"},
      {"NetworkErrorRatio() == 1", "expected float64, got int", 0, 24, "column 1: compare with"},
      {"LatencyAtQuantileMS(1.0) > 1.0", "expected int, got float64", 0, 30,
       "column 1: compare with a whole number"},
      {"NetworkErrorRatio() > NetworkErrorRatio()", "expected int, got cbreaker.toFloat64", 0, 41,
       "column 1: compare with"},
      {"0.5 < NetworkErrorRatio()", "lt: unsupported argument: float64", 0, 25,
       "column 1: write the function left of the comparison"},
      {"1 != NetworkErrorRatio()", "eq: unsupported argument: int", 0, 24, "column 1: write the"},
      {"\"a\" >= 1", "gt: unsupported argument: string", 0, 8, "column 1: write the"},
      {"LatencyAtQuantileMS(50) > 1", "reflect: Call using int as type float64", 20, 2,
       "column 21: write it with a point"},
      {"ResponseCodeRatio(1, 2, 3, 4.0) > 1.0", "reflect: Call using float64 as type int", 27, 3,
       "column 28: write a whole number"},
      {"ResponseCodeRatio(1) > 1.0", "reflect: Call with too few input arguments", 0, 20,
       "column 1: it takes 4"},
      {"NetworkErrorRatio(1) > 1.0", "reflect: Call with too many input arguments", 0, 20,
       "column 1: it takes 0"},
      {"LatencyAtQuantileMS(1.0+1.0) > 1", "*ast.BinaryExpr is not supported", 20, 7,
       "column 21: write a literal"},
      {"NetworkErrorRatio()", "expected predicate, got cbreaker.toFloat64", 0, 19,
       "column 1: compare it with a literal"},
      {"1", "expected predicate, got int", 0, 1, "column 1: compare it"},
      {"NetworkErrorRatio() && 1 == 1", "eq: unsupported argument: int", 23, 6,
       "column 24: write the"},
      {"LatencyAtQuantileMS(1.0) || 1.5",
       "reflect: cannot use cbreaker.toInt as type cbreaker.hpredicate in Call", 0, 31,
       "column 1: both sides of ||"},
      {"LatencyAtQuantileMS(1.0) > 0x10",
       "failed to parse argument: 0x10, error: strconv.Atoi: parsing \"0x10\": invalid syntax", 27,
       4, "column 28: write a plain decimal number"},
      {"LatencyAtQuantileMS(1.0) > 9223372036854775808",
       "failed to parse argument: 9223372036854775808, error: strconv.Atoi: parsing "
       "\"9223372036854775808\": value out of range",
       27, 19, "column 28: "},
      {"LatencyAtQuantileMS(1e999) > 1",
       "failed to parse argument: 1e999, error: strconv.ParseFloat: parsing \"1e999\": value out "
       "of "
       "range",
       20, 5, "column 21: "},
      {"LatencyAtQuantileMS('a') > 1", "unsupported function argument type: 'CHAR'", 20, 3,
       "column 21: "},
      {"LatencyAtQuantileMS(1i) > 1", "unsupported function argument type: 'IMAG'", 20, 2,
       "column 21: "},
  };
  for (const Row& row : rows) {
    const auto p = Predicate::compile(row.text, breaker());
    ASSERT_FALSE(p) << row.text;
    EXPECT_EQ(p.error().message, row.message) << row.text;
    EXPECT_EQ(p.error().offset, row.offset) << row.text;
    EXPECT_EQ(p.error().length, row.length) << row.text;
    EXPECT_EQ(p.error().remedy.substr(0, std::string(row.remedy).size()), row.remedy) << row.text;
  }
}

TEST(Predicate, ErrorsOfTheOtherLanguage) {
  for (const auto& [text, message] :
       {std::pair("Method() > \"A\"", "unsupported argument: buffer.toString"),
        std::pair("Method() == 1", "expected string, got int"),
        std::pair("Failed() == true", "true is not defined"),
        std::pair("Failed() == 1", "unsupported argument: buffer.hpredicate"),
        std::pair("Tries() == 1.5", "expected int, got float64"),
        std::pair("Tries() < 2 == 1", "unsupported argument: buffer.hpredicate")}) {
    const auto p = Predicate::compile(text, request());
    ASSERT_FALSE(p) << text;
    EXPECT_EQ(p.error().message, message);
  }
}

TEST(Predicate, LengthIsBounded) {
  std::string text = "Tries() == 2";
  text.resize(predicate_bytes_max, ' ');
  EXPECT_TRUE(Predicate::compile(text, request()));
  const auto over = Predicate::compile(text + " ", request());
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().message.find("predicate_bytes_max"), std::string::npos);
  const auto deep = Predicate::compile(std::string(5000, '(') + "Failed()", request());
  ASSERT_FALSE(deep);
  std::string chain = "Failed()";
  while (chain.size() + 12 < predicate_bytes_max) chain += " || Failed()";
  const auto p = Predicate::compile(chain, request());
  ASSERT_TRUE(p) << "a long chain is not deep";
  EXPECT_FALSE(p->holds(Fixed()));
}

TEST(Predicate, ExplainsAndPrints) {
  const auto p = Predicate::compile(
      "(LatencyAtQuantileMS(50.0) > 100 || NetworkErrorRatio() > .3) && NetworkErrorRatio()!=1.0",
      breaker());
  ASSERT_TRUE(p);
  EXPECT_EQ(p->print(),
            "(LatencyAtQuantileMS(50.0) > 100 || NetworkErrorRatio() > 0.3) && "
            "NetworkErrorRatio() != 1.0");
  EXPECT_EQ(p->explain(Measured()),
            "LatencyAtQuantileMS(50.0) is 500, NetworkErrorRatio() is 0.25");
  EXPECT_TRUE(p->uses(0));
  EXPECT_FALSE(p->uses(2));
}

TEST(Predicate, PrintedLiteralsAreReadAlike) {
  for (const PredicateValue& v :
       {PredicateValue(1e300), PredicateValue(100.0), PredicateValue(0.1), PredicateValue(1e-7)}) {
    const auto p = Predicate::compile("NetworkErrorRatio() == " + print_literal(v), breaker());
    ASSERT_TRUE(p) << print_literal(v);
    EXPECT_EQ(p->print(), "NetworkErrorRatio() == " + print_literal(v));
  }
  const std::string bytes = "a\"\\\n\t\x01\xff\xc3\xa9`";
  const auto p = Predicate::compile("Method() == " + print_literal(bytes), request());
  ASSERT_TRUE(p);
  Fixed facts;
  facts.method = bytes;
  EXPECT_TRUE(p->holds(facts));
}

// A tree with its own, plain meaning: text and truth are made side by side.
struct Made {
  std::string text;
  bool truth;
};
Made make(int depth, const Fixed& f) {
  const int kind = depth <= 0 ? 0 : *rc::gen::inRange(0, 4);
  if (kind == 0) {
    const int64_t n = *rc::gen::inRange<int64_t>(0, 5);
    switch (*rc::gen::inRange(0, 8)) {
      case 0: return {"Tries() == " + std::to_string(n), f.tries == n};
      case 1: return {"Tries() != " + std::to_string(n), f.tries != n};
      case 2: return {"Tries() < " + std::to_string(n), f.tries < n};
      case 3: return {"Tries() <= " + std::to_string(n), f.tries <= n};
      case 4: return {"Tries() > " + std::to_string(n), f.tries > n};
      case 5: return {"Tries() >= " + std::to_string(n), f.tries >= n};
      case 6: return {"Method() == \"GET\"", f.method == "GET"};
      default: return {"Failed()", f.failed};
    }
  }
  const Made a = make(depth - 1, f), b = make(depth - 1, f);
  if (kind == 1) return {"(" + a.text + ")", a.truth};
  if (kind == 2) return {"(" + a.text + ") && (" + b.text + ")", a.truth && b.truth};
  return {"(" + a.text + ") || (" + b.text + ")", a.truth || b.truth};
}

TEST(Predicate, MeansWhatItSays) {
  EXPECT_TRUE(rc::check("made, compiled, printed and compiled again", [] {
    Fixed f;
    f.tries = *rc::gen::inRange<int64_t>(0, 5);
    f.failed = *rc::gen::arbitrary<bool>();
    f.method = *rc::gen::element<std::string>("GET", "PUT");
    const Made made = make(*rc::gen::inRange(0, 6), f);
    const auto p = Predicate::compile(made.text, request());
    RC_ASSERT(p.has_value());
    RC_ASSERT(p->holds(f) == made.truth);
    const auto again = Predicate::compile(p->print(), request());
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->print() == p->print());
    RC_ASSERT(again->holds(f) == made.truth);
  }));
}

// && binds tighter than ||, and the first operator that decides ends it: the definition for chains without parentheses.
TEST(Predicate, ChainsWithoutParentheses) {
  EXPECT_TRUE(rc::check("any of all of", [] {
    Fixed f;
    f.tries = *rc::gen::inRange<int64_t>(0, 4);
    std::string text;
    bool any = false, all = true;
    const int n = *rc::gen::inRange(1, 12);
    for (int i = 0; i < n; ++i) {
      const bool join_or = i > 0 && *rc::gen::arbitrary<bool>();
      if (i > 0) text += join_or ? " || " : " && ";
      if (join_or) {
        any = any || all;
        all = true;
      }
      const int64_t k = *rc::gen::inRange<int64_t>(0, 4);
      text += "Tries() != " + std::to_string(k);
      all = all && f.tries != k;
    }
    const auto p = Predicate::compile(text, request());
    RC_ASSERT(p.has_value());
    RC_ASSERT(p->holds(f) == (any || all));
  }));
}

}  // namespace
}  // namespace gateproof::middleware
