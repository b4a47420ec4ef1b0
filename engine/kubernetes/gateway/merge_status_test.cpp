#include "engine/kubernetes/gateway/merge_status.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

namespace gateproof::kubernetes::gateway {
namespace {

using nlohmann::json;

constexpr const char* controller = "gateproof.dev/gateway-controller";
constexpr int64_t may_first = 1714564800;  // 2024-05-01T12:00:00Z

std::optional<std::string> merge(const json& existing, const json& wanted, int64_t generation = 1,
                                 int64_t now = may_first) {
  const StatusUpdate update{
      {std::string(gateway_group), "HTTPRoute", "infra", "r"}, generation, wanted.dump()};
  return merge_status(existing.dump(), update, controller, now);
}
json merged(const json& existing, const json& wanted, int64_t generation = 1,
            int64_t now = may_first) {
  return json::parse(merge(existing, wanted, generation, now).value_or(existing.dump()));
}
json condition(const char* type, const char* status, const char* since = nullptr,
               int64_t generation = 1) {
  json c = {{"type", type},
            {"status", status},
            {"reason", "R"},
            {"message", "m"},
            {"observedGeneration", generation}};
  if (since) c["lastTransitionTime"] = since;
  return c;
}
json parent(const char* name, const char* by, json conditions) {
  return {
      {"parentRef", {{"group", "gateway.networking.k8s.io"}, {"kind", "Gateway"}, {"name", name}}},
      {"controllerName", by},
      {"conditions", std::move(conditions)}};
}

TEST(MergeStatus, TimesAreWholeSecondsInUtc) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(rfc3339(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(rfc3339(may_first), "2024-05-01T12:00:00Z");
}

TEST(MergeStatus, AFirstStatusHasTheTimeOfNow) {
  const json out = merged(nullptr, {{"conditions", {condition("Accepted", "True")}}});
  EXPECT_EQ(out["conditions"][0]["lastTransitionTime"], "2024-05-01T12:00:00Z");
}

TEST(MergeStatus, TheTimeMovesWithTheStatusOnly) {
  const json before = {{"conditions", {condition("Accepted", "True", "2020-01-01T00:00:00Z")}}};
  const json same =
      merged(before, {{"conditions", {condition("Accepted", "True", nullptr, 2)}}}, 2);
  EXPECT_EQ(same["conditions"][0]["lastTransitionTime"], "2020-01-01T00:00:00Z");
  EXPECT_EQ(same["conditions"][0]["observedGeneration"], 2);
  const json other = merged(before, {{"conditions", {condition("Accepted", "False")}}});
  EXPECT_EQ(other["conditions"][0]["lastTransitionTime"], "2024-05-01T12:00:00Z");
}

TEST(MergeStatus, NothingIsWrittenWhenNothingChanged) {
  const json wanted = {{"conditions", {condition("Accepted", "True")}},
                       {"listeners",
                        {{{"name", "a"},
                          {"attachedRoutes", 1},
                          {"conditions", {condition("Programmed", "True")}}}}}};
  const json first = merged(nullptr, wanted);
  EXPECT_EQ(merge(first, wanted, 1, may_first + 1000), std::nullopt);
}

TEST(MergeStatus, ConditionsOfOthersStayAsTheyAreAndEndedOnesOfOursGo) {
  const json foreign = condition("example.com/Seeded", "True", "2020-01-01T00:00:00Z");
  const json before = {
      {"conditions", {foreign, condition("InsecureFrontendValidationMode", "True", "x")}},
      {"listeners",
       {{{"name", "a"}, {"conditions", {foreign, condition("Conflicted", "True", "x")}}},
        {{"name", "gone"}, {"conditions", {foreign}}}}}};
  const json out = merged(
      before, {{"conditions", {condition("Accepted", "True")}},
               {"listeners", {{{"name", "a"}, {"conditions", {condition("Accepted", "True")}}}}}});
  ASSERT_EQ(out["conditions"].size(), 2u);
  EXPECT_EQ(out["conditions"][0], foreign);
  EXPECT_EQ(out["conditions"][1]["type"], "Accepted");
  ASSERT_EQ(out["listeners"].size(), 1u);
  EXPECT_EQ(out["listeners"][0]["conditions"][0], foreign);
  EXPECT_EQ(out["listeners"][0]["conditions"].size(), 2u);
}

TEST(MergeStatus, ParentsOfOtherControllersStayAndOursThatEndedGo) {
  const json foreign = parent("theirs", "example.com/other",
                              {condition("Accepted", "True", "2020-01-01T00:00:00Z")});
  const json before = {
      {"parents",
       {parent("gone", controller, {condition("Accepted", "True", "x")}), foreign,
        parent("web", controller, {condition("Accepted", "True", "2020-01-01T00:00:00Z")})}}};
  // The namespace that is written is the route's own, and what is absent means the same.
  json ours = parent("web", controller, {condition("Accepted", "True")});
  ours["parentRef"]["namespace"] = "infra";
  const json out = merged(before, {{"parents", {ours}}});
  ASSERT_EQ(out["parents"].size(), 2u);
  EXPECT_EQ(out["parents"][0], foreign);
  EXPECT_EQ(out["parents"][1]["conditions"][0]["lastTransitionTime"], "2020-01-01T00:00:00Z");
  EXPECT_EQ(out["parents"][1]["parentRef"], ours["parentRef"]);
  EXPECT_EQ(merged(before, {{"parents", json::array()}})["parents"], json::array({foreign}));
}

TEST(MergeStatus, TheSectionAndPortTellParentsApart) {
  json a = parent("web", controller, {condition("Accepted", "True")}), b = a;
  b["parentRef"]["sectionName"] = "http";
  json c = b;
  c["parentRef"]["port"] = 80;
  const json first = merged(nullptr, {{"parents", {a, b, c}}});
  EXPECT_EQ(first["parents"].size(), 3u);
  EXPECT_EQ(merge(first, {{"parents", {c, b, a}}}), std::nullopt);
}

TEST(MergeStatus, ListsEndAtTheApisSizeAndOthersComeFirst) {
  for (const auto& [list, limit] :
       {std::pair<const char*, size_t>{"parents", parents_max}, {"ancestors", ancestors_max}}) {
    const std::string ref = std::string(list) == "parents" ? "parentRef" : "ancestorRef";
    const auto entries = [&](const char* by, size_t n) {
      json out = json::array();
      for (size_t i = 0; i < n; ++i) {
        out.push_back({{ref, {{"name", by + std::to_string(i)}}},
                       {"controllerName", by},
                       {"conditions", {condition("Accepted", "True")}}});
      }
      return out;
    };
    for (const size_t n : {size_t(0), limit, limit + 1}) {
      const json out = merged(nullptr, {{list, entries(controller, n)}});
      EXPECT_EQ(out[list].size(), std::min(n, limit)) << list;
    }
    const json full = {{list, entries("example.com/x", limit)}};
    EXPECT_EQ(merge(full, {{list, entries(controller, 2)}}), std::nullopt);
    const json almost = {{list, entries("example.com/x", limit - 1)}};
    EXPECT_EQ(merged(almost, {{list, entries(controller, 2)}})[list].size(), limit);
  }
}

TEST(MergeStatus, TwoListenersOfOneNameAreToldApart) {
  const auto listener = [](const char* status) {
    return json{{"name", "a"}, {"conditions", {condition("Accepted", status)}}};
  };
  const json wanted = {{"listeners", {listener("True"), listener("False")}}};
  EXPECT_EQ(merge(merged(nullptr, wanted), wanted, 1, may_first + 9), std::nullopt);
}

TEST(MergeStatus, ALateUpdateLeavesNewerConditions) {
  const json before = {{"conditions", {condition("Accepted", "False", "x", 5)}}};
  EXPECT_EQ(merge(before, {{"conditions", {condition("Accepted", "True", nullptr, 4)}}}, 4),
            std::nullopt);
}

TEST(MergeStatus, MembersThatEndedGoAndUnknownOnesStay) {
  const json before = {{"addresses", {{{"value", "127.80.0.1"}}}}, {"x", 1}};
  EXPECT_EQ(merged(before, {{"attachedListenerSets", 0}}),
            json({{"attachedListenerSets", 0}, {"x", 1}}));
}

TEST(MergeStatus, WhatIsNoStatusIsReplaced) {
  for (const char* text :
       {"", "null", "[]", "{", "{\"conditions\": 1, \"parents\": {}}",
        "{\"conditions\": [1, {}], \"parents\": [2, {\"controllerName\": 3}]}"}) {
    const StatusUpdate update{{"", "", "infra", "r"},
                              1,
                              json{{"conditions", {condition("Accepted", "True")}},
                                   {"parents", {parent("web", controller, json::array())}}}
                                  .dump()};
    const auto out = merge_status(text, update, controller, may_first);
    ASSERT_TRUE(out) << text;
    EXPECT_NE(out->find("\"Accepted\""), std::string::npos) << text;
  }
}

TEST(MergeStatus, MergingTwiceChangesNothingMore) {
  EXPECT_TRUE(rc::check([] {
    const auto some = [] {
      json conditions = json::array(), parents = json::array();
      for (const char* type : {"Accepted", "Programmed", "Conflicted", "x/Y"}) {
        const char* status = *rc::gen::element("", "True", "False");
        if (*status) conditions.push_back(condition(type, status, "x"));
      }
      for (const char* name : {"a", "b", "c"}) {
        const char* by = *rc::gen::element("", controller, "example.com/x");
        if (*by) parents.push_back(parent(name, by, conditions));
      }
      return json{{"conditions", conditions}, {"parents", parents}};
    };
    json wanted = some();
    std::erase_if(wanted["parents"].get_ref<json::array_t&>(),
                  [](const json& p) { return p["controllerName"] != controller; });
    const json once = merged(some(), wanted);
    RC_ASSERT(merge(once, wanted, 1, may_first + 5) == std::nullopt);
  }));
}

}  // namespace
}  // namespace gateproof::kubernetes::gateway
