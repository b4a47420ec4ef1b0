// Rules of the shared grammar: whatever it draws is read or refused, and the index still equals the definition.
#include <gtest/gtest.h>

#include "engine/http/url.h"
#include "engine/rules/grammar_test.h"
#include "engine/rules/naive_test.h"
#include "engine/rules/priority.h"

namespace gateproof::rules {
namespace {

using namespace testing;

const Grammar& grammar() {
  static const Grammar g(std::string(GP_SOURCE_DIR) +
                         "/bindings/python/gateproof/data/grammar.yaml");
  return g;
}

// A request of the same words: path and query as they come in, then as the entry point makes them.
struct DrawnRequest {
  std::string host, path, query, method;
  http::Headers headers;

  DrawnRequest() {
    host = http::canonical_host(grammar().draw("request-host"));
    method = grammar().draw("request-method");
    const std::string target = grammar().draw("target-path");
    const auto url = http::canonical_path(target);
    path = url ? http::routing_path(url->escaped()) : "/";
    const std::string drawn = grammar().draw("query");
    query = http::with_query_semicolons(drawn.empty() ? drawn : drawn.substr(1), false);
    if (*rc::gen::arbitrary<bool>())
      headers.add(http::canonical_name(grammar().draw("header-name")),
                  grammar().draw("header-value"));
  }
  RequestFacts facts() const {
    RequestFacts f;
    f.host = host;
    f.path = path;
    f.query = query;
    f.method = method;
    f.headers = &headers;
    f.client_ip = IpAddress::v4(127, 0, 0, 1);
    return f;
  }
};

TEST(SharedGrammar, IndexEqualsDefinition) {
  ASSERT_TRUE(grammar().usable());
  EXPECT_TRUE(rc::check("indexed match equals the naive one", [] {
    std::vector<Route> routes;
    const int count = *rc::gen::inRange(1, 25);
    for (int i = 0; i < count; ++i) {
      const bool v2 = *rc::gen::inRange(0, 4) == 0;
      auto rule = parse_rule(grammar().draw(v2       ? "v2-rule"
                                            : i == 0 ? "broad-rule"
                                                     : "rule"),
                             v2 ? Syntax::v2 : Syntax::v3);
      if (!rule) continue;  // an empty argument
      Route r;
      r.rule = std::move(*rule);
      r.name = "r" + std::to_string(i) + "@file";
      const bool automatic = *rc::gen::inRange(0, 3) != 0;
      const int64_t asked =
          automatic ? 0 : text::parse_int(grammar().draw("priority")).value_or(INT64_MAX);
      if (!check_user_priority(asked)) continue;
      r.priority = effective_priority(r.rule.text, asked).value;
      routes.push_back(std::move(r));
    }
    const RoutingTable table(routes);
    for (int k = 0; k < 15; ++k) {
      const DrawnRequest request;
      const Route* wanted = naive_match(routes, request.facts());
      const Route* got = table.match(request.facts());
      RC_ASSERT((wanted == nullptr) == (got == nullptr));
      if (wanted) RC_ASSERT(wanted->name == got->name);
    }
  }));
}

TEST(SharedGrammar, OddRulesAreReadOrRefusedWithAReason) {
  ASSERT_TRUE(grammar().usable());
  EXPECT_TRUE(rc::check("odd rules", [] {
    for (const Syntax syntax : {Syntax::v3, Syntax::v2}) {
      const auto rule = parse_rule(grammar().draw("odd-rule"), syntax);
      if (!rule) RC_ASSERT(!rule.error().message.empty());
      if (rule) RC_ASSERT(parse_rule(print_rule(rule->root), syntax).has_value());
    }
  }));
}

}  // namespace
}  // namespace gateproof::rules
