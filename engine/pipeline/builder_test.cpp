// What becomes of each configured object (catalogue 2.4, 3.0, 4.1, 6.1, 6.11).
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {
namespace {

class Build : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;

  static config::Document yaml(std::string_view text, const std::string& file) {
    auto doc = config::parse_document(text, file, config::Format::yaml);
    EXPECT_TRUE(doc.has_value()) << (doc ? "" : doc.error().message);
    return doc ? std::move(*doc) : config::Document{};
  }
  std::shared_ptr<Snapshot> build(
      std::string_view dynamic, std::string_view statics = "entryPoints: {web: {address: ':80'}}") {
    config::Findings findings;
    auto s = config::decode_static(yaml(statics, "static.yml"), findings);
    auto d = config::decode_dynamic(yaml(dynamic, "dynamic.yml"), "file",
                                    middleware::middleware_types(), findings);
    EXPECT_TRUE(s && d);
    BuildInputs in{std::make_shared<const config::StaticConfig>(*s),
                   std::make_shared<const config::DynamicConfig>(*d), world.clock, world.random,
                   "h"};
    return build_snapshot(in);
  }
  static std::string first_error(const ObjectInfo& o) {
    return o.errors.empty() ? "" : o.errors.front();
  }
};

constexpr std::string_view app =
    "services: {app: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}";

TEST_F(Build, RouterStatuses) {
  struct Row {
    std::string clause, router;
    Status status;
    std::string error;
  };
  for (const Row& row : std::vector<Row>{
           {"6.11 fine", "{rule: 'Path(`/`)', service: app}", Status::enabled, ""},
           {"1.1 unknown matcher", "{rule: 'Nope(`/`)', service: app}", Status::disabled,
            "unsupported function: Nope"},
           {"1.1 empty rule", "{rule: '', service: app}", Status::disabled, "expected operand"},
           {"1.6 priority limit",
            "{rule: 'Path(`/`)', service: app, priority: 9223372036854774808}", Status::disabled,
            "exceeds the max user-defined priority"},
           {"4.1 no service", "{rule: 'Path(`/`)', service: nope}", Status::disabled,
            "the service \"nope@file\" does not exist"},
           {"3.0 no middleware", "{rule: 'Path(`/`)', service: app, middlewares: [nope]}",
            Status::disabled, "middleware \"nope@file\" does not exist"},
           {"6.1 unknown entry point", "{rule: 'Path(`/`)', service: app, entryPoints: [nope]}",
            Status::disabled, "doesn't exist"},
           {"6.1 one of two entry points",
            "{rule: 'Path(`/`)', service: app, entryPoints: [nope, web]}", Status::warning,
            "doesn't exist"},
           {"5.1 unknown TLS options", "{rule: 'Host(`a`)', service: app, tls: {options: nope}}",
            Status::disabled, "unknown TLS options: nope@file"},
           {"5.5 unknown resolver", "{rule: 'Path(`/`)', service: app, tls: {certResolver: nope}}",
            Status::enabled, ""},
           {"4.10 service that is off", "{rule: 'Path(`/`)', service: rest@internal}",
            Status::disabled, "rest is not enabled"},
       }) {
    const auto s = build("http: {routers: {r: " + row.router + "}, " + std::string(app) + "}");
    const RouterInfo& r = *s->routers.at("r@file");
    EXPECT_EQ(r.status, row.status) << row.clause << ": " << first_error(r);
    EXPECT_NE(first_error(r).find(row.error), std::string::npos)
        << row.clause << ": " << first_error(r);
    for (const auto& f : s->findings.list()) {
      EXPECT_TRUE(f.span.known() && f.span.line > 0 && !f.remedy.empty())
          << row.clause << " " << f.code;
    }
  }
}

TEST_F(Build, TheFirstStageThatFailsIsTold) {  // catalogue 6.11; the binary's order
  constexpr std::string_view bad = R"x(rule: "Path(`x`)")x";
  struct Row {
    std::string rest, error;
  };
  for (const Row& row : std::vector<Row>{
           {"priority: 9223372036854775807, service: nope", "exceeds the max user-defined"},
           {"service: nope, middlewares: [no]", "the service \"nope@file\" does not exist"},
           {"service: app, middlewares: [n1, broken, n2]", "middleware \"n2@file\" does not exist"},
           {"service: app, middlewares: [n1, broken]", "invalid CIDR address: x"},
           {"service: app, middlewares: [c]", "middleware \"n4@file\" does not exist"},
           {"service: app", "adding rule Path(`x`): error while adding rule Path: path"},
       }) {
    const auto s = build("http: {routers: {r: {" + std::string(bad) + ", " + row.rest +
                         "}}, middlewares: {broken: {ipAllowList: {sourceRange: [x]}}, c: {chain: "
                         "{middlewares: [n3, broken, n4]}}}, " +
                         std::string(app) + "}");
    const RouterInfo& r = *s->routers.at("r@file");
    ASSERT_EQ(r.errors.size(), 1U) << row.rest;
    EXPECT_NE(r.errors.front().find(row.error), std::string::npos) << r.errors.front();
    EXPECT_EQ(r.status, Status::disabled);
    EXPECT_FALSE(r.served);
    EXPECT_TRUE(std::any_of(s->findings.list().begin(), s->findings.list().end(),
                            [](const config::Finding& f) { return f.code == "GP0301"; }))
        << row.rest;  // the rule is wrong all the same
  }
}

TEST_F(Build, StrictClosesWhatCannotBeServed) {
  const std::string routers =
      "http: {routers: {r: {rule: 'Path(`/`)', service: app, middlewares: [nope]}}, " +
      std::string(app) + "}";
  for (const bool strict : {false, true}) {
    const auto s = build(routers, "entryPoints: {web: {address: ':80'}}\ngateproof: {strict: " +
                                      std::string(strict ? "true" : "false") + "}");
    EXPECT_EQ(s->routers.at("r@file")->status, Status::disabled);
    EXPECT_EQ(s->entry_points.at("web")->plain->size(), strict ? 1u : 0u);
    size_t told = 0;
    for (const auto& f : s->findings.list()) told += f.code == "GP1301";
    EXPECT_EQ(told, strict ? 2u : 0u);  // the entry point's meanings, and the router
  }
}

TEST_F(Build, ABrokenMiddlewareTakesItsRoutersAndNoOthers) {  // surprise 14
  const auto s = build(
      "http: {routers: {a: {rule: 'Path(`/a`)', service: app, middlewares: [bad]}, b: {rule: "
      "'Path(`/b`)', service: app}}, "
      "middlewares: {bad: {ipAllowList: {sourceRange: ['300.1.2.3']}}}, " +
      std::string(app) + "}");
  EXPECT_EQ(s->routers.at("a@file")->status, Status::disabled);
  EXPECT_EQ(s->routers.at("b@file")->status, Status::enabled);
  EXPECT_EQ(s->middlewares.at("bad@file").status, Status::disabled);
  EXPECT_EQ(s->middlewares.at("bad@file").used_by, (std::vector<std::string>{"a@file"}));
}

TEST_F(Build, ChainsExpandAndCirclesAreCut) {  // catalogue 3.0
  const auto s = build(
      "http: {routers: {r: {rule: 'Path(`/a`)', service: app, middlewares: [loop]}}, "
      "middlewares: {loop: {chain: {middlewares: [inner]}}, inner: {chain: {middlewares: "
      "[loop]}}}, " +
      std::string(app) + "}");
  EXPECT_NE(first_error(*s->routers.at("r@file"))
                .find("recursion detected in "
                      "middleware:loop@file->middleware:inner@file->middleware:loop@file"),
            std::string::npos);
}

TEST_F(Build, ServiceKinds) {  // catalogue 4.1
  const auto s = build(
      "http: {services: {none: {}, two: {loadBalancer: {servers: []}, weighted: {services: []}}, "
      "self: {weighted: {services: [{name: self}]}}}}");
  EXPECT_NE(first_error(s->services.at("none@file")).find("does not have any type defined"),
            std::string::npos);
  EXPECT_NE(first_error(s->services.at("two@file")).find("multi-types service not supported"),
            std::string::npos);
  EXPECT_EQ(s->services.at("self@file").status, Status::disabled);
}

TEST_F(Build, AnEntryPointWithAModelGetsItsOwnCopy) {  // surprise 55
  const auto s = build(
      "http: {routers: {multi: {rule: 'Path(`/`)', service: app}}, middlewares: {m: {addPrefix: "
      "{prefix: /x}}}, " +
          std::string(app) + "}",
      "entryPoints: {web: {address: ':80'}, mwep: {address: ':81', http: {middlewares: [m@file]}}, "
      "traefik: {address: ':8080'}, dns: {address: ':53/udp'}}");
  ASSERT_TRUE(s->routers.contains("multi@file") && s->routers.contains("mwep-multi@file"));
  EXPECT_EQ(s->routers.at("multi@file")->entry_points, (std::vector<std::string>{"web"}));
  EXPECT_EQ(s->routers.at("mwep-multi@file")->middlewares, (std::vector<std::string>{"m@file"}));
  EXPECT_TRUE(s->entry_points.at("traefik")->plain->empty());
  EXPECT_FALSE(s->entry_points.contains("dns"));
}

TEST_F(Build,
       UnknownEntryPointsStayWithTheCopyWithoutAModel) {  // catalogue 2.4, 6.1; as the binary does
  const auto s = build(
      "http: {routers: {part: {rule: 'Path(`/`)', service: app, entryPoints: [quiet, zz]}}, " +
          std::string(app) + "}",
      "entryPoints: {web: {address: ':80'}, quiet: {address: ':81', observability: {accessLogs: "
      "false}}}");
  ASSERT_TRUE(s->routers.contains("part@file") && s->routers.contains("quiet-part@file"));
  EXPECT_EQ(s->routers.at("quiet-part@file")->status, Status::enabled);
  EXPECT_EQ(s->routers.at("part@file")->errors,
            (std::vector<std::string>{"entryPoint \"zz\" doesn't exist",
                                      "no valid entryPoint for this router"}));
}

TEST_F(Build, RedirectionToAnUnknownEntryPointIsReportedAndIgnored) {  // catalogue 2.1
  const auto s = build(
      "{}", "entryPoints: {web: {address: ':80', http: {redirections: {entryPoint: {to: nope}}}}}");
  ASSERT_EQ(s->findings.list().size(), 1u);
  EXPECT_EQ(s->findings.list()[0].code, "GP0311");
  EXPECT_TRUE(s->entry_points.at("web")->plain->empty());
}

TEST_F(Build, PingAndRedirectionRouters) {  // catalogue 2.3, 7.3
  const auto s = build(
      "{}",
      "ping: {entryPoint: web}\n"
      "entryPoints: {web: {address: ':80', http: {redirections: {entryPoint: {to: websecure}}}}, "
      "websecure: {address: ':8443'}}");
  EXPECT_EQ(s->routers.at("ping@internal")->priority, INT64_MAX);
  EXPECT_EQ(s->routers.at("web-to-websecure@internal")->priority, INT64_MAX - 1);
}

// The service that a middleware names is built with it; what is wrong with it is wrong with the middleware (observed).
TEST_F(Build, ServicesNamedByMiddlewares) {
  struct Row {
    const char *clause, *service, *services, *error;
  };
  const Row rows[] = {
      {"3.2 fine", "page", "page: {loadBalancer: {servers: [{url: 'http://127.0.0.1:2'}]}}", ""},
      {"3.2 qualified", "noop@internal", "", ""},
      {"3.2 none of that name", "nope", "", "the service \"nope@file\" does not exist"},
      {"3.2 no name", "''", "", "the service \"@file\" does not exist"},
      {"3.2 disabled", "page", "page: {loadBalancer: {servers: [{url: ':x'}]}}",
       "error parsing server URL :x: parse \":x\": missing protocol scheme"},
      {"3.0 in a circle", "page",
       "page: {loadBalancer: {servers: [{url: 'http://127.0.0.1:2'}]}, middlewares: [m]}",
       "could not instantiate middleware m@file: recursion detected in "
       "middleware:m@file->service:page@file->middleware:m@file"},
  };
  for (const Row& row : rows) {
    const auto s = build(
        std::string("http: {routers: {r: {rule: 'Path(`/`)', service: app, middlewares: [m]}}, "
                    "middlewares: {m: {errors: {status: ['500'], service: ") +
        row.service +
        "}}}, services: {app: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}" +
        (*row.services ? ", " : "") + row.services + "}}");
    const Status want = *row.error ? Status::disabled : Status::enabled;
    EXPECT_EQ(s->routers.at("r@file")->status, want) << row.clause;
    EXPECT_EQ(first_error(*s->routers.at("r@file")), row.error) << row.clause;
    EXPECT_EQ(first_error(s->middlewares.at("m@file")), row.error) << row.clause;
  }
}

// What gateproofd, which brings no plugins, says of one that is declared and of one that nobody knows (catalogue 3.2).
TEST_F(Build, PluginsThatNobodyBringsDisableTheirRouters) {
  const auto s = build(
      "http: {middlewares: {a: {plugin: {demo: {}}}, b: {plugin: {other: {}}}}, routers: {r: "
      "{rule: "
      "'Path(`/a`)', service: app, middlewares: [a]}, q: {rule: 'Path(`/b`)', service: app, "
      "middlewares: [b]}}, " +
          std::string(app) + "}",
      "{entryPoints: {web: {address: ':80'}}, experimental: {plugins: {demo: {moduleName: "
      "example.test/demo, version: v1}}}}");
  EXPECT_EQ(first_error(*s->routers.at("r@file")),
            "invalid middleware \"a@file\" configuration: invalid middleware type or middleware "
            "does not exist");
  EXPECT_EQ(first_error(*s->routers.at("q@file")), "plugin: unknown plugin type: other");
  std::map<std::string, std::string> codes;
  for (const auto& f : s->findings.list()) codes[f.object] = f.code;
  EXPECT_EQ(codes["middleware a@file"], "GP1110");
  EXPECT_EQ(codes["middleware b@file"], "GP0401");
}

}  // namespace
}  // namespace gateproof::pipeline
