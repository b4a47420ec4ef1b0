// What becomes of services of services and of health checks (catalogue 4.4, 4.5).
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {
namespace {

std::shared_ptr<Snapshot> build(const std::string& services) {
  static gateproof::testing::FakeWorld world;
  config::Findings findings;
  const auto parse = [](std::string_view text, const char* file) {
    return *config::parse_document(text, file, config::Format::yaml);
  };
  auto s =
      config::decode_static(parse("entryPoints: {web: {address: ':80'}}", "static.yml"), findings);
  auto d = config::decode_dynamic(
      parse("http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s}}, services: {" + services +
                ", plain: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}, hc: "
                "{loadBalancer: {healthCheck: {path: /h}, servers: [{url: 'http://127.0.0.1:1'}, "
                "{url: 'http://127.0.0.1:1'}]}}}}",
            "dynamic.yml"),
      "file", middleware::middleware_types(), findings);
  EXPECT_TRUE(s && d);
  BuildInputs in{std::make_shared<const config::StaticConfig>(*s),
                 std::make_shared<const config::DynamicConfig>(*d), world.clock, world.random, "h"};
  return build_snapshot(in);
}

TEST(Composite, ParentsLearnOnlyFromChildrenWithHealthChecks) {
  struct Row {
    std::string clause, service, error;  // "" : enabled
  };
  for (const Row& row : std::vector<Row>{
           {"4.5 failover", "{failover: {service: hc, fallback: plain}}", ""},
           {"4.5 failover", "{failover: {service: plain, fallback: hc}}",
            "cannot register plain as updater for s@file: healthCheck not enabled in config for "
            "this WRR service"},
           {"4.5 failover healthCheck",
            "{failover: {healthCheck: {}, service: hc, fallback: plain}}",
            "cannot register plain as updater for s@file"},
           {"4.5 failover errors",
            "{failover: {service: plain, fallback: hc, errors: {status: "
            "['500']}}}",
            ""},
           {"4.5 failover errors",
            "{failover: {service: plain, fallback: hc, errors: {status: "
            "[x]}}}",
            "creating HTTP code ranges: strconv.Atoi: parsing \"x\": invalid syntax"},
           {"4.5 weighted healthCheck", "{weighted: {healthCheck: {}, services: [{name: hc}]}}",
            ""},
           {"4.5 weighted healthCheck", "{weighted: {healthCheck: {}, services: [{name: plain}]}}",
            "cannot register plain as updater for s@file"},
           {"4.10 internal", "{weighted: {healthCheck: {}, services: [{name: 'noop@internal'}]}}",
            "child service noop@internal of s@file not a healthcheck.StatusUpdater"},
           {"4.5 hrw", "{highestRandomWeight: {healthCheck: {}, services: [{name: hc}]}}", ""},
           {"4.5 mirroring percent",
            "{mirroring: {service: hc, mirrors: [{name: hc, percent: 101}]}}",
            "percent must be between 0 and 100"},
           {"4.5 mirroring percent",
            "{mirroring: {service: hc, mirrors: [{name: hc, percent: 100}]}}", ""},
           {"4.5 recursion", "{failover: {service: s, fallback: hc}}", "recursion detected"},
       }) {
    const auto s = build("s: " + row.service);
    const ObjectInfo& info = s->services.at("s@file");
    EXPECT_EQ(info.status == Status::disabled, !row.error.empty()) << row.clause << row.service;
    if (row.error.empty()) continue;
    ASSERT_FALSE(info.errors.empty()) << row.clause;
    EXPECT_NE(info.errors.front().find(row.error), std::string::npos) << info.errors.front();
    EXPECT_EQ(s->routers.at("r@file")->status, Status::disabled);
  }
}

TEST(Composite, ProbesOfUsedServicesOncePerUrl) {
  const auto used = build("s: {weighted: {services: [{name: hc}]}}");
  ASSERT_EQ(used->health_checks.size(), 1u);
  EXPECT_EQ(used->health_checks[0].service, "hc@file");
  EXPECT_EQ(used->health_checks[0].targets.size(), 1u);
  EXPECT_TRUE(build("s: {weighted: {services: [{name: plain}]}}")->health_checks.empty());
}

TEST(Composite, HealthChecksThatCannotWork) {
  struct Row {
    std::string options, code;
  };
  for (const Row& row : std::vector<Row>{
           {"healthCheck: {path: /h}", ""},
           {"healthCheck: {path: /h, interval: 0s}", "GP0504"},
           {"healthCheck: {path: /h, unhealthyInterval: -1s}", "GP0504"},
           {"healthCheck: {path: 'http://h/x'}", "GP0504"},
           {"healthCheck: {mode: grpc, scheme: https}", "GP0504"},
           {"healthCheck: {mode: grpc, path: '//x'}", ""},
           {"healthCheck: {path: /h, scheme: https}", ""},
           {"healthCheck: {path: /h, scheme: h2c}", ""},
           {"passiveHealthCheck: {maxFailedAttempts: 10000}", ""},
           {"passiveHealthCheck: {maxFailedAttempts: 10001}", "GP0504"},
       }) {
    const auto s =
        build("s: {loadBalancer: {" + row.options + ", servers: [{url: 'http://127.0.0.1:1'}]}}");
    std::string codes;
    for (const auto& f : s->findings.list()) {
      codes += f.code;
      EXPECT_TRUE(f.span.known() && !f.remedy.empty()) << row.options;
    }
    EXPECT_EQ(codes, row.code) << row.options;
    EXPECT_EQ(s->services.at("s@file").status, Status::enabled) << row.options;
  }
}

}  // namespace
}  // namespace gateproof::pipeline
