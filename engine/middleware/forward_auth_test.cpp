#include <gtest/gtest.h>

#include "engine/middleware/scripted_origin_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;

constexpr const char* address = "address: 'http://127.0.0.9:81/ask?x=1'";

struct AuthRig : testing::Rig {
  testing::ScriptedOrigin origin;
  bool use_with(const std::string& more) {
    return use("forwardAuth", "{" + std::string(address) + more + "}");
  }
  std::unique_ptr<Exchange> ask(const std::string& url = "/p?q",
                                const std::vector<std::string>& lines = {},
                                std::string_view method = "GET",
                                std::optional<http::Body> body = std::nullopt) {
    auto x = request(url, lines, method);
    x->origin = &origin;
    if (body) x->request.body = std::move(*body);
    run(*x);
    return x;
  }
  void answers(int status, std::vector<std::pair<std::string, std::string>> fields,
               std::string body = "") {
    origin.answer = [=](Exchange& x) {
      x.response = http::Response::make(status, body);
      for (const auto& [name, value] : fields) x.response.headers.add(name, value);
      return Result<void>();
    };
  }
};

TEST(ForwardAuth, WhatTheServerIsTold) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with("")) << rig.why;
  const auto x = rig.ask("/p?q",
                         {"X-Forwarded-For: 9.9.9.9", "X-Forwarded-Prefix: /x", "Te: trailers",
                          "Proxy-Authorization: pa", "Content-Length: 0"},
                         "POST");
  EXPECT_EQ(x->response.status, 200);
  EXPECT_EQ(rig.origin.method + " " + rig.origin.host + rig.origin.target,
            "GET 127.0.0.9:81/ask?x=1");
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"3.2 the peer alone", "X-Forwarded-For", "127.0.0.1"},
      {"3.2", "X-Forwarded-Method", "POST"},
      {"3.2", "X-Forwarded-Proto", "http"},
      {"3.2", "X-Forwarded-Host", "x.test"},
      {"3.2", "X-Forwarded-Uri", "/p?q"},
      {"3.2 others leak through when unset", "X-Forwarded-Prefix", "/x"},
      {"3.2 hop-by-hop", "Te", "-"},
      {"3.2 kept", "Proxy-Authorization", "pa"},
      {"3.2 framing", "Content-Length", "-"},
      {"3.2 Go's client", "User-Agent", "Go-http-client/1.1"},
      {"3.2 Go's client", "Accept-Encoding", "gzip"},
  };
  for (const auto& [clause, name, want] : rows)
    EXPECT_EQ(lines_of(rig.origin.headers, name), want) << clause << " " << name;
}

TEST(ForwardAuth, TrustForwardHeader) {
  struct Row {
    const char *clause, *options;
    bool strict;
    const char *forwarded_for, *prefix, *port, *agent;
  };
  const Row rows[] = {
      {"3.2 false: nothing is kept", ", trustForwardHeader: false", false, "127.0.0.1", "-", "80",
       "-"},
      {"3.2 true: appended", ", trustForwardHeader: true", false, "9.9.9.9, 127.0.0.1", "/x", "80",
       "-"},
      {"strict: unset means false", "", true, "127.0.0.1", "-", "80", "-"},
      {"3.2 true with a list: the managed set is added",
       ", trustForwardHeader: true, authRequestHeaders: [accept]", false, "9.9.9.9, 127.0.0.1",
       "/x", "80", "Go-http-client/1.1"},
      {"3.2 a listed agent that is absent stays so",
       ", trustForwardHeader: true, authRequestHeaders: [user-agent]", false, "9.9.9.9, 127.0.0.1",
       "/x", "80", "-"},
  };
  for (const Row& row : rows) {
    AuthRig rig;
    rig.strict = row.strict;
    ASSERT_TRUE(rig.use_with(row.options)) << row.clause;
    rig.ask("/", {"X-Forwarded-For: 9.9.9.9", "X-Forwarded-Prefix: /x"});
    EXPECT_EQ(lines_of(rig.origin.headers, "X-Forwarded-For"), row.forwarded_for) << row.clause;
    EXPECT_EQ(lines_of(rig.origin.headers, "X-Forwarded-Prefix"), row.prefix) << row.clause;
    EXPECT_EQ(lines_of(rig.origin.headers, "X-Forwarded-Port"), row.port) << row.clause;
    EXPECT_EQ(lines_of(rig.origin.headers, "User-Agent"), row.agent) << row.clause;
  }
}

TEST(ForwardAuth, RefusalsAreTheServersOwn) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(""));
  rig.answers(302, {{"Location", "/login"}, {"Keep-Alive", "x"}, {"X-Why", "no"}}, "moved");
  const auto x = rig.ask();
  EXPECT_EQ(x->response.status, 302);
  EXPECT_EQ(lines_of(x->response.headers, "Location"), "http://127.0.0.9:81/login");
  EXPECT_EQ(lines_of(x->response.headers, "Keep-Alive"), "-");
  EXPECT_EQ(lines_of(x->response.headers, "X-Why"), "no");
  EXPECT_EQ(rig.body_of(*x), "moved");
  EXPECT_EQ(rig.end->calls, 0);
  rig.answers(401, {});
  ASSERT_TRUE(rig.use_with(", authSigninURL: /in"));
  EXPECT_EQ(lines_of(rig.ask()->response.headers, "Location"), "/in");
}

// Go's http.Redirect writes a page only where nothing has put a Content-Type, "none" included, before it.
TEST(ForwardAuth, TheSignInPage) {
  struct Row {
    const char* method;
    bool apart, detect;
    const char *type, *body;
  };
  const char* page = "<a href=\"/in?a&amp;b=\xC3\xA9\">Found</a>.\n\n";
  const char* html = "text/html; charset=utf-8";
  const Row rows[] = {
      {"GET", false, false, "-", ""},   {"GET", true, false, html, page},
      {"GET", false, true, html, page}, {"HEAD", true, false, html, ""},
      {"POST", true, true, "-", ""},
  };
  for (const Row& row : rows) {
    AuthRig rig;
    ASSERT_TRUE(rig.use_with(", authSigninURL: '/in?a&b=\xC3\xA9'")) << rig.why;
    rig.answers(401, {});
    auto x = rig.request("/", {}, row.method);
    x->origin = &rig.origin;
    x->fields_apart = row.apart;
    x->detect_content_type = row.detect;
    rig.run(*x);
    EXPECT_EQ(lines_of(x->response.headers, "Location"), "/in?a&b=%c3%a9") << row.method;
    EXPECT_EQ(lines_of(x->response.headers, "Content-Type"), row.type) << row.method;
    EXPECT_EQ(rig.body_of(*x), row.body) << row.method;
  }
}

// Trailers that are announced in front of chunks stay with Go's client; else the field is one of the answer.
TEST(ForwardAuth, AnnouncedTrailers) {
  for (bool chunked : {false, true}) {
    AuthRig rig;
    ASSERT_TRUE(rig.use_with(""));
    rig.origin.answer = [&](Exchange& x) {
      x.response = http::Response::make(403);
      x.response.headers.add("Trailer", "X-T");
      if (chunked) {
        x.response.body = http::Body::stream(
            std::make_unique<testing::Pieces>(rig.world.scheduler, std::vector<std::string>{"no"},
                                              Duration(0)),
            std::nullopt);
      }
      return Result<void>();
    };
    EXPECT_EQ(lines_of(rig.ask()->response.headers, "Trailer"), chunked ? "-" : "X-T");
  }
}

TEST(ForwardAuth, OutagesAnswer500) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(""));
  rig.origin.answer = [](Exchange&) { return Result<void>(Error(Code::refused, "refused")); };
  EXPECT_EQ(rig.ask()->response.status, 500);
  rig.origin.answer = [](Exchange&) { return Result<void>(Error(Code::canceled, "gone")); };
  EXPECT_EQ(rig.ask()->response.status, 499);
  rig.answers(200, {});
  rig.origin.delay = std::chrono::milliseconds(29999);
  EXPECT_EQ(rig.ask()->response.status, 200);
  rig.origin.delay = std::chrono::milliseconds(30001);  // auth_time_max
  EXPECT_EQ(rig.ask()->response.status, 500);
  for (const char* bad : {"''", "foo", "'ftp://x'", "'http:///x'", "'http://h/%zz'"}) {
    ASSERT_TRUE(rig.use("forwardAuth", "{address: " + std::string(bad) + "}")) << bad;
    EXPECT_EQ(rig.ask()->response.status, 500) << bad;
  }
}

// Answers each request as its X-Who says, and some later than others.
class ByName final : public http::Origin {
 public:
  Task<Result<void>> round_trip(Exchange& x, http::Outbound& out) override {
    const std::string who(out.headers.get("X-Who"));
    const int64_t wait_ms = who == "good" ? 30 : who == "down" ? 20 : 10;
    co_await sleep_for(x.env->scheduler, std::chrono::milliseconds(wait_ms));
    if (who == "down") co_return Error(Code::refused, "refused");
    x.response = http::Response::make(who == "good" ? 200 : 403, who);
    x.response.headers.add("X-User", who);
    co_return Result<void>();
  }
};

// Several requests wait in one instance, and the helper fails for one of them: each has the verdict that was its own, and none
// passes by mistake (reliability H7).
TEST(ForwardAuth, H7_RequestsThatWaitTogetherKeepTheirOwnVerdicts) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(", authResponseHeaders: [X-User]"));
  std::vector<std::string> passed;
  rig.end->answer = [&passed](Exchange& x) {
    passed.emplace_back(x.request.headers.get("X-User"));
    x.response = http::Response::make(200);
  };
  ByName origin;
  std::vector<std::unique_ptr<Exchange>> all;
  TaskGroup group(rig.world.scheduler);
  for (const char* who : {"good", "bad", "down", "good", "down", "bad"}) {
    all.push_back(rig.request("/", {std::string("X-Who: ") + who, "X-User: evil"}));
    all.back()->origin = &origin;
    group.add(rig.chain->handle(*all.back()));
  }
  ASSERT_TRUE(rig.world.run_void(group.join()));
  std::string statuses;
  for (const auto& x : all) statuses += std::to_string(x->response.status) + " ";
  EXPECT_EQ(statuses, "200 403 500 200 500 403 ");
  EXPECT_EQ(passed, (std::vector<std::string>{"good", "good"}));
}

TEST(ForwardAuth, AnswersChangeTheRequest) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(
      ", authResponseHeaders: [x-user, X-Gone, Host], authResponseHeadersRegex: '^X-Auth-', "
      "headerField: X-User"));
  rig.answers(200, {{"X-User", "bob"}, {"X-Auth-A", "1"}, {"X-Other", "2"}, {"Host", "evil"}});
  const auto x = rig.ask("/", {"X-User: evil", "X-Gone: evil", "X-Auth-B: evil"});
  EXPECT_EQ(x->user, "bob");
  const std::pair<const char*, const char*> rows[] = {{"X-User", "bob"}, {"X-Gone", "-"},
                                                      {"X-Auth-A", "1"}, {"X-Auth-B", "-"},
                                                      {"X-Other", "-"},  {"Host", "-"}};
  for (const auto& [name, want] : rows) EXPECT_EQ(lines_of(rig.end->headers, name), want) << name;
}

TEST(ForwardAuth, Cookies) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(", addAuthCookiesToResponse: [k]"));
  rig.answers(200, {{"Set-Cookie", "k=auth; path=/"}, {"Set-Cookie", "z=1"}});
  rig.end->answer = [](Exchange& x) {
    x.response = http::Response::make(200);
    x.response.headers.add("Set-Cookie", "k=own");
    x.response.headers.add("Set-Cookie", "o=1; what=ever");
    x.response.headers.add("Set-Cookie", "bad name=1");
  };
  EXPECT_EQ(lines_of(rig.ask()->response.headers, "Set-Cookie"), "o=1 | k=auth; Path=/");
}

TEST(ForwardAuth, BodySizes) {
  struct Row {
    const char *clause, *options, *body;
    int status;
  };
  const Row rows[] = {
      {"3.2 at the limit", ", maxBodySize: 5", "12345", 200},
      {"3.2 one over", ", maxBodySize: 5", "123456", 401},
      {"3.2 zero, nothing", ", maxBodySize: 0", "", 200},
      {"3.2 zero, one byte", ", maxBodySize: 0", "1", 401},
      {"3.2 no limit", "", "123456", 200},
  };
  for (const Row& row : rows) {
    AuthRig rig;
    ASSERT_TRUE(rig.use_with(std::string(", forwardBody: true") + row.options));
    std::string arrived;
    rig.end->answer = [&](Exchange& x) {
      arrived = x.request.body.bytes();
      x.response = http::Response::make(200);
    };
    const auto x = rig.ask("/", {}, "POST", http::Body::text(row.body));
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(rig.origin.calls, row.status == 200 ? 1 : 0) << row.clause;
    if (row.status != 200) continue;
    EXPECT_EQ(rig.origin.body, row.body) << row.clause;
    EXPECT_EQ(arrived, row.body) << row.clause;
  }
}

TEST(ForwardAuth, ABodyOfUnknownLengthStaysOne) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(", forwardBody: true"));
  bool told = true;
  rig.end->answer = [&](Exchange& x) {
    told = x.request.body.length().has_value();
    x.response = http::Response::make(200);
  };
  const auto pieces = [&] {
    return http::Body::stream(
        std::make_unique<testing::Pieces>(rig.world.scheduler, std::vector<std::string>{"ab", "c"},
                                          std::chrono::milliseconds(1)),
        std::nullopt);
  };
  rig.ask("/", {}, "POST", pieces());
  EXPECT_EQ(rig.origin.body, "abc");
  EXPECT_FALSE(rig.origin.length_known);
  EXPECT_FALSE(told);
}

TEST(ForwardAuth, AnswerSizes) {
  const std::tuple<const char*, const char*, int> rows[] = {
      {", maxResponseBodySize: 5", "12345", 200},   {", maxResponseBodySize: 5", "123456", 401},
      {", maxResponseBodySize: 0", "", 200},        {", maxResponseBodySize: 0", "1", 401},
      {", maxResponseBodySize: -1", "123456", 200}, {"", "123456", 200},
  };
  for (const auto& [options, body, want] : rows) {
    AuthRig rig;
    ASSERT_TRUE(rig.use_with(options));
    rig.answers(200, {}, body);
    EXPECT_EQ(rig.ask()->response.status, want) << options << " " << body;
  }
  // Without a limit of its own, auth_response_body_bytes_max stands.
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(""));
  constexpr size_t limit = 64u << 20;
  rig.answers(200, {}, std::string(limit, 'x'));
  EXPECT_EQ(rig.ask()->response.status, 200);
  rig.answers(200, {}, std::string(limit + 1, 'x'));
  EXPECT_EQ(rig.ask()->response.status, 401);
}

TEST(ForwardAuth, OneThatAsksLooksBeyondARefusal) {
  AuthRig rig;
  ASSERT_TRUE(rig.use_with(""));
  rig.answers(403, {});
  auto x = rig.request("/");
  http::ExchangeTrace trace;
  x->origin = &rig.origin;
  x->look_beyond = true;
  x->trace = &trace;
  rig.run(*x);
  EXPECT_EQ(rig.end->calls, 1);
  ASSERT_TRUE(x->stopped_with);
  EXPECT_EQ(x->stopped_with->status, 403);
  EXPECT_EQ(x->stopped_by, "middleware m@file");
}

TEST(ForwardAuth, Building) {
  testing::Rig rig;
  rig.files.files["/ca"] = "-----BEGIN CERTIFICATE-----\n";
  const std::string tls = "unable to create client TLS configuration: ";
  const std::pair<std::string, std::string> rows[] = {
      {", authResponseHeadersRegex: '('",
       "error compiling regular expression (: error parsing regexp: missing closing ): `(`"},
      {", tls: {ca: /gone}", tls + "failed to parse CA"},
      {", tls: {ca: /ca}", ""},
      {", tls: {cert: /ca}", tls + "both TLS cert and key must be defined"},
      {", tls: {cert: /gone, key: /ca}", tls + "cert file does not exist"},
      {", tls: {cert: /ca, key: /gone}", tls + "key file does not exist"},
      {", tls: {insecureSkipVerify: true}", ""},
  };
  for (const auto& [more, want] : rows)
    EXPECT_EQ(rig.build_error("forwardAuth", "{" + std::string(address) + more + "}"), want)
        << more;
  const auto https = rig.build("forwardAuth", "{address: 'https://a'}");
  ASSERT_FALSE(https);  // this rig has no TLS
  EXPECT_EQ(https.error().code, Code::unsupported);
}

}  // namespace
}  // namespace gateproof::middleware
