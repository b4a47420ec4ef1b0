// The client of an API server in virtual time: whatever happens on the way, it ends with what a fresh list says.
#include "engine/sim/kube_follow_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;

TEST_F(Follow, ListsThenWatches) {
  rig->host.put(things, "a", "one", value(1));
  rig->host.put(secrets, "a", "s", value(2));
  begin();
  EXPECT_FALSE(follower->synced());
  rig->pass(1s);
  EXPECT_TRUE(follower->synced());
  EXPECT_EQ(state, model());
  rig->host.put(things, "a", "one", value(3));
  rig->host.put(things, "b", "two", value(4));
  rig->host.remove(secrets, "a", "s");
  rig->pass(100ms);
  EXPECT_EQ(state, model());
  EXPECT_EQ(reflector().lists(), 1u);
  EXPECT_EQ(reflector().watches(), 1u);
  EXPECT_EQ(told, 5);
}

TEST_F(Follow, AListComesInPages) {
  for (int i = 0; i < 1201; ++i) rig->host.put(things, "a", "n" + std::to_string(i), value(1));
  begin();
  rig->pass(1s);
  EXPECT_EQ(state.size(), 1201u);
  EXPECT_EQ(rig->host.requests("things?limit=500"), 3u);
}

TEST_F(Follow, AWatchThatEndsIsResumedWithoutAList) {
  begin();
  rig->pass(6s);
  for (int i = 0; i < 3; ++i) {
    rig->host.down();
    rig->host.up();
    rig->pass(20s);
    rig->host.put(things, "a", "n" + std::to_string(i), value(1));
    rig->pass(1s);
    EXPECT_EQ(state, model());
  }
  EXPECT_EQ(reflector().lists(), 1u);
  EXPECT_EQ(reflector().watches(), 4u);
}

TEST_F(Follow, GoneVersionsLeadToAListAnew) {
  rig->host.put(things, "a", "stays", value(1));
  rig->host.put(things, "a", "goes", value(1));
  begin();
  rig->pass(10s);
  rig->host.down();
  rig->host.remove(things, "a", "goes");
  rig->host.put(things, "a", "comes", value(2));
  rig->host.forget_history();
  rig->host.up();
  rig->pass(30s);
  EXPECT_EQ(state, model());
  EXPECT_EQ(gone, std::vector<std::string>{"Thing a/goes"});
  EXPECT_EQ(reflector().lists(), 2u);
}

TEST_F(Follow, AServerWithANewHistoryIsFollowed) {
  for (int i = 0; i < 300; ++i) rig->host.put(things, "a", "n" + std::to_string(i % 7), value(i));
  begin();
  rig->pass(10s);
  rig->host.down();
  rig->host.start_anew();
  rig->host.put(things, "a", "n3", value(1000));
  rig->host.up();
  rig->pass(60s);
  rig->host.put(things, "a", "n4", value(1001));
  rig->pass(60s);
  EXPECT_EQ(state, model());
  EXPECT_TRUE(gone.empty());
}

TEST_F(Follow, AnAbsentKindIsLookedForAgainAndHoldsNobodyUp) {
  rig->host.kinds[things].served = false;
  rig->host.put(secrets, "a", "s", value(1));
  begin();
  rig->pass(1s);
  EXPECT_TRUE(follower->synced());
  EXPECT_EQ(reflector().state(), KubeReflector::State::absent);
  EXPECT_EQ(state.size(), 1u);
  rig->host.kinds[things].served = true;
  rig->host.put(things, "a", "one", value(1));
  rig->pass(11s);
  EXPECT_EQ(state, model());
  EXPECT_TRUE(logged("no such kind"));
}

TEST_F(Follow, AnotherVersionOfAKindIsTaken) {
  rig->host.kinds[things].served = false;
  const std::string beta = "/apis/example.com/v1beta1/things";
  rig->host.put(beta, "a", "one", value(7));
  begin();
  rig->pass(1s);
  EXPECT_EQ(state["Thing a/one"], "7");
  rig->host.put(beta, "a", "one", value(8));
  rig->pass(1s);
  EXPECT_EQ(state["Thing a/one"], "8");
}

// A starting server does not know its CRDs at once.
TEST_F(Follow, AKindThatIsGoneKeepsItsObjectsForAGrace) {
  rig->host.put(things, "a", "one", value(1));
  begin();
  rig->pass(10s);
  rig->host.down();
  rig->host.kinds[things].served = false;
  rig->host.up();
  rig->pass(5s);
  EXPECT_EQ(state.size(), 1u);
  rig->host.kinds[things].served = true;
  rig->pass(60s);
  EXPECT_TRUE(gone.empty());
  rig->host.down();
  rig->host.kinds[things].served = false;
  rig->host.up();
  rig->pass(60s);
  EXPECT_EQ(gone, std::vector<std::string>{"Thing a/one"});
}

TEST_F(Follow, WhatWeMayNotSeeHoldsNobodyUp) {
  rig->host.script = [](const KubeHost::Seen& seen, std::string& answer) {
    if (seen.line.find("secrets") == std::string::npos) return false;
    answer = "HTTP/1.1 403 F\r\nContent-Length: 9\r\n\r\nforbidden";
    return true;
  };
  rig->host.put(things, "a", "one", value(1));
  begin();
  rig->pass(1s);
  EXPECT_TRUE(follower->synced());
  EXPECT_EQ(reflector(1).state(), KubeReflector::State::refused);
  EXPECT_TRUE(logged("secrets: cannot be listed: 403 forbidden"));
  rig->host.script = {};
  rig->host.put(secrets, "a", "s", value(1));
  rig->pass(60s);
  EXPECT_EQ(state, model());
}

TEST_F(Follow, NothingIsWholeWhileTheServerIsAway) {
  rig->host.down();
  begin();
  rig->pass(5min);
  EXPECT_FALSE(follower->synced());
  EXPECT_TRUE(logged("cannot be listed"));
  EXPECT_LT(reflector().lists(), 30u) << "tries become rarer";
  rig->host.up();
  rig->pass(60s);
  EXPECT_TRUE(follower->synced());
}

TEST_F(Follow, ATokenThatWasRotatedIsUsedAtTheNextConnection) {
  rig->access.token = rig->host.token = "old";
  begin();
  rig->pass(20s);
  EXPECT_TRUE(follower->synced());
  rig->host.token = "new";
  rig->host.down();
  rig->host.up();
  rig->pass(20s);
  EXPECT_TRUE(logged("401"));
  rig->access.token = "new";
  rig->host.put(things, "a", "one", value(1));
  rig->pass(60s);
  EXPECT_EQ(state, model());
  EXPECT_EQ(rig->host.seen.back().authorization, "Bearer new");
}

// 64 MiB are the most of one page: 500 objects of 200 KiB are too many for it.
TEST_F(Follow, APageThatIsTooLargeIsAskedForInSmallerOnes) {
  rig->host.page_bytes = 200 << 10;
  for (int i = 0; i < 400; ++i) rig->host.put(things, "a", "n" + std::to_string(i), value(1));
  begin();
  rig->pass(60s);
  EXPECT_EQ(state.size(), 400u);
  EXPECT_GT(rig->host.requests("things?limit=62"), 5u);
}

TEST_F(Follow, ObjectsAreBounded) {
  std::vector<KubeSelection> some = selections();
  some[0].objects_max = 3;
  for (int i = 0; i < 3; ++i) rig->host.put(things, "a", "n" + std::to_string(i), value(1));
  begin(some);
  rig->pass(10s);
  EXPECT_EQ(state, model()) << "at the limit";
  rig->host.put(things, "a", "n3", value(1));
  rig->pass(60s);
  EXPECT_EQ(state.size(), 3u) << "one over";
  EXPECT_TRUE(logged("more than 3 objects"));
  rig->host.remove(things, "a", "n0");
  rig->pass(2min);
  EXPECT_EQ(state, model());
}

TEST_F(Follow, AnObjectThatCannotBeReadCostsOnlyItself) {
  rig->host.put(things, "a", "good", value(1));
  rig->host.put(things, "a", "bad", R"("kind":"Other")");
  begin();
  rig->pass(1s);
  rig->host.put(things, "a", "worse", R"("kind":"Other")");
  rig->host.put(things, "a", "later", value(2));
  rig->pass(1s);
  EXPECT_EQ(state,
            (std::map<std::string, std::string>{{"Thing a/good", "1"}, {"Thing a/later", "2"}}));
}

TEST_F(Follow, AChangeOfTheStatusAloneIsToldAsSuch) {
  rig->host.put(things, "a", "one", value(1));
  begin();
  rig->pass(1s);
  std::vector<bool> changed;
  rig->host.put(things, "a", "one", value(1) + R"(,"status":{"x":1})");
  rig->pass(1s);
  EXPECT_EQ(told, 2);
}

// Everything at once, and then peace: the state is the model's, and nothing that stayed was ever told as gone.
class Torture : public Follow {
 protected:
  std::set<std::string> removed;  // that the model removed at some time
  uint64_t values = 0;

  void step(RandomStream& random) {
    const std::string& path = random.below(3) == 0 ? secrets : things;
    const std::string ns = random.below(2) ? "a" : "b";
    const std::string name = "n" + std::to_string(random.below(12));
    KubeHost& host = rig->host;
    const bool there = host.kinds[path].objects.contains({ns, name});
    if (there && random.below(3) == 0) {
      host.remove(path, ns, name);
      removed.insert((path == things ? "Thing " : "Secret ") + ns + "/" + name);
    } else {
      host.put(path, ns, name, value(++values));
    }
    switch (random.below(60)) {
      case 0: host.down(); break;
      case 1:
        host.down();
        host.forget_history();
        host.up();
        break;
      case 2: host.compact(random.below(20)); break;
      case 3:
        host.down();
        host.start_anew();
        host.up();
        break;
      case 4: host.up(); break;
      default: break;
    }
  }
  void run(uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed);
    rig->host.faults = {.cut = 20,
                        .twice = 6,
                        .reorder = 4,
                        .refuse = 9,
                        .hang_up = 9,
                        .expire = 12,
                        .garbage = 60,
                        .vanish = 30};
    rig->host.bookmarks = random.below(2) == 0;
    rig->transport.link.segment_bytes_max = 1 + random.below(300);
    for (int i = 0; i < 8; ++i) step(random);
    begin();
    for (int i = 0; i < 250; ++i) {
      step(random);
      rig->pass(Duration(random.below(random.below(8) == 0 ? 4'000'000'000 : 100'000'000)));
      if (random.below(4) == 0) rig->host.up();
    }
    rig->host.faults = {};
    rig->host.up();
    rig->pass(5min);
    EXPECT_TRUE(follower->synced());
    EXPECT_EQ(state, model());
    for (const std::string& name : gone) EXPECT_TRUE(removed.contains(name)) << name;
  }
};

TEST_F(Torture, EndsWithWhatAFreshListSays) {
  for (uint64_t seed = 1; seed <= 150 && !HasFailure(); ++seed) {
    TearDown();
    follower.reset();
    make(seed);
    state.clear();
    gone.clear();
    removed.clear();
    log.clear();
    run(seed);
  }
}

}  // namespace
}  // namespace gateproof::sim
