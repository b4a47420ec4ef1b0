// Dialling a name: order, shares of time, and the two families (RFC 8305).
#include "engine/env/dial.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NoStream final : public Stream {
 public:
  NoStream(Scheduler& s, SocketAddress to) : Stream(s), to_(to) {}
  IoResult try_read(std::span<char>) override { return {}; }
  IoResult try_write(std::span<const std::string_view>) override { return {}; }
  void shutdown_write() override {}
  void close() override {}
  SocketAddress peer() const override { return to_; }
  SocketAddress local() const override { return {}; }
  bool ended() const override { return false; }

 protected:
  bool read_ready() const override { return false; }
  bool write_ready() const override { return false; }

 private:
  SocketAddress to_;
};

// What an address does: answers or refuses after a while; silent when it is not listed.
struct Behaviour {
  Duration after;
  bool accepts;
};

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(Scheduler& s) : scheduler_(s) {}
  std::map<std::string, Behaviour> behaviour;
  std::vector<std::string> dialled;  // "address@milliseconds"

  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress to, Instant deadline) override {
    const std::string name = to.ip.to_string();
    dialled.push_back(name + "@" +
                      std::to_string(scheduler_.now().time_since_epoch().count() / 1'000'000));
    const auto found = behaviour.find(name);
    const Instant at =
        found == behaviour.end() ? instant_max : scheduler_.now() + found->second.after;
    if (at > deadline) {
      co_await sleep_until(scheduler_, deadline);
      co_return Error(Code::timeout, "timeout " + name);
    }
    if (at > scheduler_.now()) co_await sleep_until(scheduler_, at);
    if (!found->second.accepts) co_return Error(Code::refused, "refused " + name);
    co_return std::unique_ptr<Stream>(std::make_unique<NoStream>(scheduler_, to));
  }
  Result<std::unique_ptr<Listener>> listen(SocketAddress) override { return Error(Code::io, ""); }

 private:
  Scheduler& scheduler_;
};

class DialTest : public ::testing::Test {
 protected:
  // The address that was reached, or the error; and when, in milliseconds.
  std::pair<std::string, int64_t> dialled(const std::vector<std::string>& addresses,
                                          Duration limit = seconds(30)) {
    std::vector<SocketAddress> list;
    for (const std::string& a : addresses) list.push_back({*IpAddress::parse(a), 80});
    const auto got = world_.run(dial_any(env_, list, world_.clock.now() + limit), seconds(60));
    if (!got) return {"waits", 0};
    return {*got ? (**got)->peer().ip.to_string() : got->error().message, finished()};
  }
  int64_t finished() const { return world_.clock.now().time_since_epoch().count() / 1'000'000; }

  testing::FakeWorld world_;
  ScriptedTransport net_{world_.scheduler};
  Env env_{world_.scheduler, world_.clock, world_.random, net_, world_.resolver, "h"};
};

TEST_F(DialTest, OneFamilyInTurn) {
  net_.behaviour = {{"10.0.0.1", {milliseconds(5), false}}, {"10.0.0.2", {milliseconds(5), true}}};
  EXPECT_EQ(dialled({"10.0.0.1", "10.0.0.2"}).first, "10.0.0.2");
  EXPECT_EQ(net_.dialled, (std::vector<std::string>{"10.0.0.1@0", "10.0.0.2@5"}));
}

TEST_F(DialTest, ASilentAddressHasItsShareOfTheTime) {
  net_.behaviour = {{"10.0.0.2", {milliseconds(5), true}}};
  EXPECT_EQ(dialled({"10.0.0.1", "10.0.0.2", "10.0.0.3"}, seconds(30)).first, "10.0.0.2");
  EXPECT_EQ(net_.dialled[1], "10.0.0.2@10000");
}

TEST_F(DialTest, AShareIsNeverUnderTwoSecondsWhileThereIsTime) {
  EXPECT_EQ(dialled({"10.0.0.1", "10.0.0.2"}, seconds(3)).first, "timeout 10.0.0.2");
  EXPECT_EQ(net_.dialled, (std::vector<std::string>{"10.0.0.1@0", "10.0.0.2@2000"}));
}

TEST_F(DialTest, TheOtherFamilyBeginsAfter300Milliseconds) {
  net_.behaviour = {{"10.0.0.1", {milliseconds(20), true}}};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "10.0.0.1");
  EXPECT_EQ(net_.dialled, (std::vector<std::string>{"fd00::1@0", "10.0.0.1@300"}));
}

TEST_F(DialTest, TheOtherFamilyBeginsAtOnceWhenTheFirstFails) {
  net_.behaviour = {{"fd00::1", {milliseconds(7), false}}, {"10.0.0.1", {milliseconds(20), true}}};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "10.0.0.1");
  EXPECT_EQ(net_.dialled[1], "10.0.0.1@7");
}

TEST_F(DialTest, TheFirstFamilyMayStillWin) {
  net_.behaviour = {{"fd00::1", {milliseconds(310), true}}, {"10.0.0.1", {seconds(1), true}}};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "fd00::1");
  net_.behaviour["10.0.0.1"] = {milliseconds(1), false};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "fd00::1");
}

TEST_F(DialTest, TheFirstFamilyTellsTheError) {
  net_.behaviour = {{"fd00::1", {seconds(1), false}}, {"10.0.0.1", {milliseconds(1), false}}};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "refused fd00::1");
  net_.behaviour["10.0.0.1"] = {seconds(2), false};
  EXPECT_EQ(dialled({"fd00::1", "10.0.0.1"}).first, "refused fd00::1");
  EXPECT_EQ(dialled({}).first, "no address");
}

TEST_F(DialTest, NamesAreLookedUpAndAddressesAreNot) {
  net_.behaviour = {{"10.0.0.1", {milliseconds(1), true}}};
  EXPECT_TRUE(*world_.run(dial(env_, "10.0.0.1", 80, instant_max)));
  EXPECT_FALSE(*world_.run(dial(env_, "no.such.test", 80, instant_max)));
}

}  // namespace
}  // namespace gateproof
