// Who writes: a Lease among replicas, and statuses that end as they are wanted, whoever else writes meanwhile.
#include "engine/providers/kube_lease.h"

#include "engine/providers/kube_status.h"
#include "engine/sim/kube_host_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using providers::KubeKey;
using providers::KubeLease;
using providers::KubeLevel;
using providers::KubeResource;
using providers::KubeStatusWriter;

std::string reply(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A server that keeps one object, with an API server's law of versions.
class OneObject {
 public:
  explicit OneObject(KubeRig& rig) {
    rig.host.script = [this](const KubeHost::Seen& seen, std::string& answer) {
      answer = respond(seen);
      return true;
    };
  }
  std::string text;  // "": there is none
  int refusing = 0;  // status of every answer
  bool away = false;
  int writes = 0;
  std::function<void()> before_write;

  std::string at(const char* path) const {
    const auto v = providers::read_kube_json(text, "object");
    const config::Value* found = v ? v->at(path) : nullptr;
    return found ? std::string(found->str()) : "";
  }
  void store(const std::string& body) {
    const auto v = providers::read_kube_json(body, "object");
    ASSERT_TRUE(v) << body;
    config::Value copy = *v;
    for (auto& m : copy.members) {
      if (m.key != "metadata") continue;
      std::erase_if(m.value.members, [](const auto& f) { return f.key == "resourceVersion"; });
      config::Value version;
      version.kind = config::Value::scalar;
      version.quoted = true;
      version.text = std::to_string(++version_);
      m.value.members.push_back({"resourceVersion", true, {}, version});
    }
    text = providers::json_of(copy);
  }

 private:
  std::string respond(const KubeHost::Seen& seen) {
    if (away) return "";
    if (refusing) return reply(refusing, "refused");
    if (seen.line.starts_with("GET")) return text.empty() ? reply(404, "none") : reply(200, text);
    if (before_write) std::exchange(before_write, {})();
    const auto sent = providers::read_kube_json(seen.body, "sent");
    const config::Value* version = sent ? sent->at("metadata.resourceVersion") : nullptr;
    if (seen.line.starts_with("POST") ? !text.empty()
                                      : !version || version->text != at("metadata.resourceVersion"))
      return reply(409, "conflict");
    ++writes;
    store(seen.body);
    return reply(200, text);
  }
  int version_ = 0;
};

class Leases : public ::testing::Test {
 protected:
  KubeRig rig;
  OneObject server{rig};
  struct Replica {
    std::unique_ptr<KubeLease> lease;
    uint64_t task = 0;
    std::vector<bool> told;
  };
  std::deque<Replica> replicas;
  std::vector<std::string> log;

  Replica& add(const std::string& name) {
    Replica& r = replicas.emplace_back();
    KubeLease::Hooks hooks{[&r](bool held) { r.told.push_back(held); },
                           [this](KubeLevel, const std::string& line) { log.push_back(line); }};
    r.lease = std::make_unique<KubeLease>(rig.client, "ns", "lock", name, std::move(hooks));
    r.task = rig.scheduler.spawn(name, r.lease->run());
    return r;
  }
  void TearDown() override { rig.scheduler.cancel_all(); }
};

TEST_F(Leases, OneHoldsIt) {
  Replica &a = add("a"), &b = add("b");
  for (int i = 0; i < 600; ++i) {
    rig.pass(100ms);
    EXPECT_FALSE(a.lease->held() && b.lease->held());
  }
  EXPECT_TRUE(a.lease->held() != b.lease->held());
  EXPECT_EQ(server.at("spec.leaseDurationSeconds"), "15");
  EXPECT_EQ(server.at("spec.leaseTransitions"), "0");
  EXPECT_EQ(server.at("spec.acquireTime"), "2026-01-01T00:00:00.000000Z");
  EXPECT_GT(server.at("spec.renewTime"), "2026-01-01T00:00:55");
}

TEST_F(Leases, IsTakenOverWhenItHasRunOut) {
  Replica& a = add("a");
  rig.pass(1s);
  ASSERT_TRUE(a.lease->held());
  Replica& b = add("b");
  rig.pass(20s);
  EXPECT_FALSE(b.lease->held());
  rig.scheduler.cancel(a.task);
  rig.pass(12s);
  EXPECT_FALSE(a.lease->held()) << "what is not renewed for 10 s is not held";
  EXPECT_FALSE(b.lease->held()) << "not before 15 s";
  rig.pass(6s);
  EXPECT_TRUE(b.lease->held());
  EXPECT_EQ(server.at("spec.leaseTransitions"), "1");
}

TEST_F(Leases, IsGivenBackAtTheEnd) {
  Replica& a = add("a");
  rig.pass(1s);
  Replica& b = add("b");
  rig.pass(1s);
  rig.scheduler.cancel(a.task);
  rig.scheduler.spawn("release", a.lease->release());
  rig.pass(3s);
  EXPECT_FALSE(a.lease->held());
  EXPECT_TRUE(b.lease->held());
}

TEST_F(Leases, AServerThatIsAwayEndsHoldingAndNobodyElseBegins) {
  Replica& a = add("a");
  rig.pass(5s);
  server.away = true;
  rig.pass(9s);
  rig.pass(4s);
  EXPECT_FALSE(a.lease->held());
  EXPECT_EQ(a.told, (std::vector<bool>{true, false}));
  server.away = false;
  rig.pass(5s);
  EXPECT_TRUE(a.lease->held());
  EXPECT_EQ(server.at("spec.leaseTransitions"), "0");
}

TEST_F(Leases, WithoutTheRightToLeasesEverybodyWrites) {
  server.refusing = 403;
  Replica& a = add("a");
  rig.pass(1s);
  EXPECT_TRUE(a.lease->held());
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0], "lease ns/lock: 403 refused");
}

// Clocks of servers and replicas say nothing: only that nothing changes.
TEST_F(Leases, TimesInTheRecordDoNotCount) {
  server.store(
      R"({"metadata":{},"spec":{"holderIdentity":"z","leaseDurationSeconds":15,"renewTime":"1999-01-01T00:00:00.000000Z"}})");
  Replica& a = add("a");
  rig.pass(14s);
  EXPECT_FALSE(a.lease->held());
  rig.pass(4s);
  EXPECT_TRUE(a.lease->held());
}

class Statuses : public ::testing::Test {
 protected:
  KubeRig rig;
  OneObject server{rig};
  bool may = true;
  std::vector<std::string> log;
  KubeStatusWriter writer{rig.client,
                          {[this] { return may; },
                           [this](KubeLevel, const std::string& line) { log.push_back(line); }}};
  const KubeResource resource{"example.com", {"v1"}, "Thing", "things"};
  const KubeKey key{"example.com", "Thing", "a", "x"};

  void SetUp() override {
    server.store(R"({"kind":"Thing","metadata":{"name":"x"},"spec":{"keep":"1"}})");
    rig.scheduler.spawn("writer", writer.run());
  }
  void TearDown() override { rig.scheduler.cancel_all(); }
  std::shared_ptr<const config::Document> known() {
    auto d = std::make_shared<config::Document>();
    d->root = *providers::read_kube_json(server.text, "known");
    return d;
  }
  void want(const std::string& value) { want(value, known()); }
  void want(const std::string& value, std::shared_ptr<const config::Document> object) {
    writer.want(resource, "v1", key, std::move(object),
                [value](const config::Value& o) -> std::optional<std::string> {
                  const config::Value* now = o.at("status.value");
                  if (now && now->text == value) return std::nullopt;
                  return "{\"value\":\"" + value + "\"}";
                });
  }
};

TEST_F(Statuses, AreWrittenOnce) {
  want("1");
  rig.pass(1s);
  EXPECT_EQ(server.at("status.value"), "1");
  EXPECT_EQ(server.at("spec.keep"), "1");
  EXPECT_EQ(rig.host.seen.back().line, "PUT /apis/example.com/v1/namespaces/a/things/x/status");
  want("1");
  rig.pass(1s);
  EXPECT_EQ(writer.written(), 1u) << "it is as it should be";
}

TEST_F(Statuses, AConflictIsReadAndTriedAgain) {
  const auto old = known();
  server.store(server.text);  // somebody else was first
  want("2", old);
  rig.pass(100ms);
  EXPECT_EQ(server.at("status.value"), "2");
  // One that has made it as we want it meanwhile.
  server.before_write = [this] {
    server.store(providers::json_with_status(*providers::read_kube_json(server.text, "t"),
                                             "{\"value\":\"3\"}"));
  };
  want("3");
  rig.pass(100ms);
  EXPECT_EQ(writer.written(), 1u);
  EXPECT_EQ(server.at("status.value"), "3");
}

TEST_F(Statuses, TheNewestIsWhatCounts) {
  server.away = true;
  want("1");
  rig.pass(5s);
  want("2");
  server.away = false;
  rig.pass(60s);
  EXPECT_EQ(server.at("status.value"), "2");
  EXPECT_EQ(writer.waiting(), 0u);
}

TEST_F(Statuses, WaitUntilTheyMayBeWritten) {
  may = false;
  want("1");
  rig.pass(60s);
  EXPECT_EQ(server.writes, 0);
  may = true;
  writer.wake();
  rig.pass(1s);
  EXPECT_EQ(server.at("status.value"), "1");
}

TEST_F(Statuses, WhatIsRefusedForGoodIsLeft) {
  for (const int status : {403, 422, 404}) {
    server.refusing = status;
    want("9");
    rig.pass(1s);
    EXPECT_EQ(writer.waiting(), 0u) << status;
  }
  server.refusing = 503;
  want("9");
  rig.pass(10s);
  server.refusing = 0;
  rig.pass(60s);
  EXPECT_EQ(server.at("status.value"), "9");
}

TEST_F(Statuses, AnObjectThatIsGoneIsForgotten) {
  may = false;
  want("1");
  writer.forget(key);
  may = true;
  writer.wake();
  rig.pass(1s);
  EXPECT_EQ(server.writes, 0);
}

}  // namespace
}  // namespace gateproof::sim
