// Health checks, failover and mirroring in virtual time, on both virtual arms (catalogue 4.4, 4.5).
#include <gtest/gtest.h>

#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"
#include "engine/upstream/mirroring.h"

namespace gateproof::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::shared_ptr<const config::StaticConfig> web() {
  auto s = std::make_shared<config::StaticConfig>();
  config::EntryPointConfig e;
  e.name = "web";
  e.address.value = ":80";
  s->entry_points["web"] = e;
  return s;
}

class Health : public testing::TestWithParam<Arm> {
 protected:
  World world{7, web()};
  std::map<std::string, HostAnswer> answers;  // by host
  std::map<std::string, int> asked;           // probes included
  std::vector<std::string> targets;

  void host(const std::string& name, uint16_t port) {
    Host h;
    h.name = name;
    h.script = [this, name](const HostRequest& r) {
      ++asked[name];
      targets.push_back(name + " " + r.method + " " + r.target);
      HostAnswer a = answers[name];
      if (a.body.empty()) a.body = name;
      return a;
    };
    world.add_host("127.0.0.1:" + std::to_string(port), std::move(h));
  }
  void SetUp() override {
    host("a", 1);
    host("b", 2);
    host("probe", 3);
  }
  void configure(const std::string& services) {
    config::Findings findings;
    const auto doc = config::parse_document(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s}}, services: {" + services + "}}",
        "x.yml", config::Format::yaml);
    ASSERT_TRUE(doc.has_value());
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d.has_value());
    world.engine().update("file", std::move(*d));
  }
  Outcome get(std::string body = "") {
    Request r;
    r.host = "x.test";
    r.entry_point = "web";
    if (!body.empty()) r.method = "POST";
    r.body = std::move(body);
    return world.send(r, GetParam());
  }
  static std::string pick(const Outcome& o) {
    for (const http::TraceStep& s : o.trace) {
      if (s.action == "pick") return s.detail;
    }
    return "";
  }
};

constexpr std::string_view probed =
    "s: {loadBalancer: {healthCheck: {path: /h, interval: 10s, unhealthyInterval: 2s}, servers: "
    "[{url: 'http://127.0.0.1:1'}, {url: 'http://127.0.0.1:2'}]}}";

TEST_P(Health, FirstProbeAfterOneInterval) {
  configure(std::string(probed));
  answers["b"].status = 500;
  world.advance(seconds(10) - milliseconds(1));
  EXPECT_EQ(asked["b"], 0);
  world.advance(milliseconds(2));
  EXPECT_EQ(asked["b"], 1);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(get().body, "a");
  EXPECT_EQ(pick(get()),
            "http://127.0.0.1:1 (weighted round robin, one of 2; down: http://127.0.0.1:2 "
            "(received error status code: 500))");
  const auto statuses = world.engine().snapshot()->server_health.at("s@file")->statuses();
  EXPECT_TRUE(statuses[0].up);
  EXPECT_FALSE(statuses[1].up);
}

TEST_P(Health, UnhealthyServersAreProbedInTheirOwnInterval) {
  configure(std::string(probed));
  answers["b"].status = 500;
  world.advance(seconds(11));
  EXPECT_EQ(asked["b"], 1);
  world.advance(seconds(2));
  EXPECT_EQ(asked["b"], 2);
  answers["b"].status = 200;
  world.advance(seconds(2));
  EXPECT_EQ(asked["b"], 3);
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) seen.insert(get().body);
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b"}));
}

TEST_P(Health, ASlowProbeTimesOut) {
  configure(
      "s: {loadBalancer: {healthCheck: {path: /h, interval: 1s, timeout: 500ms, port: 3}, servers: "
      "[{url: 'http://127.0.0.1:1'}]}}");
  answers["probe"].delay = milliseconds(501);
  world.advance(seconds(2));
  EXPECT_EQ(get().status, 503);
  answers["probe"].delay = milliseconds(499);
  world.advance(seconds(3));
  EXPECT_EQ(get().status, 200);
}

TEST_P(Health, AnotherConfigurationEndsTheProbesOfBefore) {
  configure(std::string(probed));
  world.advance(seconds(11));
  EXPECT_EQ(asked["a"], 1);
  configure("s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}");
  world.advance(seconds(100));
  EXPECT_EQ(asked["a"], 1);
}

TEST_P(Health, OnlyServicesOfRoutersAreProbed) {
  configure(
      "s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}, unused: {loadBalancer: "
      "{healthCheck: {path: /h, interval: 1s}, servers: [{url: 'http://127.0.0.1:2'}]}}");
  world.advance(seconds(10));
  EXPECT_EQ(asked["b"], 0);
}

// Probes go on for ever; an exchange that can never end is told all the same.
TEST_P(Health, ProbesDoNotHideAStuckExchange) {
  configure(std::string(probed));
  Waiter* never = nullptr;
  struct Wait {
    static Task<void> forever(Waiter** slot) { co_await Suspend{"never", slot}; }
  };
  world.advance(seconds(1));
  EXPECT_FALSE(world.run(Wait::forever(&never)));
}

TEST_P(Health, PassiveWindow) {
  configure(
      "s: {loadBalancer: {passiveHealthCheck: {failureWindow: 3s, maxFailedAttempts: 2}, servers: "
      "[{url: 'http://127.0.0.1:1'}]}}");
  answers["a"].status = 500;
  EXPECT_EQ(get().status, 500);
  EXPECT_EQ(get().status, 500);
  const Outcome down = get();
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(pick(down), "no available server; down: http://127.0.0.1:1 (failures)");
  answers["a"].status = 200;
  world.advance(seconds(3));
  EXPECT_EQ(get().status, 200);
}

TEST_P(Health, FailoverTellsWhy) {
  configure(
      "s: {failover: {service: m, fallback: f}}, m: {loadBalancer: {healthCheck: {path: /h, "
      "interval: 1s}, servers: [{url: 'http://127.0.0.1:1'}]}}, f: {loadBalancer: {servers: "
      "[{url: 'http://127.0.0.1:2'}]}}");
  EXPECT_EQ(pick(get()), "m@file (main, up)");
  answers["a"].status = 500;
  world.advance(milliseconds(1500));
  const Outcome o = get();
  EXPECT_EQ(o.body, "b");
  EXPECT_EQ(pick(o), "f@file (fallback: m@file is down)");
}

TEST_P(Health, FailoverReplaysTheBody) {
  configure(
      "s: {failover: {service: m, fallback: f, errors: {status: ['500-502'], "
      "maxRequestBodyBytes: 5}}}, m: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}, f: "
      "{loadBalancer: {servers: [{url: 'http://127.0.0.1:2'}]}}");
  answers["a"].status = 501;
  const Outcome o = get("12345");
  EXPECT_EQ(o.status, 200);
  ASSERT_EQ(o.upstream.size(), 2u);
  EXPECT_EQ(o.upstream[0].body, "12345");
  EXPECT_EQ(o.upstream[1].body, "12345");
  EXPECT_EQ(get("123456").status, 413);
}

constexpr std::string_view mirrored =
    "s: {mirroring: {service: m, maxBodySize: 5, mirrors: [{name: f, percent: 50}]}}, m: "
    "{loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}, f: {loadBalancer: {servers: [{url: "
    "'http://127.0.0.1:2'}]}}";

TEST_P(Health, MirrorsGetTheirExactShareAfterTheAnswer) {
  configure(std::string(mirrored));
  answers["b"].delay = seconds(5);  // nobody waits for a mirror
  size_t copies = 0;
  for (int i = 0; i < 10; ++i) {
    const Outcome o = get("12345");
    EXPECT_EQ(o.body, "a");
    EXPECT_EQ(o.finished_ns, o.started_ns);
    copies += o.upstream.size() - 1;
    if (o.upstream.size() == 2) {
      EXPECT_EQ(o.upstream[1].body, "12345");
    }
  }
  EXPECT_EQ(copies, 5u);
  EXPECT_EQ(get("123456").upstream.size(), 1u) << "larger than maxBodySize";
  world.advance(seconds(60));
}

// More copies under way than may be: requests go on, copies do not.
TEST_P(Health, CopiesUnderWayAreBounded) {  // mirrored_requests_max
  configure(
      "s: {mirroring: {service: m, mirrors: [{name: f, percent: 100}]}}, m: {loadBalancer: "
      "{servers: [{url: 'http://127.0.0.1:1'}]}}, f: {loadBalancer: {servers: [{url: "
      "'http://127.0.0.1:2'}]}}");
  answers["b"].delay = std::chrono::hours(1);
  for (size_t i = 0; i < upstream::mirrored_requests_max; ++i) get();
  EXPECT_EQ(asked["b"], static_cast<int>(upstream::mirrored_requests_max));
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(asked["b"], static_cast<int>(upstream::mirrored_requests_max));
  world.advance(std::chrono::hours(2));
  get();
  EXPECT_EQ(asked["b"], static_cast<int>(upstream::mirrored_requests_max) + 1);
}

TEST_P(Health, AskingAsksNobodyAndChangesNoStatus) {
  configure(std::string(mirrored));
  Request r;
  r.host = "x.test";
  r.entry_point = "web";
  const Outcome o = world.ask(r);
  EXPECT_EQ(o.service, "m@file");
  EXPECT_TRUE(asked.empty());
}

TEST_P(Health, SameSeedSameDigestWithProbes) {
  std::string digests[2];
  for (std::string& d : digests) {
    World w{11, web()};
    Host h;
    h.name = "a";
    h.script = [](const HostRequest&) { return HostAnswer{}; };
    w.add_host("127.0.0.1:1", h);
    config::Findings findings;
    const auto doc = config::parse_document(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s}}, services: {" +
            std::string(probed) + "}}",
        "x.yml", config::Format::yaml);
    w.engine().update(
        "file", *config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings));
    for (int i = 0; i < 5; ++i) {
      w.advance(seconds(7));
      Request r;
      r.host = "x.test";
      r.entry_point = "web";
      w.send(r, GetParam());
    }
    d = w.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

INSTANTIATE_TEST_SUITE_P(Virtual, Health, testing::Values(Arm::direct, Arm::wire));

}  // namespace
}  // namespace gateproof::sim
