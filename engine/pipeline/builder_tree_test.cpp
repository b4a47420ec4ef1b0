// Routers in layers (catalogue 1.7): whatever the parentRefs say, the build ends, and what is served is what a naive walk allows.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/env/testing/fake.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {
namespace {

struct Layers {
  gateproof::testing::FakeWorld world;
  config::DynamicConfig dynamics;
  config::StaticConfig statics;

  Layers() {
    config::EntryPointConfig web;
    web.address.value = ":80";
    statics.entry_points["web"] = web;
  }
  config::RouterConfig& router(const std::string& name, std::vector<std::string> parents,
                               std::string service) {
    config::RouterConfig& r = dynamics.routers[name + "@file"];
    r.rule.value = "PathPrefix(`/`)";
    r.service.value = std::move(service);
    for (std::string& p : parents) r.parent_refs.push_back({std::move(p), {}});
    return r;
  }
  std::shared_ptr<Snapshot> build() {
    BuildInputs in{std::make_shared<const config::StaticConfig>(statics),
                   std::make_shared<const config::DynamicConfig>(dynamics), world.clock,
                   world.random, "h"};
    return build_snapshot(in);
  }
};

std::string all_errors(const Snapshot& s, const std::string& name) {
  return text::join(s.routers.at(name + "@file")->errors, "; ");
}

TEST(Tree, ParentsAndTheirStatuses) {
  Layers l;
  l.router("root", {}, "");
  l.router("a", {"root", "root@file"}, "noop@internal");  // the same parent twice is one
  l.router("b", {"root", "gone"}, "noop@internal");
  l.router("c", {"gone"}, "noop@internal");
  l.router("d", {"root"}, "");
  l.router("me", {"me"}, "noop@internal");
  l.router("lonely", {}, "");
  const auto s = l.build();
  EXPECT_EQ(all_errors(*s, "root"), "");
  EXPECT_TRUE(s->routers.at("root@file")->served);
  EXPECT_EQ(s->routers.at("a@file")->parents, std::vector<std::string>{"root@file"});
  EXPECT_EQ(all_errors(*s, "b"), "parent router \"gone@file\" does not exist");
  EXPECT_EQ(all_errors(*s, "c"),
            "parent router \"gone@file\" does not exist; router is not reachable");
  EXPECT_EQ(all_errors(*s, "d"), "router has no service and no child routers");
  EXPECT_EQ(all_errors(*s, "me"), "router is not reachable");
  EXPECT_EQ(all_errors(*s, "lonely"),
            "router has no service and no child routers; router must have either a service or "
            "child routers");
}

TEST(Tree, OptionsOfRootsOnChildren) {
  Layers l;
  l.router("root", {}, "");
  l.router("tls", {"root"}, "noop@internal").tls.emplace();
  l.router("seen", {"root"}, "noop@internal").has_observability = true;
  l.router("placed", {"root"}, "noop@internal").entry_points.push_back({"web", {}});
  const auto s = l.build();
  EXPECT_EQ(all_errors(*s, "tls"), "non-root router cannot have TLS configuration");
  EXPECT_EQ(all_errors(*s, "seen"), "non-root router cannot have Observability configuration");
  EXPECT_EQ(all_errors(*s, "placed"), "non-root router cannot have Entrypoints configuration");
  // The child with TLS and no entry points is not counted, as in Traefik.
  EXPECT_EQ(all_errors(*s, "root"),
            "building child routers muxer: no child routers could be added to muxer (2 skipped)");
}

TEST(Tree, ADisabledRootServesItsChildren) {
  Layers l;
  l.router("root", {}, "noop@internal");
  l.router("child", {"root"}, "noop@internal");
  const auto s = l.build();
  EXPECT_EQ(s->routers.at("root@file")->status, Status::disabled);
  EXPECT_TRUE(s->routers.at("root@file")->served && s->routers.at("child@file")->served);
}

TEST(Tree, AParentBeyondTheLimitLeavesItsChildrenAlone) {
  Layers l;
  l.router("root", {}, "").priority.value = 9223372036854774808;
  l.router("child", {"root"}, "nope");
  l.router("low", {}, "");
  l.router("both", {"root", "low"}, "nope");
  const auto s = l.build();
  EXPECT_EQ(s->routers.at("root@file")->status, Status::disabled);
  EXPECT_EQ(all_errors(*s, "child"), "");
  EXPECT_EQ(all_errors(*s, "both"), "the service \"nope@file\" does not exist");
}

TEST(Tree, LostParentsAreLeftOutBesideAModel) {
  Layers l;
  l.statics.entry_points.at("web").encoded_characters.emplace();
  l.router("root", {}, "");
  l.router("partly", {"root", "nobody"}, "noop@internal");
  l.router("lost", {"nobody"}, "noop@internal");
  l.router("placed", {"nobody"}, "noop@internal").entry_points.push_back({"web", {}});
  const auto s = l.build();
  EXPECT_EQ(all_errors(*s, "partly"), "");
  EXPECT_EQ(all_errors(*s, "lost"), "no valid entryPoint for this router");
  EXPECT_TRUE(s->routers.at("placed@file")->served);
}

TEST(Tree, AnyParentsEndInATreeOfReachableRouters) {
  rc::check("parentRefs of every shape", [] {
    const size_t n = *rc::gen::inRange<size_t>(1, 9);
    Layers l;
    std::map<std::string, std::set<std::string>> parents;
    for (size_t i = 0; i < n; ++i) {
      const std::string name = "r" + std::to_string(i);
      const auto refs = *rc::gen::container<std::set<size_t>>(rc::gen::inRange<size_t>(0, n + 1));
      std::vector<std::string> names;
      for (size_t p : refs) names.push_back("r" + std::to_string(p));
      for (const std::string& p : names) parents[name].insert(p);
      l.router(name, names, *rc::gen::arbitrary<bool>() ? "noop@internal" : "");
    }
    // Naive: reached from a router without parents, by existing edges.
    std::set<std::string> reached;
    for (size_t round = 0; round <= n; ++round) {
      for (size_t i = 0; i < n; ++i) {
        const std::string name = "r" + std::to_string(i);
        const auto& up = parents[name];
        const bool from = std::any_of(up.begin(), up.end(),
                                      [&](const std::string& p) { return reached.contains(p); });
        if (up.empty() || from) reached.insert(name);
      }
    }
    const auto s = l.build();
    for (size_t i = 0; i < n; ++i) {
      const std::string name = "r" + std::to_string(i);
      const RouterInfo& info = *s->routers.at(name + "@file");
      const bool lost = std::find(info.errors.begin(), info.errors.end(),
                                  "router is not reachable") != info.errors.end();
      RC_ASSERT(lost == !reached.contains(name));
      if (lost) RC_ASSERT(!info.served);
      // A child is served only when clean; a root with a service of its own is the one exception.
      if (info.served && !parents[name].empty()) RC_ASSERT(info.status == Status::enabled);
    }
  });
}

}  // namespace
}  // namespace gateproof::pipeline
