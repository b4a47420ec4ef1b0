// CNAME flattening (catalogue 1.4): records are followed to the depth, and remembered for the life of the first.
#include "engine/pipeline/host_flattener.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

class Names final : public Resolver {
 public:
  std::map<std::string, CanonicalName> records;
  std::vector<std::string> asked;
  bool broken = false;
  Task<Result<std::vector<IpAddress>>> resolve(std::string) override {
    co_return std::vector<IpAddress>();
  }
  Task<Result<std::optional<CanonicalName>>> canonical_name(std::string host,
                                                            std::string) override {
    asked.push_back(host);
    if (broken) co_return Error(Code::io, Source::upstream, "no file");
    const auto found = records.find(host);
    if (found == records.end()) co_return std::optional<CanonicalName>();
    co_return std::optional<CanonicalName>(found->second);
  }
};

class Flatten : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;
  Names names;
  std::optional<HostFlattener> flattener;

  void SetUp() override { use({}); }
  void use(config::HostResolverConfig config) { flattener.emplace(config, world.clock); }
  Task<void> ask(std::string host, std::string* out) {
    *out = co_await flattener->flatten(names, std::move(host));
  }
  std::string of(const std::string& host) {
    std::string out;
    auto task = ask(host, &out);
    EXPECT_TRUE(task.start_root(world.scheduler, "test"));
    return out;
  }
};

TEST_F(Flatten, FollowsRecordsToTheDepth) {
  for (char c = 'a'; c < 'h'; ++c)
    names.records[std::string(1, c)] = {std::string(1, char(c + 1)), std::chrono::seconds(9)};
  EXPECT_EQ(of("a"), "f");  // five records
  use({true, "", 1});
  EXPECT_EQ(of("a"), "b");
  use({true, "", 0});
  EXPECT_EQ(of("a"), "a");
  names.records["loop"] = {"loop", std::chrono::seconds(9)};
  use({});
  names.asked.clear();
  EXPECT_EQ(of("loop"), "loop");
  EXPECT_EQ(names.asked.size(), 5u);
}

TEST_F(Flatten, RemembersForTheLifeOfTheFirstRecord) {
  names.records["a"] = {"b", std::chrono::seconds(60)};
  names.records["b"] = {"c", std::chrono::seconds(1)};
  EXPECT_EQ(of("a"), "c");
  names.records["a"] = {"x", std::chrono::seconds(60)};
  world.clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(of("a"), "c");
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(of("a"), "x");
  // No record, and a record with no life: half an hour.
  EXPECT_EQ(of("none"), "none");
  names.records["none"] = {"y", std::chrono::seconds(0)};
  world.clock.advance(std::chrono::minutes(30) - std::chrono::nanoseconds(1));
  EXPECT_EQ(of("none"), "none");
  world.clock.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(of("none"), "y");
}

TEST_F(Flatten, WhoCannotBeAskedLeavesTheName) {
  names.broken = true;
  EXPECT_EQ(of("a"), "a");
}

TEST_F(Flatten, NamesMax) {
  for (size_t i = 0; i <= HostFlattener::names_max; ++i) of(std::to_string(i));
  EXPECT_EQ(flattener->size(), HostFlattener::names_max);
  names.asked.clear();
  of("0");  // forgotten first, since it ended first
  of(std::to_string(HostFlattener::names_max));
  EXPECT_EQ(names.asked, std::vector<std::string>{"0"});
}

}  // namespace
}  // namespace gateproof::pipeline
