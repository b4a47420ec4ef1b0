// The index must equal the definition; a printed rule must parse to the same tree.
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/rules/naive_test.h"

namespace gateproof::rules {
namespace {

using namespace testing;

// Priority is a total order of routers with different names: whatever order they come in, the table's is the same, and each one
// stands before the next on exactly one of number, provider and name.
TEST(RoutingTableProperty, PriorityIsATotalOrder) {
  const bool ok = rc::check("no order of the routers changes the table's", [] {
    const int count = *rc::gen::inRange(0, 25);
    std::vector<Route> routes;
    for (int i = 0; i < count; ++i) {
      Route r;
      auto parsed = parse_rule("Path(`/`)", Syntax::v3);
      RC_ASSERT(parsed.has_value());
      r.rule = std::move(*parsed);
      r.name = "r" + std::to_string(i) + "@file";
      r.priority = *rc::gen::element<int64_t>(INT64_MIN, -1, 0, 7, user_priority_max, INT64_MAX);
      r.precedence = *rc::gen::inRange(0, 3);
      routes.push_back(std::move(r));
    }
    const auto names = [](const RoutingTable& t) {
      std::vector<std::string> out;
      for (const RoutePtr& r : t.routes()) out.push_back(r->name);
      return out;
    };
    const RoutingTable table(routes);
    const std::vector<RoutePtr> all = table.routes();
    for (size_t i = 1; i < all.size(); ++i) {
      const Route &a = *all[i - 1], &b = *all[i];
      const bool by_number = a.priority > b.priority;
      const bool by_provider = a.priority == b.priority && a.precedence < b.precedence;
      const bool by_name =
          a.priority == b.priority && a.precedence == b.precedence && a.name < b.name;
      RC_ASSERT(by_number + by_provider + by_name == 1);
    }
    // Any other order of the same routers: swaps chosen at random.
    std::vector<Route> shuffled = routes;
    for (size_t i = shuffled.size(); i > 1; --i)
      std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<size_t>(0, i)]);
    RC_ASSERT(names(RoutingTable(std::move(shuffled))) == names(table));
  });
  EXPECT_TRUE(ok);
}

TEST(RoutingTableProperty, IndexEqualsDefinition) {
  const bool ok = rc::check("indexed match equals the naive one", [] {
    const int count = *rc::gen::inRange(0, 40);
    std::vector<Route> routes;
    for (int i = 0; i < count; ++i) {
      const bool v2 = *rc::gen::inRange(0, 4) == 0;
      Route r;
      auto parsed = parse_rule(print_rule(*gen_tree(v2, 2)), v2 ? Syntax::v2 : Syntax::v3);
      RC_ASSERT(parsed.has_value());
      r.rule = std::move(*parsed);
      r.name = "r" + std::to_string(i) + "@file";
      r.priority = *rc::gen::inRange(-2, 3);
      r.precedence = *rc::gen::inRange(0, 2);
      routes.push_back(std::move(r));
    }
    const RoutingTable table(routes);
    for (int k = 0; k < 20; ++k) {
      const Request request = gen_request();
      const RequestFacts facts = request.facts();
      const Route* wanted = naive_match(routes, facts);
      const Route* got = table.match(facts);
      RC_ASSERT((wanted == nullptr) == (got == nullptr));
      if (wanted && wanted->name != got->name)
        RC_FAIL(wanted->rule.text + " beats " + got->rule.text + " at " + request.host +
                request.path);
      // The losers are everybody else, each with a reason, and nobody who matches is said to have failed.
      const auto losers = table.losers(facts, got);
      RC_ASSERT(losers.size() + (got ? 1 : 0) == routes.size());
      for (const Loser& l : losers) {
        RC_ASSERT(!l.why.empty());
        RC_ASSERT((l.failed == nullptr) == l.route->rule.matches(facts));
        RC_ASSERT((l.beaten_by != nullptr) == (l.failed == nullptr));
        if (l.failed) RC_ASSERT(l.failed->matcher->matches(facts) == l.failed->negated);
      }
    }
  });
  EXPECT_TRUE(ok);
}

// However a table came to be what it is, it answers as one that is made of the same routes at once.
TEST(RoutingTableProperty, PatchedEqualsFresh) {
  const bool ok = rc::check("a chain of patches is the table of what is left", [] {
    int made = 0;
    const auto draw = [&made] {
      auto r = std::make_shared<Route>();
      auto parsed = parse_rule(print_rule(*gen_tree(false, 2)), Syntax::v3);
      RC_ASSERT(parsed.has_value());
      r->rule = std::move(*parsed);
      r->name = "r" + std::to_string(made++) + "@file";
      r->priority = *rc::gen::inRange(-2, 3);
      r->order = std::string(1, static_cast<char>(*rc::gen::inRange<int>('a', 'c')));
      return RoutePtr(r);
    };
    std::vector<RoutePtr> routes;
    for (int n = *rc::gen::inRange(0, 30); n > 0; --n) routes.push_back(draw());
    auto table = std::make_unique<RoutingTable>(routes);
    for (int step = *rc::gen::inRange(1, 12); step > 0; --step) {
      std::vector<RoutePtr> without, with;
      for (int n = *rc::gen::inRange(0, 4); n > 0 && !routes.empty(); --n) {
        const auto at = routes.begin() + *rc::gen::inRange<int>(0, static_cast<int>(routes.size()));
        without.push_back(*at);
        routes.erase(at);
      }
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) with.push_back(draw());
      routes.insert(routes.end(), with.begin(), with.end());
      table = std::make_unique<RoutingTable>(*table, without, with);
    }
    const RoutingTable fresh(routes);
    RC_ASSERT(table->routes() == fresh.routes());
    RC_ASSERT(table->size() == routes.size());
    for (int k = 0; k < 20; ++k) {
      const Request request = gen_request();
      RC_ASSERT(table->match(request.facts()) == fresh.match(request.facts()));
    }
  });
  EXPECT_TRUE(ok);
}

TEST(RuleProperty, PrintParsesToTheSameTree) {
  const bool ok = rc::check("print, parse, same tree", [] {
    const RuleNode tree = *gen_tree(false, 4);
    const std::string text = print_rule(tree);
    const auto back = parse_rule(text, Syntax::v3);
    RC_ASSERT(back.has_value());
    RC_ASSERT(same_tree(tree, back->root));
    RC_ASSERT(print_rule(back->root) == text);
  });
  EXPECT_TRUE(ok);
}

TEST(RuleProperty, AnyArgumentSurvivesPrinting) {
  const bool ok = rc::check("bytes in an argument", [](const std::string& bytes) {
    RC_PRE(!bytes.empty());
    RuleNode n;
    n.name = n.written = "Method";
    n.args = {bytes};
    const auto back = parse_rule(print_rule(n), Syntax::v3);
    RC_ASSERT(back.has_value());
    RC_ASSERT(same_tree(n, back->root));
  });
  EXPECT_TRUE(ok);
}

TEST(RuleProperty, NegationIsPushedToTheLeaves) {
  const bool ok = rc::check("!(rule) holds when the rule does not", [] {
    const std::string text = print_rule(*gen_tree(false, 3));
    const auto rule = parse_rule(text, Syntax::v3);
    const auto opposite = parse_rule("!(" + text + ")", Syntax::v3);
    RC_ASSERT(rule.has_value() && opposite.has_value());
    const Request request = gen_request();
    RC_ASSERT(rule->matches(request.facts()) != opposite->matches(request.facts()));
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::rules
