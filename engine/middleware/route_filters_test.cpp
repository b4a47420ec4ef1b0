// The filters of Gateway API rules, one by one; what they do together is in engine/sim/gateway_filters_test.cpp.
#include "engine/middleware/route_filters.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

// An exchange with a target as it came in on a Gateway's port.
std::unique_ptr<Exchange> raw(Rig& rig, const std::string& path) {
  auto x = rig.request("/", {}, "GET");
  x->raw_target = true;
  x->request.url.raw = path;
  x->request.url.path = http::unescape_path(path).value_or(path);
  return x;
}

std::string rewritten(const std::string& path, const std::string& matched,
                      const std::string& replacement) {
  Rig rig;
  auto x = raw(rig, path);
  x->matched_prefix = matched;
  config::RewriteFilter f;
  f.path = config::PathFilter{true, replacement};
  route_rewrite(f)->on_request(*x);
  return x->request.url.raw;
}

TEST(RouteFilters, PrefixesAreReplacedElementByElement) {  // the table of HTTPPathModifier
  struct Row {
    std::string path, matched, replacement, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"/foo/bar", "/foo", "/xyz", "/xyz/bar"},
           {"/foo/bar", "/foo", "/xyz/", "/xyz/bar"},
           {"/foo/bar", "/foo/", "/xyz", "/xyz/bar"},
           {"/foo/bar", "/foo/", "/xyz/", "/xyz/bar"},
           {"/foo", "/foo", "/xyz", "/xyz"},
           {"/foo/", "/foo", "/xyz", "/xyz/"},
           {"/foo/bar", "/foo", "", "/bar"},
           {"/foo/", "/foo", "", "/"},
           {"/foo", "/foo", "", "/"},
           {"/foo/", "/foo", "/", "/"},
           {"/foo", "/foo", "/", "/"},
           {"/bar", "/", "/x", "/x/bar"},
           {"/%66oo/b%2fr", "/foo", "/xyz", "/xyz/b%2fr"},
           {"/a%2Fb/c", "/a%2Fb", "/xyz", "/xyz/c"},
           {"/foo/bar", "/foo", "/a b", "/a%20b/bar"},
           {"/foo/bar", "/foo", "/a%20b", "/a%20b/bar"},
       })
    EXPECT_EQ(rewritten(row.path, row.matched, row.replacement), row.expected)
        << row.path << " " << row.matched << " " << row.replacement;
}

TEST(RouteFilters, AnEmptyPathAsTraefikHasIt) {
  struct Row {
    std::string path, expected;
  };
  for (const Row& row : std::vector<Row>{{"/foo", "/"},
                                         {"/foo/", "/"},
                                         {"/foo/x", "x"},
                                         {"/foo/x%2Fy/", "x%2Fy/"},
                                         {"/foo/a:b", "a:b"}}) {
    Rig rig;
    auto x = raw(rig, row.path);
    x->matched_prefix = "/foo";
    config::RewriteFilter f;
    f.path = config::PathFilter{true, "", true};
    route_rewrite(f)->on_request(*x);
    EXPECT_EQ(x->request.url.raw, row.expected) << row.path;
  }
  Rig rig;
  auto x = raw(rig, "/x");
  config::RedirectFilter f;
  f.path = config::PathFilter{false, "", true};
  f.as_traefik = true;
  route_redirect(f, 80)->on_request(*x);
  EXPECT_EQ(x->response.headers.get("Location"), "http://x.test");
}

TEST(RouteFilters, ARedirectionAsTraefikAnswers) {
  struct Row {
    config::RedirectFilter filter;
    std::string host, location;
  };
  const auto filter = [](std::string scheme, std::string hostname, int64_t port) {
    config::RedirectFilter f;
    f.scheme = std::move(scheme);
    f.hostname = std::move(hostname);
    f.port = port;
    f.as_traefik = true;
    return f;
  };
  for (
      const Row& row : std::vector<Row>{
          // The port of the request stays with its scheme; whose port it is that listens says nothing.
          {filter("", "new.test", 0), "a.test", "http://new.test/x"},
          {filter("", "", 0), "a.test:81", "http://a.test:81/x"},
          {filter("https", "", 0), "a.test:81", "https://a.test/x"},
          {filter("https", "", 443), "a.test:81", "https://a.test:443/x"},
          {filter("", "", 8080), "a.test", "http://a.test:8080/x"},
      }) {
    Rig rig;
    auto x = raw(rig, "/x");
    x->request.host = row.host;
    EXPECT_EQ(route_redirect(row.filter, 9000)->on_request(*x), Flow::answer);
    EXPECT_EQ(x->response.headers.get("Location"), row.location);
    EXPECT_EQ(rig.body_of(*x), "Found");
  }
}

TEST(RouteFilters, AnAnswerOfItsOwn) {
  Rig rig;
  config::RouteFilters filters;
  filters.filters.emplace_back(config::AnswerFilter{200, "application/json", "{}"});
  auto steps = route_steps(filters, {"r@p", "r@p", rig.world.clock, rig.world.random});
  ASSERT_TRUE(steps);
  auto x = raw(rig, "/x");
  ASSERT_EQ(steps->size(), 1u);
  EXPECT_EQ(dynamic_cast<SyncFilter&>(*steps->front()).on_request(*x), Flow::answer);
  EXPECT_EQ(x->response.headers.get("Content-Type"), "application/json");
}

TEST(RouteFilters, ARewrittenPathIsNeverEmptyAndBeginsWithOneSlash) {
  const bool ok = rc::check("any path, any prefix, any replacement", [] {
    const auto piece = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/%2f")));
    std::string replacement = *piece;
    if (!replacement.empty()) replacement = "/a " + replacement;
    const std::string out = rewritten("/a" + *piece, "/" + *piece, replacement);
    RC_ASSERT(out.starts_with('/'));
    RC_ASSERT(out.find(' ') == std::string::npos);
  });
  EXPECT_TRUE(ok);
}

TEST(RouteFilters, OriginsEqualTheDefinition) {
  // An asterisk is any text but a slash.
  const std::function<bool(std::string_view, std::string_view)> fits = [&](std::string_view p,
                                                                           std::string_view s) {
    if (p.empty()) return s.empty();
    if (p[0] != '*') return !s.empty() && p[0] == s[0] && fits(p.substr(1), s.substr(1));
    return fits(p.substr(1), s) || (!s.empty() && s[0] != '/' && fits(p, s.substr(1)));
  };
  const bool ok = rc::check("any pattern, any origin", [&] {
    const std::string pattern =
        "http://" + *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.*"))) + "b";
    const std::string origin =
        "http://" + *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab./")));
    Rig rig;
    config::CorsFilter f;
    f.origins = {pattern};
    auto x = rig.request("/", {"Origin: " + origin}, "GET");
    x->response = http::Response::make(200);
    route_cors(f)->on_response(*x);
    RC_ASSERT(x->response.headers.has("Access-Control-Allow-Origin") == fits(pattern, origin));
  });
  EXPECT_TRUE(ok);
}

TEST(RouteFilters, MirrorsGetTheirShareAndNoBodyThatIsTooLong) {
  Rig rig;
  auto to = std::make_shared<testing::ScriptedEnd>();
  auto half = route_mirror({"m", 1, 3, to});
  half->stage = "filter RequestMirror";
  for (int i = 0; i < 9; ++i) {
    auto x = rig.request("/", {}, "GET");
    half->on_request(*x);
    rig.world.scheduler.run_ready();
  }
  EXPECT_EQ(to->calls, 3);
  auto every = route_mirror({"m", 100, 100, to});
  for (const size_t bytes : {mirrored_body_bytes_max, mirrored_body_bytes_max + 1}) {
    for (const bool streamed : {false, true}) {
      to->calls = 0;
      auto x = rig.request("/", {}, "POST");
      x->request.body = http::Body::text(std::string(bytes, 'b'));
      if (streamed) {
        std::vector<std::string> pieces(1, std::string(bytes, 'b'));
        x->request.body = http::Body::stream(
            std::make_unique<testing::Pieces>(rig.world.scheduler, pieces, Duration(0)),
            std::nullopt);
      }
      every->on_request(*x);
      const auto read = rig.world.run(http::read_all(x->request.body, 1u << 24));
      ASSERT_TRUE(read && *read);
      EXPECT_EQ((*read)->size(), bytes);
      rig.world.scheduler.run_ready();
      EXPECT_EQ(to->calls, bytes == mirrored_body_bytes_max ? 1 : 0) << streamed;
    }
  }
}

TEST(RouteFilters, TheHostIsSetAsAField) {
  Rig rig;
  auto x = rig.request("/", {}, "GET");
  config::HeaderFilter f;
  f.set = {{"hOsT", "other.test"}};
  route_headers(f)->on_request(*x);
  EXPECT_EQ(x->request.host, "other.test");
  EXPECT_FALSE(x->request.headers.has("Host"));
}

TEST(RouteFilters, WhatNamesNothingHereLetsNothingPass) {
  Rig rig;
  config::RouteFilters filters;
  filters.filters.emplace_back(config::MiddlewareFilter{{"m@kubernetescrd", {}}});
  config::ExternalAuthFilter auth;
  auth.service.value = "none";
  filters.filters.emplace_back(auth);
  BuildContext context{"r@p", "r@p", rig.world.clock, rig.world.random};
  context.service = [](const std::string&) {
    return Result<std::shared_ptr<http::Handler>>(Error(Code::not_found, "none"));
  };
  auto steps = route_steps(filters, context);
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 2u);
  for (const auto& step : *steps) {
    auto x = rig.request("/", {}, "GET");
    EXPECT_EQ(step->on_request(*x), Flow::answer) << step->stage;
    EXPECT_EQ(x->response.status, 500) << step->stage;
  }
}

}  // namespace
}  // namespace gateproof::middleware
