#include "engine/sim/world.h"

#include <gtest/gtest.h>

#include "engine/middleware/middleware.h"

namespace gateproof::sim {
namespace {

constexpr std::string_view shop = R"yaml(
http:
  routers:
    api: {rule: "Host(`app.example.com`) && PathPrefix(`/api`)", service: app, middlewares: [strip]}
    root: {rule: "Host(`app.example.com`)", service: app}
    broken: {rule: "Nope(`x`)", service: app}
  middlewares:
    strip: {stripPrefix: {prefixes: [/api]}}
  services:
    app: {loadBalancer: {servers: [{url: "http://127.0.0.1:18080"}]}}
)yaml";

std::shared_ptr<const config::StaticConfig> web() {
  auto s = std::make_shared<config::StaticConfig>();
  config::EntryPointConfig e;
  e.name = "web";
  e.address.value = ":80";
  s->entry_points["web"] = e;
  return s;
}

config::DynamicConfig decode(std::string_view text) {
  config::Findings findings;
  const auto doc = config::parse_document(text, "shop.yml", config::Format::yaml);
  EXPECT_TRUE(doc.has_value());
  auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
  EXPECT_TRUE(d.has_value());
  return d.value_or(config::DynamicConfig{});
}

Host greeting() {
  Host h;
  h.name = "app";
  h.script = [](const HostRequest& r) {
    HostAnswer a;
    a.headers = {{"X-Path", r.target}};
    a.body = "hello";
    return a;
  };
  return h;
}

class Arms : public testing::TestWithParam<Arm> {
 protected:
  void SetUp() override {
    world.engine().update("file", decode(shop));
    world.add_host("127.0.0.1:18080", greeting());
  }
  Request get(std::string host, std::string target) {
    Request r;
    r.host = std::move(host);
    r.target = std::move(target);
    r.entry_point = "web";
    return r;
  }
  World world{7, web()};
};

TEST_P(Arms, RoutesRewritesAndAnswers) {
  const Outcome o = world.send(get("app.example.com", "/api/users?x=1"), GetParam());
  EXPECT_EQ(o.status, 200);
  EXPECT_EQ(o.body, "hello");
  EXPECT_EQ(o.router, "api@file");
  ASSERT_EQ(o.upstream.size(), 1u);
  EXPECT_EQ(o.upstream[0].target, "/users?x=1");
  ASSERT_EQ(o.candidates.size(), 2u);
  EXPECT_EQ(o.candidates[0].router, "root@file");
  EXPECT_NE(o.candidates[0].why.find("priority"), std::string::npos);
  EXPECT_EQ(o.candidates[1].router, "broken@file");
}

TEST_P(Arms, NoRouterIs404AndNamesTheFailingMatcher) {
  const Outcome o = world.send(get("other.example.com", "/api"), GetParam());
  EXPECT_EQ(o.status, 404);
  EXPECT_EQ(o.body, "404 page not found\n");
  EXPECT_NE(o.candidates.at(0).why.find("Host(`app.example.com`)"), std::string::npos);
}

TEST_P(Arms, NobodyListeningIs502) {
  World empty{7, web()};
  empty.engine().update("file", decode(shop));
  const Outcome o = empty.send(get("app.example.com", "/"), GetParam());
  EXPECT_EQ(o.status, 502);
  EXPECT_EQ(o.body, "Bad Gateway");
}

// What Go's server and proxy do to answers, seen from the client.
class Answers : public Arms {
 protected:
  Outcome ask(const std::string& services, HostAnswer answer, std::string method = "GET") {
    const std::string text =
        "http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: s}}\n  services: " + services;
    World fresh{7, web()};  // no connection of an earlier question is left
    fresh.engine().update("file", decode(text));
    Host host;
    host.name = "app";
    host.script = [answer](const HostRequest&) { return answer; };
    fresh.add_host("127.0.0.1:18080", host);
    Request r = get("a.test", "/");
    r.method = std::move(method);
    return fresh.send(r, GetParam());
  }
  static std::string field(const Outcome& o, std::string_view name) {
    for (const auto& [key, value] : o.headers) {
      if (text::iequals(key, name)) return std::string(std::string_view(value));
    }
    return "-";
  }
  const std::string plain = "{s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:18080'}]}}}";
  const std::string failover =
      "{s: {failover: {service: a, fallback: n, errors: {status: ['503']}}}, "
      "n: {loadBalancer: {servers: []}}, "
      "a: {loadBalancer: {servers: [{url: 'http://127.0.0.1:18080'}]}}}";
};

TEST_P(Answers, NotModifiedTellsNoTypeAndNoLength) {
  HostAnswer a;
  a.status = 304;
  a.headers = {{"Content-Type", "text/plain"}, {"Content-Length", "5"}, {"Etag", "x"}};
  const Outcome o = ask(plain, a);
  EXPECT_EQ(field(o, "Content-Type"), "-");
  EXPECT_EQ(field(o, "Content-Length"), "-");
  EXPECT_EQ(field(o, "Etag"), "x");
}

TEST_P(Answers, TrailersAreAnnouncedToHeadWhereTheyCouldFollow) {
  HostAnswer a;
  a.trailers = {{"X-T", "1"}};
  EXPECT_EQ(field(ask(plain, a, "HEAD"), "Trailer"), "X-T");
  a.status = 204;
  a.headers = {{"Trailer", "X-T"}};
  EXPECT_EQ(field(ask(plain, a, "HEAD"), "Trailer"), "-");
}

TEST_P(Answers, FailoverOfAFlushedAnswerLosesTheStatus) {  // catalogue 4.5, as observed
  HostAnswer a;
  a.status = 503;
  a.body = "gone";
  const Outcome whole = ask(failover, a);
  EXPECT_EQ(whole.status, 503);
  EXPECT_EQ(field(whole, "X-Content-Type-Options"), "nosniff");
  a.chunked = true;
  const Outcome flushed = ask(failover, a);
  EXPECT_EQ(flushed.status, 200);
  EXPECT_EQ(flushed.body, "no available server\n");
  EXPECT_EQ(field(flushed, "X-Content-Type-Options"), "-");
}

TEST_P(Answers, FailoverLosesTrailers) {
  HostAnswer a;
  a.body = "x";
  a.trailers = {{"X-T", "1"}};
  EXPECT_EQ(ask(plain, a).trailers.size(), 1u);
  const Outcome o = ask(failover, a);
  EXPECT_EQ(o.body, "x");
  EXPECT_TRUE(o.trailers.empty());
}

TEST_P(Answers, ServerUrlWithoutHostIs500) {  // catalogue 4.7: other proxy errors
  EXPECT_EQ(ask("{s: {loadBalancer: {servers: [{url: 'http://'}]}}}", {}).status, 500);
}

INSTANTIATE_TEST_SUITE_P(Virtual, Answers, testing::Values(Arm::direct, Arm::wire));

INSTANTIATE_TEST_SUITE_P(Virtual, Arms, testing::Values(Arm::direct, Arm::wire));

TEST(World, SameSeedSameDigest) {
  std::string digests[2];
  for (std::string& d : digests) {
    World w{11, web()};
    w.engine().update("file", decode(shop));
    w.add_host("127.0.0.1:18080", greeting());
    Request r;
    r.host = "app.example.com";
    r.target = "/api/x";
    r.entry_point = "web";
    w.send(r, Arm::direct);
    w.send(r, Arm::wire);
    d = w.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

}  // namespace
}  // namespace gateproof::sim
