#include "engine/pipeline/ahead.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

constexpr size_t routers = 3 * piece_objects + 1, services = 7;

struct Counted {
  Objects objects;
  FakeRandom random{1};
  std::map<const void*, int> made;

  Counted() {
    for (size_t i = 0; i < routers; ++i)
      objects.routers["r" + std::to_string(i)].rule.value = "Host(`h" + std::to_string(i) + "`)";
    for (size_t i = 0; i < services; ++i)
      objects.services["s" + std::to_string(i)].load_balancer.emplace();
  }
  Ahead::Makers makers() {
    return {[this](const config::RouterConfig& r) {
              ++made[&r];
              return rules::parse_rule(r.rule.value, rules::Syntax::v3);
            },
            [this](const std::string& name, const config::ServiceConfig& s) -> Ahead::MadeBalancer {
              ++made[&s];
              if (name == "s3") return std::nullopt;
              return upstream::LoadBalancer::make(name, *s.load_balancer, {}, random, nullptr);
            }};
  }
};

// Holds what it is given until it is run.
struct Later final : Offload {
  std::vector<std::function<void()>> works;
  bool start(std::function<void()> work, std::function<void()>) override {
    works.push_back(std::move(work));
    return true;
  }
};

void take_all(Counted& c, Ahead& ahead) {
  for (const auto& [name, router] : c.objects.routers) {
    const auto rule = ahead.rule(router);
    ASSERT_TRUE(rule && *rule) << name;
    EXPECT_EQ((*rule)->text, router.rule.value);
    EXPECT_FALSE(ahead.rule(router)) << "each once";
  }
  for (const auto& [name, service] : c.objects.services) {
    const auto balancer = ahead.balancer(service);
    EXPECT_EQ(balancer.has_value(), name != "s3");
    EXPECT_FALSE(ahead.balancer(service));
  }
  for (const auto& [object, times] : c.made) EXPECT_EQ(times, 1);
  EXPECT_EQ(c.made.size(), routers + services);
}

TEST(Ahead, AreMadeOnceWhoeverComesFirst) {
  Counted at_once;
  Ahead inlined(at_once.objects, at_once.makers(), inline_offload());
  EXPECT_EQ(at_once.made.size(), routers + services);
  take_all(at_once, inlined);

  Later later;
  Counted alone;
  Ahead here(alone.objects, alone.makers(), later);
  take_all(alone, here);
  later.works.at(0)();
  EXPECT_EQ(alone.made.size(), routers + services) << "nothing is left for anybody else";

  Counted shared;
  Ahead both(shared.objects, shared.makers(), later);
  EXPECT_TRUE(both.rule(shared.objects.routers.at("r100")));
  later.works.at(1)();
  EXPECT_EQ(shared.made.size(), routers + services);
  EXPECT_FALSE(both.rule(shared.objects.routers.at("r100")));
}

TEST(Ahead, OfAnObjectThatIsNotAmongThemThereIsNothing) {
  Counted c;
  Ahead ahead(c.objects, c.makers(), inline_offload());
  EXPECT_FALSE(ahead.rule(config::RouterConfig()));
  EXPECT_FALSE(ahead.balancer(config::ServiceConfig()));
  Objects none;
  Ahead nothing(none, c.makers(), inline_offload());
  EXPECT_FALSE(nothing.rule(config::RouterConfig()));
}

TEST(Ahead, WhatNobodyTookIsNotMadeAfterwards) {
  Later later;
  Counted c;
  { Ahead gone(c.objects, c.makers(), later); }
  later.works.at(0)();
  EXPECT_TRUE(c.made.empty());
}

}  // namespace
}  // namespace gateproof::pipeline
