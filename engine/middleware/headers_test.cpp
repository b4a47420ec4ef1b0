#include <gtest/gtest.h>

#include "engine/http/connection_headers.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

// The fields of an answer as "Name: value" lines, sorted by name.
std::string fields(const http::Headers& h) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& f : h) pairs.emplace_back(f.name, f.value);
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> lines;
  for (const auto& [name, value] : pairs) lines.push_back(name + ": " + value);
  return text::join(lines, "\n");
}

void answer_with(Rig& rig, const std::vector<std::pair<std::string, std::string>>& fields) {
  rig.end->answer = [fields](Exchange& x) {
    x.response = http::Response::make(200, "ok");
    for (const auto& [name, value] : fields) x.response.headers.add(name, value);
  };
}

TEST(Headers, CustomRequest) {
  Rig rig;
  ASSERT_TRUE(rig.use("headers", "customRequestHeaders: {x-aBC: v, X-Del: '', hOST: other.host}"))
      << rig.why;
  auto x = rig.send("/", {"X-Del: 1", "X-Del: 2", "X-Abc: 1", "X-Abc: 2"});
  EXPECT_EQ(fields(rig.end->headers), "X-Abc: v") << "3.3";
  EXPECT_EQ(rig.end->host, "other.host") << "3.3 Host";
  EXPECT_FALSE(x->suppress_forwarded_for);

  ASSERT_TRUE(rig.use("headers", "customRequestHeaders: {Host: ''}"));
  rig.send("/");
  EXPECT_EQ(rig.end->host, "x.test") << "an empty Host changes nothing";

  ASSERT_TRUE(rig.use("headers", "customRequestHeaders: {X-Forwarded-For: ''}"));
  EXPECT_TRUE(rig.send("/")->suppress_forwarded_for) << "2.2";

  ASSERT_TRUE(rig.use("headers", "customRequestHeaders: {X-Blank: '  '}"));
  rig.send("/");
  EXPECT_EQ(lines_of(rig.end->headers, "X-Blank"), "  ")
      << "blanks are a value, until it is written";
}

TEST(Headers, SwitchingProtocolsIsLeftAlone) {
  Rig rig;
  ASSERT_TRUE(rig.use("headers", "{customResponseHeaders: {X-A: v}, frameDeny: true}"));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(101); };
  EXPECT_EQ(fields(rig.send("/")->response.headers), "");
}

TEST(Headers, FieldsThatNoRequestCanCarryAreFoundOutLater) {  // where the request is sent
  const std::pair<const char*, const char*> rows[] = {
      {"{X y: a}", "X y"}, {"{X-Nl: \"a\\nb\"}", "X-Nl"}, {"{X y: '', X-Ok: \"a\\tb\"}", ""}};
  for (const auto& [options, bad] : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", "customRequestHeaders: " + std::string(options))) << rig.why;
    const auto x = rig.send("/");
    EXPECT_EQ(rig.end->calls, 1) << options;
    EXPECT_EQ(http::unsendable_field(x->request.headers), bad) << options;
  }
}

TEST(Headers, CustomResponse) {
  Rig rig;
  answer_with(rig, {{"Server", "nginx"}, {"X-Over", "b1"}, {"X-Over", "b2"}, {"Keep", "k"}});
  ASSERT_TRUE(rig.use("headers",
                      "customResponseHeaders: {x-rESP: rv, Server: '', X-Over: mine, "
                      "'bad name': v, X-Nl: \"a\\nb\", Content-Length: '7'}"));
  EXPECT_EQ(fields(rig.send("/")->response.headers),
            "Keep: k\nX-Nl: a b\nX-Over: mine\nX-Resp: rv");
}

constexpr const char* listed = R"(
accessControlAllowMethods: [GET, PUT]
accessControlAllowHeaders: [X-A, X-B]
accessControlAllowOriginList: ['https://a.test', 'https://b.test']
accessControlMaxAge: 100
addVaryHeader: true
accessControlAllowCredentials: true
accessControlExposeHeaders: [E1, E2])";
constexpr const char* star = R"(
accessControlAllowMethods: ['*', GET]
accessControlAllowHeaders: [A, '*']
accessControlAllowOriginList: ['*']
accessControlAllowCredentials: true
accessControlExposeHeaders: ['*', B])";
constexpr const char* open_star = R"(
accessControlAllowMethods: ['*']
accessControlAllowHeaders: ['*']
accessControlAllowOriginList: ['*']
accessControlExposeHeaders: ['*'])";

struct CorsRow {
  const char *clause, *options, *origin, *expected;
};

const std::vector<std::string> asked = {"Access-Control-Request-Method: PUT",
                                        "Access-Control-Request-Headers: X-Q, X-W"};

TEST(Headers, Preflight) {
  const CorsRow rows[] = {
      {"3.3 allowed", listed, "https://a.test",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: X-A,X-B\n"
       "Access-Control-Allow-Methods: GET,PUT\nAccess-Control-Allow-Origin: https://a.test\n"
       "Access-Control-Expose-Headers: E1,E2\nAccess-Control-Max-Age: 100"},
      {"9.29 not allowed", listed, "https://evil",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: X-A,X-B\n"
       "Access-Control-Allow-Methods: GET,PUT\nAccess-Control-Expose-Headers: E1,E2\n"
       "Access-Control-Max-Age: 100"},
      {"3.3 star with credentials", star, "https://q",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: X-Q, X-W\n"
       "Access-Control-Allow-Methods: PUT\nAccess-Control-Allow-Origin: https://q"},
      {"3.3 star", open_star, "https://q",
       "Access-Control-Allow-Headers: *\nAccess-Control-Allow-Methods: *\n"
       "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *"},
      {"3.3 max age 0 is sent", "{accessControlMaxAge: 0}", "q", "Access-Control-Max-Age: 0"},
      {"3.3 max age below 0", "{accessControlMaxAge: -1}", "q", "Access-Control-Max-Age: -1"},
      {"vary alone", "{addVaryHeader: true}", "q", ""},
      {"regex", "{accessControlAllowOriginListRegex: ['^x$', b]}", "abc",
       "Access-Control-Allow-Origin: abc"},
  };
  for (const CorsRow& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", row.options)) << rig.why;
    auto lines = asked;
    lines.push_back("Origin: " + std::string(row.origin));
    const auto x = rig.send("/", lines, "OPTIONS");
    EXPECT_EQ(rig.end->calls, 0) << row.clause;
    EXPECT_EQ(x->response.status, 200) << row.clause;
    EXPECT_EQ(rig.body_of(*x), "") << row.clause;
    EXPECT_EQ(fields(x->response.headers), row.expected) << row.clause;
  }
}

TEST(Headers, NotAPreflight) {
  const std::vector<std::vector<std::string>> requests = {
      {"Origin: https://a.test"},
      {"Access-Control-Request-Method: PUT"},
      {"Origin:", "Access-Control-Request-Method: PUT"},
      {"Origin: x", "Access-Control-Request-Method:"}};
  for (const auto& lines : requests) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", listed));
    rig.send("/", lines, "OPTIONS");
    EXPECT_EQ(rig.end->calls, 1) << "3.3 " << lines.front();
  }
  // Without CORS options there is nobody to answer it.
  for (const char* options : {"frameDeny: true", "customResponseHeaders: {X-A: b}",
                              "customRequestHeaders: {X-A: b, Host: h.test}"}) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", options));
    rig.send("/", {"Origin: x", "Access-Control-Request-Method: GET"}, "OPTIONS");
    EXPECT_EQ(rig.end->calls, 1) << options;
  }
}

TEST(Headers, CorsOnAnswers) {
  const CorsRow rows[] = {
      {"allowed", listed, "https://a.test",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: https://a.test\n"
       "Access-Control-Expose-Headers: E1,E2\nVary: Accept,Origin"},
      {"9.29 not allowed", listed, "https://evil",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: server\n"
       "Access-Control-Expose-Headers: E1,E2\nVary: Accept,Origin"},
      {"origin counts in its case", listed, "https://A.test",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: server\n"
       "Access-Control-Expose-Headers: E1,E2\nVary: Accept,Origin"},
      {"star with credentials", star, "https://q",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: https://q\n"
       "Vary: Accept"},
      {"star with credentials, no origin", star, "",
       "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: \nVary: Accept"},
      {"star", open_star, "https://q",
       "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *\nVary: Accept"},
  };
  for (const CorsRow& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", row.options)) << rig.why;
    answer_with(rig, {{"Access-Control-Allow-Origin", "server"}, {"Vary", "Accept"}});
    const std::string origin = row.origin;
    const auto x = origin.empty() ? rig.send("/") : rig.send("/", {"Origin: " + origin});
    EXPECT_EQ(fields(x->response.headers), row.expected) << row.clause;
  }
}

TEST(Headers, Vary) {
  using Lines = std::vector<std::string>;
  const std::vector<std::pair<Lines, std::string>> rows = {
      {{}, "Origin"},
      {{"Origin"}, "Origin"},
      {{"origin"}, "origin,Origin"},
      {{"Accept, Origin"}, "Accept, Origin,Origin"},
      {{"Accept", "B"}, "Accept,Origin"},
      {{"Origin", "B"}, "Origin | B"},
      {{""}, "Origin"},
  };
  for (const auto& [lines, expected] : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", "addVaryHeader: true"));
    std::vector<std::pair<std::string, std::string>> given;
    for (const std::string& v : lines) given.emplace_back("Vary", v);
    answer_with(rig, given);
    EXPECT_EQ(lines_of(rig.send("/")->response.headers, "Vary"), expected);
  }
}

TEST(Headers, Security) {
  struct Row {
    const char *clause, *options;
    bool tls;
    const char* line;  // of the request
    const char* expected;
  };
  constexpr const char* all = R"(
stsSeconds: 31536000
stsIncludeSubdomains: true
stsPreload: true
frameDeny: true
contentTypeNosniff: true
browserXssFilter: true
contentSecurityPolicy: csp
contentSecurityPolicyReportOnly: ro
referrerPolicy: same-origin
permissionsPolicy: pp
publicKey: pk
customResponseHeaders: {X-Frame-Options: ALLOW, Referrer-Policy: ''})";
  const Row rows[] = {
      {"3.3 plain, custom wins", all, false, "A: b",
       "Content-Security-Policy: csp\nContent-Security-Policy-Report-Only: ro\n"
       "Permissions-Policy: pp\nX-Content-Type-Options: nosniff\nX-Frame-Options: ALLOW\n"
       "X-Xss-Protection: 1; mode=block"},
      {"3.3 TLS", all, true, "A: b",
       "Content-Security-Policy: csp\nContent-Security-Policy-Report-Only: ro\n"
       "Permissions-Policy: pp\nPublic-Key-Pins: pk\n"
       "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\n"
       "X-Content-Type-Options: nosniff\nX-Frame-Options: ALLOW\nX-Xss-Protection: 1; mode=block"},
      {"3.3 forced, custom values",
       "{stsSeconds: 10, forceSTSHeader: true, customFrameOptionsValue: SAMEORIGIN, frameDeny: "
       "true, browserXssFilter: true, customBrowserXSSValue: '0'}",
       false, "A: b",
       "Strict-Transport-Security: max-age=10\nX-Frame-Options: SAMEORIGIN\nX-Xss-Protection: 0"},
      {"3.3 development",
       "{stsSeconds: 10, forceSTSHeader: true, isDevelopment: true, publicKey: pk, frameDeny: "
       "true, allowedHosts: [zz]}",
       true, "A: b", "X-Frame-Options: DENY"},
      {"3.3 preload without seconds", "{stsPreload: true, frameDeny: true}", true, "A: b",
       "X-Frame-Options: DENY"},
      {"3.3 seconds 0", "{stsSeconds: 0, forceSTSHeader: true}", true, "A: b",
       "X-Frame-Options: server"},
      {"3.3 proxy header", "{stsSeconds: 10, publicKey: pk, sslProxyHeaders: {X-Proto: https}}",
       false, "X-Proto: https",
       "Public-Key-Pins: pk\nStrict-Transport-Security: max-age=10\nX-Frame-Options: server"},
      {"3.3 proxy header, case counts", "{stsSeconds: 10, sslProxyHeaders: {X-Proto: https}}",
       false, "X-Proto: HTTPS", "X-Frame-Options: server"},
      {"X-Forwarded-Proto is not asked", "stsSeconds: 10", false, "X-Forwarded-Proto: https",
       "X-Frame-Options: server"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", row.options)) << rig.why;
    answer_with(rig, {{"X-Frame-Options", "server"}});
    auto x = rig.request("/", {row.line});
    x->tls = row.tls;
    rig.run(*x);
    EXPECT_EQ(fields(x->response.headers), row.expected) << row.clause;
  }
}

TEST(Headers, AllowedHosts) {
  struct Row {
    const char *clause, *options;
    std::vector<std::string> lines;
    bool allowed;
  };
  const char* hosts = "allowedHosts: [A.test, 'a.test:81']";
  const char* proxied = "{allowedHosts: [good.test], hostsProxyHeaders: [X-One, X-Two]}";
  const Row rows[] = {
      {"3.3", hosts, {"Host: a.test"}, true},
      {"3.3 any case", hosts, {"Host: A.TEST"}, true},
      {"3.3 port counts", hosts, {"Host: a.test:80"}, false},
      {"3.3 port", hosts, {"Host: a.test:81"}, true},
      {"3.3 proxy header", proxied, {"X-One: good.test"}, true},
      {"3.3 second proxy header", proxied, {"X-Two: GOOD.test"}, true},
      {"3.3 first that is there", proxied, {"X-One: bad", "X-Two: good.test"}, false},
      {"3.3 Host when none is there", proxied, {"Host: good.test"}, true},
      {"3.3 custom Host is looked at",
       "{allowedHosts: [good.test], customRequestHeaders: {Host: good.test}}",
       {"Host: bad"},
       true},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("headers", row.options)) << rig.why;
    const auto x = rig.send("/", row.lines);
    EXPECT_EQ(rig.end->calls, row.allowed ? 1 : 0) << row.clause;
    if (row.allowed) continue;
    EXPECT_EQ(x->response.status, 500) << "9.30";
    EXPECT_EQ(rig.body_of(*x), "Bad Host\n");
    EXPECT_EQ(x->response.headers.get("Content-Type"), "text/plain; charset=utf-8");
  }
}

TEST(Headers, RefusedHostGetsTheOuterFields) {
  Rig rig;
  ASSERT_TRUE(rig.use("headers",
                      "{allowedHosts: [good.test], customResponseHeaders: {X-R: '1'}, frameDeny: "
                      "true, accessControlAllowOriginList: ['*']}"));
  const auto x = rig.send("/", {"Origin: x"});
  EXPECT_EQ(fields(x->response.headers),
            "Access-Control-Allow-Origin: *\nContent-Type: text/plain; charset=utf-8\n"
            "X-Content-Type-Options: nosniff\nX-R: 1");
  auto lines = asked;
  lines.push_back("Origin: x");
  EXPECT_EQ(rig.send("/", lines, "OPTIONS")->response.status, 200) << "a preflight comes first";
}

TEST(Headers, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("headers", yaml); };
  for (const char* nothing :
       {"frameDeny: false", "accessControlAllowCredentials: false",
        "{sslRedirect: false, sslHost: ''}",
        "{addVaryHeader: false, isDevelopment: false, customFrameOptionsValue: ''}"}) {
    EXPECT_EQ(error(nothing), "headers configuration not valid") << nothing;
  }
  for (const char* enough :
       {"stsSeconds: 0", "accessControlMaxAge: 0", "isDevelopment: true", "sslHost: x",
        "sslRedirect: true", "sslTemporaryRedirect: true", "sslForceHost: true", "featurePolicy: x",
        "customBrowserXSSValue: x", "hostsProxyHeaders: [x]", "sslProxyHeaders: {a: b}",
        "forceSTSHeader: true"}) {
    EXPECT_EQ(error(enough), "") << enough;
  }
  EXPECT_EQ(error("accessControlAllowOriginListRegex: ['(']"),
            "error occurred during origin parsing: error parsing regexp: missing closing ): `(`");
}

}  // namespace
}  // namespace gateproof::middleware
