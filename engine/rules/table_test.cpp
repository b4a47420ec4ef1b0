#include "engine/rules/table.h"

#include <gtest/gtest.h>

#include "engine/rules/index.h"

namespace gateproof::rules {
namespace {

Route route(std::string name, std::string_view rule, int64_t priority = 0) {
  Route r;
  auto parsed = parse_rule(rule, Syntax::v3);
  EXPECT_TRUE(parsed) << rule;
  r.rule = std::move(*parsed);
  r.name = std::move(name);
  const Priority p = effective_priority(rule, priority);
  r.priority = p.value;
  r.automatic = p.automatic;
  r.precedence = provider_rank(r.name);
  r.rule_span = {std::make_shared<const std::string>("routes.yml"), 7, 13, 0};
  return r;
}

RequestFacts facts(std::string_view host, std::string_view path) {
  RequestFacts f;
  f.host = host;
  f.path = path;
  f.method = "GET";
  return f;
}

std::string winner(const RoutingTable& t, std::string_view host, std::string_view path) {
  const Route* r = t.match(facts(host, path));
  return r ? r->name : "";
}

TEST(RoutingTable, LongerRuleWinsNegativeLoses) {  // surprise 8
  std::vector<Route> routes;
  routes.push_back(route("specific@file", "Host(`neg.test`) && PathPrefix(`/aaaaaaaaaaaaaa`)", -5));
  routes.push_back(route("plain@file", "Host(`neg.test`)"));
  const RoutingTable t(std::move(routes));
  EXPECT_EQ(winner(t, "neg.test", "/aaaaaaaaaaaaaa"), "plain@file");
}

TEST(RoutingTable, OrderIsPriorityThenProviderThenName) {
  std::vector<Route> routes;
  routes.push_back(route("b@file", "Path(`/x`)"));
  routes.push_back(route("a@file", "Path(`/x`)"));
  routes.push_back(route("z@kubernetescrd", "Path(`/x`)"));
  routes.push_back(route("c@file", "PathPrefix(`/`)"));
  const RoutingTable t(std::move(routes));
  std::vector<std::string> names;
  for (const RoutePtr& r : t.routes()) names.push_back(r->name);
  EXPECT_EQ(names, (std::vector<std::string>{"c@file", "z@kubernetescrd", "a@file", "b@file"}));
  EXPECT_EQ(winner(t, "", "/x"), "c@file");
}

TEST(RoutingTable, LosersSayWhy) {
  std::vector<Route> routes;
  routes.push_back(route("win@file", "Host(`a.test`) && PathPrefix(`/api`)"));
  routes.push_back(route("short@file", "Host(`a.test`)"));
  routes.push_back(route("path@file", "Host(`a.test`) && PathPrefix(`/x`)", 3));
  routes.push_back(route("header@file", "Host(`a.test`) && Header(`X-A`, `1`)", 2));
  routes.push_back(route("negated@file", "!Host(`a.test`)", 1));
  routes.push_back(
      route("far@file", "Host(`b.test`) && Path(`/q`) || Host(`a.test`) && Path(`/z`)", -1));
  const RoutingTable t(std::move(routes));
  const RequestFacts f = facts("a.test", "/api/users");
  const Route* w = t.match(f);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->name, "win@file");
  std::map<std::string, const Loser*> by;
  const auto losers = t.losers(f, w);
  for (const Loser& l : losers) by[l.route->name] = &l;
  EXPECT_EQ(by["short@file"]->why, "priority 14 < 36 of win@file");
  EXPECT_EQ(by["short@file"]->beaten_by, w);
  EXPECT_EQ(by["path@file"]->why, "PathPrefix(`/x`) does not match path /api/users");
  EXPECT_EQ(by["path@file"]->span.to_string(), "routes.yml:7:31");
  EXPECT_EQ(by["header@file"]->why, "Header(`X-A`, `1`) does not match: header X-A is absent");
  EXPECT_EQ(by["negated@file"]->why, "!Host(`a.test`) does not hold: host a.test matches");
  // The alternative that got furthest is the one that a person would mend.
  EXPECT_EQ(by["far@file"]->why, "Path(`/z`) does not match path /api/users");
}

TEST(RoutingTable, TiesAreExplained) {
  std::vector<Route> routes;
  routes.push_back(route("a@file", "Path(`/x`)"));
  routes.push_back(route("b@file", "Path(`/x`)"));
  routes.push_back(route("a@docker", "Path(`/x`)"));
  const RoutingTable t(std::move(routes));
  const RequestFacts f = facts("", "/x");
  const auto losers = t.losers(f, t.match(f));
  ASSERT_EQ(losers.size(), 2u);
  EXPECT_EQ(losers[0].why,
            "priority 10 = 10 of a@docker, whose provider comes first in providers.precedence");
  const std::vector<RoutePtr> same = {t.routes()[1], t.routes()[2]};
  const RoutingTable equal(same);
  EXPECT_EQ(equal.losers(f, equal.match(f))[0].why,
            "priority 10 = 10 of a@file, whose name sorts first (Traefik leaves the order of "
            "equals open)");
}

TEST(RoutingTable, EmptyTableMatchesNothing) {
  const RoutingTable t(std::vector<RoutePtr>{});
  EXPECT_EQ(t.match(facts("a", "/")), nullptr);
  EXPECT_TRUE(t.losers(facts("a", "/"), nullptr).empty());
}

TEST(RoutingTable, PatchesAreBounded) {
  const auto shared = [](std::string name) {
    return std::make_shared<const Route>(route(std::move(name), "Path(`/x`)"));
  };
  const auto some = [&](const char* prefix, size_t n) {
    std::vector<RoutePtr> out;
    for (size_t i = 0; i < n; ++i) out.push_back(shared(prefix + std::to_string(i) + "@file"));
    return out;
  };
  const std::vector<RoutePtr> old = some("old", 3);
  const RoutingTable table(old);
  EXPECT_FALSE(RoutingTable(table, {}, {}).patched());
  EXPECT_TRUE(RoutingTable(table, {}, some("new", table_patch_max)).patched());
  const RoutingTable anew(table, {}, some("new", table_patch_max + 1));
  EXPECT_FALSE(anew.patched());
  EXPECT_EQ(anew.size(), table_patch_max + 4);
  // Routes that are gone count as well.
  EXPECT_TRUE(RoutingTable(table, {old[0]}, some("new", table_patch_max - 1)).patched());
  EXPECT_FALSE(RoutingTable(table, {old[0]}, some("new", table_patch_max)).patched());
  // One that is not there is not missed.
  EXPECT_EQ(RoutingTable(table, {shared("none@file")}, {}).size(), 3u);
}

// How many rules the index makes a request ask, among ten thousand.
TEST(RouteIndex, AsksFewRoutes) {
  struct Row {
    std::string_view what;
    std::function<std::string(int)> rule;
    std::string host, path;
  };
  const auto n = [](int i) { return std::to_string(i); };
  const Row rows[] = {
      {"hosts", [&](int i) { return "Host(`h" + n(i) + ".test`) && PathPrefix(`/api`)"; },
       "h77.test", "/api/x"},
      {"paths", [&](int i) { return "Host(`a.test`) && PathPrefix(`/p" + n(i) + "/`)"; }, "a.test",
       "/p77/x"},
      {"paths only", [&](int i) { return "PathPrefix(`/p" + n(i) + "/`)"; }, "a.test", "/p77/x"},
      {"alternatives",
       [&](int i) { return "(Host(`a" + n(i) + "`) || Host(`b" + n(i) + "`)) && Path(`/x`)"; },
       "b77", "/x"},
      {"wildcards", [&](int i) { return "Host(`*.h" + n(i) + ".test`)"; }, "x.h77.test", "/"},
  };
  for (const Row& row : rows) {
    RouteIndex index;
    std::vector<Rule> rules;
    for (int i = 0; i < 10000; ++i) {
      rules.push_back(*parse_rule(row.rule(i), Syntax::v3));
      index.add(static_cast<uint32_t>(i), index_alternatives(rules.back().root));
    }
    index.finish();
    int asked = 0;
    const RequestFacts f = facts(row.host, row.path);
    const uint32_t found = index.lowest(f.host, f.path, [&](uint32_t i) {
      ++asked;
      return rules[i].matches(f);
    });
    EXPECT_EQ(found, 77u) << row.what;
    EXPECT_LE(asked, 2) << row.what;
  }
}

TEST(RouteIndex, AlternativesAreBounded) {
  const auto many = [](size_t n) {
    std::string rule = "Host(`h0`)";
    for (size_t i = 1; i < n; ++i) rule += " || Host(`h" + std::to_string(i) + "`)";
    return index_alternatives(parse_rule(rule, Syntax::v3)->root).size();
  };
  EXPECT_EQ(many(1), 1u);
  EXPECT_EQ(many(index_alternatives_max), index_alternatives_max);
  EXPECT_EQ(many(index_alternatives_max + 1), 0u);  // asked always
}

}  // namespace
}  // namespace gateproof::rules
