// TCP rules as real Traefik 3.7.15 reads them (the text that its API shows; %R stands for the rule) and what they match.
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/rules/explain.h"
#include "engine/rules/naive_test.h"

namespace gateproof::rules {
namespace {

struct ErrorRow {
  Syntax syntax;
  std::string_view rule;
  std::string_view api;  // empty: accepted
};

constexpr Syntax v3 = Syntax::tcp_v3, v2 = Syntax::tcp_v2;

// clang-format off
const ErrorRow error_rows[] = {
    {v3, "HostSNI(`a.test`)", ""},
    {v3, "hostsni(`*`)", ""},
    {v3, "HOSTSNI(`*`)", ""},
    {v3, "HostSNI(`a_b.test:80`)", ""},
    {v3, "HostSNI(`.`)", ""},
    {v3, "HostSNI(`*.a:80`)", ""},
    {v3, "HostSNI(`a b`)", "error while adding rule %R: invalid value for HostSNI matcher, \"a b\" is not a valid hostname"},
    {v3, "HostSNI(`\303\244.test`)", "error while adding rule %R: invalid value for HostSNI matcher, \"\303\244.test\" is not a valid hostname"},
    {v3, "HostSNI(`a.*.test`)", "error while adding rule %R: invalid value for HostSNI matcher, \"a.*.test\" is not a valid hostname"},
    {v3, "HostSNI(`*a.test`)", "error while adding rule %R: invalid value for HostSNI matcher, \"*a.test\" is not a valid hostname"},
    {v3, "HostSNI(`**`)", "error while adding rule %R: invalid value for HostSNI matcher, \"**\" is not a valid hostname"},
    {v3, "HostSNI(`*.`)", "error while adding rule %R: invalid value for HostSNI matcher, \"*.\" is not a valid hostname"},
    {v3, "HostSNI(`a`) || HostSNI(`b c`)", "error while adding rule %R: invalid value for HostSNI matcher, \"b c\" is not a valid hostname"},
    {v3, "HostSNI(`a b`) && ClientIP(`x`)", "error while adding rule %R: invalid value for HostSNI matcher, \"a b\" is not a valid hostname"},
    {v3, "HostSNI(`a`,`b`)", "error while adding rule %R: unexpected number of parameters; got 2, expected 1"},
    {v3, "HostSNI()", "error while adding rule %R: no args for matcher HostSNI"},
    {v3, "HostSNI(``)", "error while adding rule %R: empty args for matcher HostSNI, []"},
    {v3, "HostSNIRegexp(`(`)", "error while adding rule %R: compiling HostSNIRegexp matcher: error parsing regexp: missing closing ): `(`"},
    {v3, "HostSNIRegexp(`\303\244`)", "error while adding rule %R: invalid value for HostSNIRegexp matcher, \"\303\244\" is not a valid hostname"},
    {v3, "ClientIP(`x`)", "error while adding rule %R: initializing IP checker for ClientIP matcher: parsing CIDR trusted IPs <nil>: invalid CIDR address: x"},
    {v3, "ALPN(`acme-tls/1`)", "error while adding rule %R: invalid protocol value for ALPN matcher, \"acme-tls/1\" is not allowed"},
    {v3, "Host(`x`)", "invalid rule: \"%R\" , unsupported function: Host"},
    {v3, "PathPrefix(`/`)", "invalid rule: \"%R\" , unsupported function: PathPrefix"},
    {v3, "HostSNI(`*`", "invalid rule: \"%R\" , 1:12: missing ',' before newline in argument list"},
    {v3, "HostSNI(`*`) && x", "invalid rule: \"%R\" , x is not defined"},
    {v3, "  ", "invalid rule: \"%R\" , 1:3: expected operand, found 'EOF'"},
    {v3, "\"x\"", "invalid rule: \"\\\"x\\\"\" , error while parsing rule \"x\""},
    {v2, "HostSNI(`a.test`,`b.test`)", ""},
    {v2, "HostSNI(`x`, `*`)", ""},
    {v2, "HostSNI(`*.v2.test`)", "error while adding rule %R: invalid value for \"HostSNI\" matcher, \"*.v2.test\" is not a valid hostname or IP"},
    {v2, "HostSNI(`a b`)", "error while adding rule %R: invalid value for \"HostSNI\" matcher, \"a b\" is not a valid hostname or IP"},
    {v2, "HostSNI()", "error while adding rule %R: no args for matcher HostSNI"},
    {v2, "HostSNI(``)", "error while adding rule %R: empty args for matcher HostSNI, []"},
    {v2, "HostSNIRegexp(`{n:[a-z]+}.test`)", ""},
    {v2, "HostSNIRegexp(`\303\244.test`)", ""},
    {v2, "HostSNIRegexp(`{n:[a-z}.test`)", "error while adding rule %R: error parsing regexp: missing closing ]: `[a-z)\\.test$`"},
    {v2, "HostSNIRegexp(`{n.test`)", "error while adding rule %R: invalid pattern value for \"HostSNIRegexp\" matcher, \"{n.test\" is not a valid pattern: mux: unbalanced braces in \"{n.test\""},
    {v2, "ClientIP(`x`, `10.0.0.1`)", "error while adding rule %R: could not initialize IP Checker for \"ClientIP\" matcher: parsing CIDR trusted IPs <nil>: invalid CIDR address: x"},
    {v2, "ALPN(`h2`, `x`)", ""},
    {v2, "ALPN(`acme-tls/1`)", "error while adding rule %R: invalid protocol value for \"ALPN\" matcher, \"acme-tls/1\" is not allowed"},
};
// clang-format on

std::string with_rule(std::string_view text, std::string_view rule) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "%R") {
      out += rule;
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

TEST(TcpRule, Errors) {
  for (const ErrorRow& row : error_rows) {
    const auto parsed = parse_rule(row.rule, row.syntax);
    EXPECT_EQ(parsed ? std::string() : parsed.error().api, with_rule(row.api, row.rule))
        << row.rule;
    if (!parsed) EXPECT_LE(parsed.error().offset + parsed.error().length, row.rule.size());
  }
}

TEST(TcpRule, RemediesNameTheOtherLanguage) {
  const auto host = parse_rule("Host(`x`)", v3);
  EXPECT_NE(host.error().remedy.find("HostSNI"), std::string::npos);
  EXPECT_NE(parse_rule("Path(`/`)", v3).error().remedy.find("HTTP routers"), std::string::npos);
  EXPECT_NE(parse_rule("HostSNO(`x`)", v3).error().remedy.find("HostSNI"), std::string::npos);
}

struct MatchRow {
  Syntax syntax;
  std::string_view rule;
  std::string_view server_name;  // as the connection's facts hold it: lower case
  bool matches;
};

const MatchRow match_rows[] = {
    {v3, "HostSNI(`UP.test`)", "up.test", true},
    {v3, "HostSNI(`up.test`)", "", false},
    {v3, "HostSNI(`*.wild.test`)", "a.wild.test", true},
    {v3, "HostSNI(`*.wild.test`)", "wild.test", false},
    {v3, "HostSNI(`*.wild.test`)", "a.b.wild.test", false},
    {v3, "HostSNI(`dot.test.`)", "dot.test", true},
    {v3, "HostSNI(`*`)", "any.test", true},
    {v3, "HostSNI(`*`)", "", true},
    {v3, "!HostSNI(`*`)", "", false},
    {v3, "!HostSNI(`a`)", "", true},
    {v3, "HostSNIRegexp(`^Re[0-9]`)", "re1.x", false},
    {v3, "HostSNIRegexp(`(?i)^Rf[0-9]`)", "rf1.x", true},
    {v3, "HostSNIRegexp(`^$`)", "", true},
    {v3, "HostSNIRegexp(`.+`)", "", false},
    {v3, "ALPN(`h2`)", "x", true},
    {v3, "ALPN(`h`)", "x", false},
    {v3, "ClientIP(`127.0.0.0/8`)", "", true},
    {v3, "ClientIP(`10.0.0.0/8`)", "", false},
    {v2, "HostSNI(`a.test`, `b.test`)", "b.test", true},
    {v2, "HostSNI(`x.v2.test`, `*`)", "q.test", true},
    {v2, "HostSNI(`x.v2.test`, `*`)", "", false},
    {v2, "HostSNI(`*`, `x.v2.test`)", "", true},
    {v2, "HostSNIRegexp(`{n:[a-z]+}.V2.test`)", "x.v2.test", true},
    {v2, "HostSNIRegexp(`{n:[a-z]+}.v2.test`)", "*.x.v2.test", false},
    {v2, "ALPN(`x`, `foo`)", "", true},
    {v2, "ClientIP(`10.0.0.1`, `127.0.0.1`)", "", true},
};

const std::vector<std::string> offered = {"h2", "foo"};

RequestFacts connection(std::string_view server_name) {
  RequestFacts f;
  f.host = server_name;
  f.client_ip = IpAddress::v4(127, 0, 0, 1);
  f.alpn = offered;
  return f;
}

TEST(TcpRule, Matching) {
  for (const MatchRow& row : match_rows) {
    const auto rule = parse_rule(row.rule, row.syntax);
    ASSERT_TRUE(rule.has_value()) << row.rule;
    const RequestFacts facts = connection(row.server_name);
    EXPECT_EQ(rule->matches(facts), row.matches) << row.rule << " and " << row.server_name;
    const RuleNode* failed = rule->first_failure(facts);
    if (failed) EXPECT_FALSE(explain_failure(*failed, facts).empty());
  }
}

TEST(TcpRule, CatchAll) {
  for (std::string_view rule : {"HostSNI(`*`)", "(hostsni(`*`)) ", "!HostSNI(`*`)"}) {
    EXPECT_TRUE(is_catch_all(parse_rule(rule, v3)->root)) << rule;
  }
  for (std::string_view rule : {"HostSNI(`a`)", "HostSNI(`*`) && ClientIP(`::1`)"}) {
    EXPECT_FALSE(is_catch_all(parse_rule(rule, v3)->root)) << rule;
  }
  EXPECT_FALSE(is_catch_all(parse_rule("HostSNI(`x`, `*`)", v2)->root));
  EXPECT_EQ(
      rule_server_names(parse_rule("!HostSNI(`b`) && (HostSNI(`*`) || ALPN(`h2`))", v3)->root),
      (std::vector<std::string>{"b", "*"}));
}

TEST(TcpRule, Explanations) {
  const auto why = [](std::string_view rule, std::string_view name) {
    const auto parsed = parse_rule(rule, v3);
    RequestFacts f = connection(name);
    if (name.empty()) f.alpn = {};
    return explain_failure(*parsed->first_failure(f), f);
  };
  EXPECT_EQ(why("HostSNI(`a`)", "b"), "HostSNI(`a`) does not match server name b");
  EXPECT_EQ(why("HostSNI(`a`)", ""),
            "HostSNI(`a`) does not match a connection without a server name");
  EXPECT_EQ(why("ALPN(`x`)", "b"), "ALPN(`x`) does not match the offered protocols h2, foo");
  EXPECT_EQ(why("ALPN(`x`)", ""), "ALPN(`x`) does not match a connection that offers no protocols");
}

rc::Gen<std::string> gen_tcp_call() {
  using namespace rc;
  return gen::exec([] {
    const std::string name =
        *gen::element<std::string>("a.test", "*.a.test", "*", "x.a.test", "b.");
    std::string call;
    switch (*gen::inRange(0, 5)) {
      case 0:
      case 1: call = "HostSNI(`" + name + "`)"; break;
      case 2: call = "ALPN(`" + *gen::element<std::string>("h2", "bar") + "`)"; break;
      case 3: call = "HostSNIRegexp(`" + *gen::element<std::string>("^x", "^$") + "`)"; break;
      default: call = "ClientIP(`" + *gen::element<std::string>("127.0.0.1", "::1") + "`)";
    }
    return (*gen::inRange(0, 4) == 0 ? "!" : "") + call;
  });
}

TEST(TcpRuleProperty, IndexEqualsDefinition) {
  const bool ok = rc::check("indexed match equals the naive one", [] {
    std::vector<Route> routes;
    const int count = *rc::gen::inRange(0, 20);
    for (int i = 0; i < count; ++i) {
      std::string text = *gen_tcp_call();
      if (*rc::gen::arbitrary<bool>())
        text += *rc::gen::element<std::string>(" && ", " || ") + *gen_tcp_call();
      Route r;
      r.rule = *parse_rule(text, v3);
      r.name = "r" + std::to_string(i) + "@file";
      r.priority = *rc::gen::inRange(-2, 3);
      routes.push_back(std::move(r));
    }
    const RoutingTable table(routes);
    for (std::string_view name : {"", "a.test", "x.a.test", "b", "other"}) {
      const RequestFacts facts = connection(name);
      const Route* wanted = testing::naive_match(routes, facts);
      const Route* got = table.match(facts);
      RC_ASSERT((wanted ? wanted->name : "") == (got ? got->name : ""));
    }
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::rules
