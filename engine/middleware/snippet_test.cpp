// Snippets of NGINX configuration; conformance/kubernetes/answers/19-nginx-snippets.yaml has what the binary answers.
#include <gtest/gtest.h>

#include "engine/middleware/scripted_origin_test.h"
#include "engine/middleware/snippet_program.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

std::string yaml_text(std::string_view text) {
  return "'" + text::replace_all(std::string(text), "'", "''") + "'";
}

std::string options(std::string_view server, std::string_view location) {
  return "{serverSnippet: " + yaml_text(server) + ", configurationSnippet: " + yaml_text(location) +
         "}";
}

struct Sent {
  const char *server, *location, *url;
  std::vector<std::string> lines;
};

// "200 TARGET" of a request that passed, "STATUS BODY" or "STATUS > LOCATION" of one that was answered.
std::string outcome(Rig& rig, const Sent& s) {
  if (!rig.use("snippet", options(s.server, s.location))) return "! " + rig.why;
  const auto x = rig.send(s.url, s.lines);
  const std::string status = std::to_string(x->response.status);
  if (rig.end->calls > 0) return status + " " + rig.end->target;
  const std::string_view location = x->response.headers.get("Location");
  return location.empty() ? status + " " + rig.body_of(*x) : status + " > " + std::string(location);
}

TEST(Snippet, Rewrites) {
  const struct {
    Sent sent;
    const char* wanted;
  } rows[] = {
      {{"", "rewrite ^/a/(.*)$ /b/$1 break;", "/a/x?q=1", {}}, "200 /b/x?q=1"},
      {{"", "rewrite ^/a/(.*)$ /b?y=$1;", "/a/x?q=1", {}}, "200 /b?y=x"},
      {{"", "rewrite ^/a /b?;", "/a?q=1", {}}, "200 /b"},
      {{"", "rewrite ^/a /b permanent;", "/a", {}}, "301 > /b"},
      {{"", "rewrite ^/a $scheme://y.test/;", "/a", {}}, "302 > http://y.test/"},
      {{"", "rewrite ^/a //b;", "/a", {}}, "400 "},
      {{"", "rewrite ^/a b;", "/a", {}}, "400 "},  // no target of a request
      {{"", "rewrite ^/a /x/../b;", "/a", {}}, "400 "},
      {{"", "rewrite ^/n /b;", "/a", {}}, "200 /a"},
      {{"", "rewrite ^/a /b last; rewrite ^ /c;", "/a", {}}, "200 /b"},
      {{"rewrite ^/a /b last;", "rewrite ^/b /c;", "/a", {}}, "200 /c"},
      {{"rewrite ^/a /b break;", "rewrite ^/b /c;", "/a", {}}, "200 /b"},
      {{"", "return 404;", "/", {}}, "404 "},
      {{"", "return 200 \"$uri $args\";", "/a?q=1", {}}, "200 /a q=1"},
      {{"", "return 301 /x$request_uri;", "/a?q=1", {}}, "301 > /x/a?q=1"},
      {{"", "return https://y.test/;", "/", {}}, "302 > https://y.test/"},
      {{"", "return 404; return 200 late;", "/", {}}, "200 late"},
      {{"", "return 0;", "/", {}}, "200 "},
      {{"", "return 100 x;", "/", {}}, "200 x"},
      {{"", "return 99;", "/", {}}, "500 Internal Server Error\n"},
      {{"location /x { return 200 x; }", "", "/x/y", {}}, "200 x"},
      {{"location = /x { return 200 x; }", "", "/x/y", {}}, "200 /x/y"},
      {{"location ~ ^/[0-9]+$ { return 200 n; }", "", "/12", {}}, "200 n"},
      {{"location ~* ^/AB { return 200 c; }", "", "/ab", {}}, "200 c"},
      {{"location ^~ /x { return 200 x; }", "", "/x", {}}, "200 /x"},
  };
  for (const auto& row : rows) {
    Rig rig;
    EXPECT_EQ(outcome(rig, row.sent), row.wanted) << row.sent.server << row.sent.location;
  }
}

TEST(Snippet, Conditions) {
  const struct {
    const char* condition;
    std::vector<std::string> lines;
    bool holds;
  } rows[] = {
      {"($http_x)", {}, false},
      {"($http_x)", {"X: 0"}, false},
      {"($http_x)", {"X: 1"}, true},
      {"($nobody)", {}, false},
      {"($request_method = GET)", {}, true},
      {"($http_x != \"\")", {"X: a"}, true},
      {"($http_x = \"a b\")", {"X: a b"}, false},  // the first word alone
      {"($http_x ~ ^a)", {"X: ab"}, true},
      {"($http_x ~ ^A)", {"X: ab"}, false},
      {"($http_x ~* ^A)", {"X: ab"}, true},
      {"($http_x !~ ^a)", {"X: ab"}, false},
      {"($http_x !~* ^B)", {"X: ab"}, true},
      {"( $http_x ~ \"(a|b)c\" )", {"X: bc"}, true},
  };
  for (const auto& row : rows) {
    Rig rig;
    const std::string text = "if " + std::string(row.condition) + " { return 418; }";
    const std::string got = outcome(rig, {"", text.c_str(), "/", row.lines});
    EXPECT_EQ(got, row.holds ? "418 " : "200 /") << row.condition;
  }
}

TEST(Snippet, FieldsOfAnswers) {
  const struct {
    const char *server, *location, *name, *wanted;
  } rows[] = {
      {"", "add_header X 1; add_header X 2;", "X", "1 | 2"},
      {"add_header X s;", "add_header Y l;", "X", "-"},
      {"add_header X s;", "more_set_headers \"Y: l\";", "X", "s"},
      {"more_set_headers \"X: s\";", "more_set_headers -a \"X: l\";", "X", "s | l"},
      {"", "set $v a; add_header X $v-$nobody;", "X", "a-$nobody"},
      {"", "if ($uri ~ \"^/(.)\") { add_header X in-$1; } add_header X out;", "X", "in-p"},
      {"", "more_set_headers \"Up:\";", "Up", "-"},
      {"", "more_set_headers -r \"Up: v\" \"X: v\";", "Up", "v"},
      {"", "more_set_headers -r \"Up: v\" \"X: v\";", "X", "-"},
      {"", "more_set_headers -s 200 \"X: v\";", "X", "-"},
      {"", "more_clear_headers \"u*\";", "Up", "-"},
      {"", "proxy_hide_header Up;", "Up", "u"},
      {"", "add_header 'X Y' 1;", "'X Y'", "-"},
      {"", "add_header Content-Length 99;", "Content-Length", "-"},
      {"", "add_header X \"a\nb\";", "X", "a b"},
      {"", "expires epoch;", "Cache-Control", "no-cache"},
      {"", "expires max;", "Expires", "Thu, 31 Dec 2037 23:55:55 GMT"},
      {"", "expires 1d;", "Cache-Control", "max-age=86400"},
      {"", "expires 1h30m;", "Cache-Control", "max-age=5400"},
      {"", "expires -1;", "Cache-Control", "no-cache"},
      {"", "expires off;", "Expires", "-"},
  };
  for (const auto& row : rows) {
    Rig rig;
    rig.end->answer = [](Exchange& x) {
      x.response = http::Response::make(200, "ok");
      x.response.headers.add("Up", "u");
    };
    ASSERT_TRUE(rig.use("snippet", options(row.server, row.location))) << rig.why;
    const auto x = rig.send("/p");
    EXPECT_EQ(lines_of(x->response.headers, row.name), row.wanted) << row.server << row.location;
  }
}

TEST(Snippet, WithoutAlwaysSomeStatusesGetNoField) {
  Rig rig;
  ASSERT_TRUE(rig.use("snippet", options("", "add_header X 1; add_header Y 2 always;"))) << rig.why;
  for (const auto& [status, added] :
       std::vector<std::pair<int, bool>>{{200, true}, {202, false}, {304, true}, {404, false}}) {
    rig.end->answer = [status = status](Exchange& x) { x.response = http::Response::make(status); };
    const auto x = rig.send("/");
    EXPECT_EQ(x->response.headers.has("X"), added) << status;
    EXPECT_TRUE(x->response.headers.has("Y")) << status;
  }
}

TEST(Snippet, FieldsOfRequests) {
  const struct {
    const char *server, *location, *name, *wanted;
  } rows[] = {
      {"", "proxy_set_header X $host;", "X", "x.test"},
      {"", "proxy_set_header Have \"\";", "Have", "-"},
      {"proxy_set_header X s;", "proxy_set_header Y l;", "X", "-"},
      {"more_set_input_headers \"X: s\";", "more_set_input_headers \"Y: l\";", "X", "s"},
      {"", "more_set_input_headers -t text/html \"X: t\";", "X", "-"},
      {"", "more_clear_input_headers ha*;", "Have", "-"},
      {"", "proxy_set_header Host y.test; proxy_set_header X $http_host;", "X", "y.test"},
      {"", "proxy_set_header Host y.test;", "Host", "-"},
  };
  for (const auto& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("snippet", options(row.server, row.location))) << rig.why;
    rig.send("/", {"Have: 1"});
    EXPECT_EQ(lines_of(rig.end->headers, row.name), row.wanted) << row.server << row.location;
  }
}

TEST(Snippet, AllowAndDeny) {
  const struct {
    const char *server, *location;
    int status;
  } rows[] = {
      {"", "allow 127.0.0.0/8; deny all;", 200}, {"", "allow 10.0.0.1; deny all;", 403},
      {"deny all;", "allow 10.0.0.1;", 200},     {"deny 127.0.0.1;", "", 403},
      {"", "allow all; deny all;", 200},         {"", "if ($http_x) { deny all; }", 200},
  };
  for (const auto& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("snippet", options(row.server, row.location))) << rig.why;
    EXPECT_EQ(rig.send("/")->response.status, row.status) << row.server << row.location;
  }
}

TEST(Snippet, SaysWhatItCannotDo) {
  const std::string built = "building actions from configuration-snippet: ";
  const struct {
    const char* text;
    std::string error;
  } rows[] = {
      {"proxy_pass http://x;",
       "parsing configuration-snippet: unknown directive 'proxy_pass' on line 1, column 12"},
      {"location /x { return 404; }",
       built + "context location is not valid for this directive location: [server] "},
      {"if ($a) { proxy_set_header X 1; }",
       built + "building if action: building if block actions: context if is not valid for this "
               "directive proxy_set_header: [server location] "},
      {"if ($a) { if ($b) { return 404; } }",
       built + "building if action: building if block actions: context if is not valid for this "
               "directive if: [server location] "},
      {"if (-f $x) { return 404; }", built + "building if action: building if condition: invalid "
                                             "condition format: -f $x"},
      {"if ($a == b) { return 404; }",
       built + "building if action: building if condition: unsupported operator in condition: =="},
      // Brackets at the ends go, whatever they belong to.
      {"if ($a ~ (b|c)) { return 404; }",
       built + "building if action: building if condition: compiling regex in condition: error "
               "parsing regexp: missing closing ): `(b|c`"},
      {"if ($a);", built + "building if action: if directive requires a block"},
      {"set $a;",
       built + "building set action: set directive requires 2 parameters (variable and value)"},
      {"expires 3600;", built + "building expires action: invalid expires value \"3600\": cannot "
                                "parse duration \"3600\""},
      {"allow 1.2.3;",
       built + "building allow action: invalid IP address in allow directive: \"1.2.3\""},
      {"rewrite / /x odd;", built + "building rewrite action: rewrite directive has invalid flag "
                                    "\"odd\""},
      {"more_set_input_headers -s 200 X;",
       built + "building more_set_input_headers action: parsing more_set_input_headers flags: flag "
               "-s is not supported for this directive"},
      {"more_clear_headers *;",
       built + "building more_clear_headers action: parsing more_clear_headers directive: "
               "more_clear_headers directive has an invalid wildcard pattern \"*\""},
  };
  for (const auto& row : rows) {
    Rig rig;
    EXPECT_EQ(rig.build_error("snippet", options("", row.text)), row.error) << row.text;
  }
  Rig rig;
  EXPECT_EQ(rig.build_error("snippet", "{auth: {method: GET}}"),
            "address is required in auth configuration");
  EXPECT_EQ(rig.build_error("snippet", "{}"),
            "at least one of serverSnippet, configurationSnippet or auth option must be provided");
  EXPECT_EQ(rig.build_error("snippet", "{auth: {address: 'http://a.test', snippet: 'odd;'}}"),
            "parsing auth-snippet: unknown directive 'odd' on line 1, column 28");
}

TEST(Snippet, LongValuesAreRefused) {
  std::string doubling = "set $a " + std::string(1024, 'x') + ";";
  for (int i = 0; i < 6; ++i) doubling += "set $a $a$a;";
  Rig rig;
  const std::string at_limit = doubling + "proxy_set_header X 1;";
  EXPECT_EQ(outcome(rig, {"", at_limit.c_str(), "/", {}}), "200 /");  // 64 KiB
  EXPECT_EQ(outcome(rig, {"", (at_limit + "set $a ${a}y;").c_str(), "/", {}}), "500 ");
  EXPECT_EQ(outcome(rig, {"", (at_limit + "proxy_set_header Y ${a}y;").c_str(), "/", {}}), "500 ");
  std::string many = doubling;
  for (int i = 1; i < 16; ++i) many += "set $b" + std::to_string(i) + " $a;";
  EXPECT_EQ(outcome(rig, {"", many.c_str(), "/", {}}), "200 /");  // 1 MiB in all
  EXPECT_EQ(outcome(rig, {"", (many + "set $c y;").c_str(), "/", {}}), "500 ");
}

struct AuthRig : Rig {
  testing::ScriptedOrigin origin;
  std::unique_ptr<Exchange> ask(const std::string& auth, const std::string& location) {
    EXPECT_TRUE(use("snippet", "{configurationSnippet: " + yaml_text(location) +
                                   ", auth: {address: 'http://127.0.0.9:81/ask?x=1'" + auth + "}}"))
        << why;
    auto x = request("/p?q=1", {"X: forged"});
    x->origin = &origin;
    run(*x);
    return x;
  }
};

TEST(Snippet, OfTheAuthenticationServer) {
  AuthRig rig;
  rig.origin.answer = [](Exchange& x) {
    x.response = http::Response::make(200);
    x.response.headers.add("X-User", "ann");
    return Result<void>();
  };
  const auto x =
      rig.ask(", snippet: 'proxy_method PUT; proxy_set_header A $uri; set $v s;'",
              "auth_request_set $u $upstream_http_x_user; proxy_set_header B \"$u $v\";");
  EXPECT_EQ(rig.origin.method + " " + rig.origin.target, "PUT /ask?x=1");
  EXPECT_EQ(rig.origin.headers.get("A"), "/p");
  EXPECT_EQ(rig.end->headers.get("B"), "ann s");
  EXPECT_EQ(rig.ask(", snippet: 'return 418 tea;'", "")->response.status, 418);
  EXPECT_EQ(rig.origin.calls, 1);
  EXPECT_EQ(rig.ask(", snippet: 'rewrite ^ /b;'", "")->response.status, 500);
  EXPECT_EQ(rig.origin.calls, 1);
  // It is asked behind what the other snippets answer and deny, before what they send.
  EXPECT_EQ(rig.ask("", "return 200 first;")->response.status, 200);
  EXPECT_EQ(rig.ask("", "deny all;")->response.status, 403);
  EXPECT_EQ(rig.origin.calls, 1);
}

TEST(Snippet, PassesARefusalOn) {
  AuthRig rig;
  rig.origin.answer = [](Exchange& x) {
    x.response = http::Response::make(401, "who");
    return Result<void>();
  };
  const auto refused = rig.ask("", "add_header Y 1 always;");
  EXPECT_EQ(refused->response.status, 401);
  EXPECT_FALSE(refused->response.headers.has("Y"));
  const auto sent = rig.ask(", authSigninURL: 'https://in.test/'", "");
  EXPECT_EQ(sent->response.status, 302);
  EXPECT_EQ(sent->response.headers.get("Location"),
            "https://in.test/?rd=http://x.test%2Fp%3Fq%3D1");
  EXPECT_EQ(rig.end->calls, 0);
}

TEST(Snippet, IsToldWhenAsked) {
  Rig rig;
  ASSERT_TRUE(rig.use("snippet", options("", "return 403 no;"))) << rig.why;
  auto x = rig.request("/");
  http::ExchangeTrace trace;
  x->trace = &trace;
  x->look_beyond = true;
  rig.run(*x);
  EXPECT_EQ(rig.end->calls, 1);
  ASSERT_TRUE(x->stopped_with);
  EXPECT_EQ(x->stopped_with->status, 403);
}

}  // namespace
}  // namespace gateproof::middleware
