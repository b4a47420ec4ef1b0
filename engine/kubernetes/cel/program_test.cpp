#include "engine/kubernetes/cel/program.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cel {
namespace {

using cluster::testing::json;

// Expressions are the engine's business elsewhere: here a pattern matches the text that holds it.
Result<cluster::PatternMatch> holding(std::string_view pattern) {
  if (pattern == "(") return Error(Code::invalid, "missing closing )");
  return cluster::PatternMatch([p = std::string(pattern)](std::string_view s) {
    return s.find(p) != std::string_view::npos;
  });
}
const cluster::PatternCompiler patterns = holding;

std::string shown(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::error: return "error: " + std::string(v.text());
    case Value::Kind::null: return "null";
    case Value::Kind::boolean: return v.is_true() ? "true" : "false";
    case Value::Kind::integer: return std::to_string(v.integer());
    case Value::Kind::whole: return std::to_string(v.whole()) + "u";
    case Value::Kind::real: return std::to_string(v.real());
    case Value::Kind::duration: return std::to_string(v.integer()) + "ns";
    case Value::Kind::timestamp: return "@" + std::to_string(v.integer() / 1'000'000'000);
    case Value::Kind::optional: return v.size() ? "some(" + shown(v.at(0)) + ")" : "none";
    case Value::Kind::list: {
      std::string out;
      for (size_t i = 0; i < v.size(); ++i) out += (i ? " " : "") + shown(v.at(i));
      return "[" + out + "]";
    }
    case Value::Kind::map: {
      std::string out;
      for (size_t i = 0; i < v.size(); ++i)
        out += (i ? " " : "") + shown(v.at(i)) + "=" + shown(v.entry(i));
      return "{" + out + "}";
    }
    default: return "'" + std::string(v.text()) + "'";
  }
}

std::string answer(std::string_view text, const Json& self = {}, const Schema* schema = nullptr) {
  static constexpr std::string_view variables[] = {"self"};
  auto program = Program::compile(text, variables, patterns);
  if (!program) {
    const std::string& why = program.error().message;
    return (program.error().code == Code::unsupported ? "unsupported " : "") +
           why.substr(0, why.find('\n'));
  }
  Evaluation e;
  e.variables.emplace_back("self", Value::of(self, schema));
  return shown(program->evaluate(e));
}

struct Row {
  const char* text;
  const char* expected;
};

TEST(Cel, Literals) {
  const Row rows[] = {
      {"1", "1"},
      {"0x1F", "31"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"7u", "7u"},
      {"1.5e2", "150.000000"},
      {".5", "0.500000"},
      {"'a\\n\\x41\\u00e9\\101'",
       "'a\nA\xC3\xA9"
       "A'"},
      {"r'\\d'", "'\\d'"},
      {"\"\"\"a\"b\"\"\"", "'a\"b'"},
      {"b'\\xff'", "'\xff'"},
      {"[1, 2,]", "[1 2]"},
      {"{'a': 1}", "{'a'=1}"},
      {"true // the rest", "true"},
      {"null", "null"},
      {"99999999999999999999", "ERROR: <input>:1:21: Syntax error: invalid int literal"},
      {"'a", "ERROR: <input>:1:3: Syntax error: a string is not closed"},
      {"'\\q'", "ERROR: <input>:1:2: Syntax error: a string has an escape that is none"},
      {"{'a': 1, 'a': 2}", "error: Failed with repeated key"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

TEST(Cel, OperatorsBindAsTheLanguageSays) {
  const Row rows[] = {
      {"1 + 2 * 3 - 4 / 2 % 2", "7"},
      {"-2 * -3", "6"},
      {"!true || true && false", "false"},
      {"true ? (false ? 1 : 2) : 3", "2"},
      {"false ? 1 : true ? 2 : 3", "2"},
      {"true ? false ? 1 : 2 : 3",
       "ERROR: <input>:1:14: Syntax error: mismatched input '?' expecting ':'"},
      {"1 < 2 == true", "true"},
      {"2 in [1, 2]", "true"},
      {"'a' in {'a': 1}", "true"},
      {"'a' + 'b'", "'ab'"},
      {"[1] + [2]", "[1 2]"},
      {"1 == 1.0 && 1u == 1 && 1 != 'a'", "true"},
      {"1 < 1.5 && 2u > 1 && -1 < 1u", "true"},
      {"[1, {'a': 2.0}] == [1u, {'a': 2}]", "true"},
      {"9223372036854775807 + 1", "error: integer overflow"},
      {"-9223372036854775808 / -1", "error: integer overflow"},
      {"1 / 0", "error: division by zero"},
      {"1 % 0", "error: modulus by zero"},
      {"0u - 1u", "error: unsigned integer overflow"},
      {"1 + 'a'", "error: no such overload"},
      {"'a' < 1", "error: no such overload"},
      {"!1", "error: no such overload"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

// An error on one side is nothing where the other side decides.
TEST(Cel, LogicTakesUpErrors) {
  const Row rows[] = {
      {"1 / 0 == 1 || true", "true"},
      {"true || 1 / 0 == 1", "true"},
      {"1 / 0 == 1 && false", "false"},
      {"1 / 0 == 1 || false", "error: division by zero"},
      {"[0, 1].exists(x, 1 / x == 1)", "true"},
      {"[0, 1].all(x, 1 / x == 2)", "false"},
      {"[0, 1].all(x, 1 / x == 1)", "error: division by zero"},
      {"[1, 0].exists_one(x, 1 / x == 1)", "error: division by zero"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

TEST(Cel, Macros) {
  const Json self = json(R"({"list":[{"n":1},{"n":2},{}],"map":{"a":1,"b":2}})");
  const Row rows[] = {
      {"has(self.list) && !has(self.nothing)", "true"},
      {"self.list.all(x, has(x.n))", "false"},
      {"self.list.exists_one(x, has(x.n) && x.n == 2)", "true"},
      {"self.list.filter(x, has(x.n)).map(x, x.n * 2)", "[2 4]"},
      {"[1, 2, 3].map(x, x > 1, x + 1)", "[3 4]"},
      {"self.map.all(k, k < 'c')", "true"},
      {"self.map.exists(k, v, k == 'b' && v == 2)", "true"},
      {"[5, 6].exists(i, v, i == 1 && v == 6)", "true"},
      {"[[1], [2]].exists(x, x.exists(x, x == 2))", "true"},  // the inner name counts
      {"self.nothing", "error: no such key: nothing"},
      {"self.list[3]", "error: index out of bounds: 3"},
      {"self.map['c']", "error: no such key: c"},
      {"self.?nothing.orValue(5)", "5"},
      {"self.map[?'a']", "some(1)"},
      {"self.list[?9].hasValue()", "false"},
      {"has(self)", "ERROR: <input>:1:1: Syntax error: invalid argument to has() macro"},
      {"self.list.all(1, true)",
       "ERROR: <input>:1:15: Syntax error: argument must be a simple name"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text, self), r.expected) << r.text;
}

TEST(Cel, TextsAreCountedInCharacters) {
  const Row rows[] = {
      {"size('a\\u00e9b')", "3"},
      {"'\\u00e9b'.charAt(1)", "'b'"},
      {"'tacocat'.substring(2, 4)", "'co'"},
      {"'tacocat'.substring(9)", "error: index out of range: 9"},
      {"'\\u00e9b\\u00e9'.lastIndexOf('\\u00e9')", "2"},
      {"'abcb'.indexOf('b', 2)", "3"},
      {"'a,b,c'.split(',', 2)", "['a' 'b,c']"},
      {"''.split(',')", "['']"},
      {"'ab'.split('')", "['a' 'b']"},
      {"['a', 'b'].join('-')", "'a-b'"},
      {"'aaa'.replace('a', 'b', 2)", "'bba'"},
      {"' A '.trim().lowerAscii()", "'a'"},
      {"'abc'.matches('b')", "true"},
      {"'abc'.contains('bc') && 'abc'.startsWith('a') && !'abc'.endsWith('b')", "true"},
      {"'a'.matches('(')", "ERROR: <input>:1:4: error parsing regexp: missing closing )"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

TEST(Cel, ListsTimesFormatsAndConversions) {
  const Row rows[] = {
      {"[1, 3, 2].isSorted() || [1, 2].isSorted()", "true"},
      {"[3, 1].min() + [3, 1].max() + [1, 2].sum()", "7"},
      {"sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1, 1])", "true"},
      {"duration('1h30m') > duration('1h')", "true"},
      {"duration('90')",
       "error: type conversion error from 'string' to 'google.protobuf.Duration'"},
      {"duration('1.5s').getMilliseconds()", "1500"},
      {"timestamp('2026-02-03T04:05:06Z').getDayOfWeek()", "2"},
      {"timestamp('2026-02-03T04:05:06+01:00').getHours()", "3"},
      {"string(timestamp('2026-02-03T04:05:06.5Z'))", "'2026-02-03T04:05:06.5Z'"},
      {"timestamp('2026-01-01T00:00:00Z') - timestamp('2025-12-31T23:59:00Z')", "60000000000ns"},
      {"isIP('::1') && !isIP('1.2.3') && isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0')", "true"},
      {"format.dns1123Label().validate('a-b')", "none"},
      {"format.dns1123Label().validate('-a').hasValue()", "true"},
      {"format.named('nothing').hasValue()", "false"},
      {"int('12') + int(1.9) + int(3u)", "16"},
      {"int('x')", "error: type conversion error from 'string' to 'int'"},
      {"int(1e30)", "error: integer overflow"},
      {"uint(-1)", "error: unsigned integer overflow"},
      {"string(1.5) + string(2) + string(true)", "'1.52true'"},
      {"type(1) == int && type('a') != int", "true"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

TEST(Cel, NamesAreKnownBeforeItRuns) {
  const Row rows[] = {
      {"other", "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')"},
      {"true ||\n  x", "ERROR: <input>:2:3: undeclared reference to 'x' (in container '')"},
      {"quantity('1')",
       "unsupported ERROR: <input>:1:1: undeclared reference to 'quantity' (in container '')"},
      {"size(1, 2)", "ERROR: <input>:1:1: found no matching overload for 'size' with 2 arguments"},
      {"1 +", "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>'"},
      {"(1", "ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting ')'"},
      {"1 2", "ERROR: <input>:1:3: Syntax error: extraneous input a literal"},
      {"for", "ERROR: <input>:1:1: Syntax error: reserved identifier: for"},
      {"#", "ERROR: <input>:1:1: Syntax error: token recognition error at: '#'"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text), r.expected) << r.text;
}

TEST(Cel, SchemasSayWhatValuesMean) {
  const auto schema =
      cluster::compile_schema(json(R"({"type":"object","properties":{"namespace":{"type":"string"},
        "a-b":{"type":"string"},"d":{"type":"string","format":"duration"},
        "n":{"type":"number"},"labels":{"type":"object","additionalProperties":{"type":"string"}}}})"),
                              patterns);
  ASSERT_TRUE(schema);
  const Json self =
      json(R"({"namespace":"x","a-b":"y","d":"1m","n":1,"labels":{"__namespace__":"z"}})");
  const Row rows[] = {
      {"self.__namespace__ + self.a__dash__b", "'xy'"},
      {"self.d", "60000000000ns"},
      {"self.n", "1.000000"},
      {"self.labels['__namespace__']", "'z'"},  // keys of maps are not escaped
      {"self.labels.__namespace__", "'z'"},
  };
  for (const Row& r : rows) EXPECT_EQ(answer(r.text, self, schema->get()), r.expected) << r.text;
}

TEST(Cel, LimitsHold) {
  std::string deep(depth_max - 1, '(');
  deep += "1" + std::string(depth_max - 1, ')');
  EXPECT_EQ(answer(deep), "1");
  EXPECT_NE(answer("(" + deep + ")").find("too deep"), std::string::npos);
  std::string chain = "1";
  for (size_t i = 1; i < depth_max; ++i) chain += "+1";
  EXPECT_EQ(answer(chain), std::to_string(depth_max));
  EXPECT_NE(answer(chain + "+1").find("too deep"), std::string::npos);
  EXPECT_NE(answer(std::string(text_bytes_max + 1, ' ')).find("too long"), std::string::npos);
  std::string wide = "[";
  for (size_t i = 0; i < nodes_max / 2; ++i) wide += "!1,";
  EXPECT_NE(answer(wide + "]").find("too many parts"), std::string::npos);
  // A million steps and no more, however they are nested.
  const std::string list = "[1,2,3,4,5,6,7,8,9,10]";
  std::string costly = "true";
  for (const char* v : {"f", "e", "d", "c", "b", "a"})
    costly = list + ".all(" + v + ", " + costly + ")";
  EXPECT_EQ(answer(costly), "error: operation cancelled: actual cost limit exceeded");
  std::string doubled = "'0123456789abcdef'";
  for (int i = 0; i < 20; ++i) doubled = "[" + doubled + "].map(x, x + x)[0]";
  EXPECT_NE(answer(doubled).find("error: "), std::string::npos);
}

}  // namespace
}  // namespace gateproof::kubernetes::cel
