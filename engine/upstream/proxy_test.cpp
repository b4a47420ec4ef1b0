#include "engine/upstream/proxy.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/upstream/status_of.h"

namespace gateproof::upstream {
namespace {

config::ServerConfig server_at(std::string url, bool preserve = false) {
  config::ServerConfig s;
  s.url.value = std::move(url);
  s.preserve_path = preserve;
  return s;
}

class Proxy : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;
  http::Exchange x{world.env};
  void SetUp() override {
    x.request.method = "GET";
    x.request.host = "app.example.com";
    x.request.url.path = "/api/x";
    x.peer = {IpAddress::v4(10, 1, 2, 3), 4000};
  }
  http::Outbound outbound(const http::OriginServer& server, bool pass_host = true) {
    http::Outbound out;
    build_outbound(x, server, pass_host, out, asked_gzip);
    return out;
  }
  bool asked_gzip = false;
};

// Who sends a request again takes its word that no copy is needed (http::Handler::leaves_request).
TEST_F(Proxy, LeavesTheRequestAsItIs) {
  x.request.headers.add("Connection", "close, X-Gone");
  x.request.headers.add("X-Gone", "1");
  x.request.headers.add("Te", "trailers");
  x.request.query = "a;b";
  x.request.url.raw = "/api%2Fx";
  const http::Headers before = x.request.headers;
  const auto server = make_origin_server(server_at("http://h:81/base", true), {});
  const http::Outbound out = outbound(*server, false);
  EXPECT_FALSE(out.headers.has("X-Gone"));
  EXPECT_EQ(x.request.method, "GET");
  EXPECT_EQ(x.request.host, "app.example.com");
  EXPECT_EQ(x.request.url, (http::UrlPath{"/api/x", "/api%2Fx"}));
  EXPECT_EQ(x.request.query, "a;b");
  EXPECT_TRUE(std::equal(
      before.begin(), before.end(), x.request.headers.begin(), x.request.headers.end(),
      [](const auto& a, const auto& b) { return a.name == b.name && a.value == b.value; }));
}

TEST(Server, UrlPartsAndErrors) {  // catalogue 4.1
  struct Row {
    std::string url;
    bool ok;
    std::string authority;
    uint16_t port;
  };
  for (const Row& row : std::vector<Row>{{"http://h:81", true, "h:81", 81},
                                         {"http://h", true, "h", 80},
                                         {"https://h", true, "h", 443},
                                         {"h2c://h", true, "h", 80},
                                         {"http://[::1]:90/base/", true, "[::1]:90", 90},
                                         {"127.0.0.1:80", false, "", 0},
                                         {"ftp://h", true, "h", 80},
                                         {"", true, "", 80},
                                         {"http:/h:80", true, "", 80},
                                         {"localhost:80", true, "", 80},
                                         {"http://h:bad", false, "", 0},
                                         {"http://h:99999", true, "h:99999", 0}}) {
    const auto s = make_origin_server(server_at(row.url), {});
    ASSERT_EQ(s.has_value(), row.ok) << row.url;
    if (!row.ok) continue;
    EXPECT_EQ(s->authority, row.authority);
    EXPECT_EQ(s->port, row.port);
  }
}

TEST_F(Proxy, NoUpgradeToHttp2IsPassedOn) {  // catalogue 2.2; the binary removes all three fields
  x.request.headers.add("Connection", "Upgrade");
  x.request.headers.add("Upgrade", "H2C, websocket");
  x.request.headers.add("Http2-Settings", "x");
  const auto server = make_origin_server(server_at("http://h"), {});
  ASSERT_TRUE(server);
  const http::Outbound out = outbound(*server);
  EXPECT_FALSE(out.headers.has("Connection"));
  EXPECT_FALSE(out.headers.has("Upgrade"));
  EXPECT_FALSE(out.headers.has("Http2-Settings"));
}

TEST_F(Proxy, PathOfTheServerCountsOnlyWithPreservePath) {  // surprise 36
  EXPECT_EQ(outbound(*make_origin_server(server_at("http://h/base/"), {})).target, "/api/x");
  EXPECT_EQ(outbound(*make_origin_server(server_at("http://h/base/", true), {})).target,
            "/base/api/x");
  EXPECT_EQ(outbound(*make_origin_server(server_at("http://h/base", true), {})).target,
            "/base/api/x");
}

TEST_F(Proxy, HostAndForwardedFor) {  // catalogue 2.2
  const auto server = *make_origin_server(server_at("http://h:81"), {});
  x.request.headers.add("X-Forwarded-For", "1.1.1.1");
  EXPECT_EQ(outbound(server).host, "app.example.com");
  EXPECT_EQ(outbound(server, false).host, "h:81");
  EXPECT_EQ(outbound(server).headers.get("X-Forwarded-For"), "1.1.1.1, 10.1.2.3");
  x.append_forwarded_for = false;
  EXPECT_EQ(outbound(server).headers.get("X-Forwarded-For"), "1.1.1.1");
  x.suppress_forwarded_for = true;
  EXPECT_FALSE(outbound(server).headers.has("X-Forwarded-For"));
}

TEST_F(Proxy, HopByHopFieldsStayBehindAndTeTrailersPasses) {
  x.request.headers = {{"Connection", "X-Gone"},     {"X-Gone", "1"},    {"Keep-Alive", "5"},
                       {"Proxy-Authorization", "p"}, {"Te", "trailers"}, {"X-Stay", "2"},
                       {"Content-Length", "12"}};
  const http::Outbound out = outbound(*make_origin_server(server_at("http://h"), {}));
  for (std::string_view gone :
       {"Connection", "X-Gone", "Keep-Alive", "Proxy-Authorization", "Content-Length"}) {
    EXPECT_FALSE(out.headers.has(gone)) << gone;
  }
  EXPECT_EQ(out.headers.get("Te"), "trailers");
  EXPECT_EQ(out.headers.get("X-Stay"), "2");
}

TEST_F(Proxy, GzipIsAskedForOnlyWhereTheClientSaysNothing) {  // surprise 33
  const auto server = *make_origin_server(server_at("http://h"), {});
  EXPECT_EQ(outbound(server).headers.get("Accept-Encoding"), "gzip");
  EXPECT_TRUE(asked_gzip);
  x.request.method = "HEAD";
  EXPECT_FALSE(outbound(server).headers.has("Accept-Encoding"));
  x.request.method = "GET";
  x.request.headers.add("Accept-Encoding", "br");
  EXPECT_EQ(outbound(server).headers.get("Accept-Encoding"), "br");
  EXPECT_FALSE(asked_gzip);
}

TEST_F(Proxy, SemicolonsFromMiddlewaresDoNotPass) {
  x.request.query = "a=1;b=2";
  EXPECT_EQ(outbound(*make_origin_server(server_at("http://h"), {})).target, "/api/x?a=1&b=2");
}

TEST_F(Proxy, TargetWithoutItsSlashIsReadAsGoReadsIt) {  // catalogue 3.2 replacePath
  const auto server = *make_origin_server(server_at("http://h"), {});
  struct Row {
    const char *path, *query, *target;
  };
  for (const Row& row :
       {Row{"rel", "b=2&a=1", "rel?b=2&a=1"}, Row{"rel", "b=2&q=%zz&a=1", "rel?a=1&b=2"},
        Row{"rel", "q=%zz", "rel"}, Row{"a:b", "q=%zz", "/?q=%zz"}, Row{"a:/b", "q=1", "/b?q=1"},
        Row{"a://h/b", "q=1", "/b?q=1"}, Row{"1:b", "q=1", "1:b?q=1"},
        Row{"/a:b", "q=%zz", "/a:b?q=%zz"}}) {
    x.request.url = {row.path, row.path};
    x.request.query = row.query;
    EXPECT_EQ(outbound(server).target, row.target);
  }
}

TEST_F(Proxy, HostsThatMiddlewaresSet) {  // catalogue 3.3 customRequestHeaders Host
  const auto server = *make_origin_server(server_at("http://h"), {});
  for (const auto& [host, wire] :
       std::vector<std::pair<std::string, std::string>>{{"c.test:81", "c.test:81"},
                                                        {"ü.test", "xn--tda.test"},
                                                        {"a b", ""},
                                                        {"", "h"},
                                                        {"[fe80::1%25eth0]:80", "[fe80::1]:80"}}) {
    x.request.host = host;
    EXPECT_EQ(outbound(server).host, wire) << host;
  }
}

TEST_F(Proxy, AFieldThatNoRequestCanCarryIsRefusedBeforeAnybodyIsAsked) {
  const auto server = *make_origin_server(server_at("http://h"), {});
  x.request.headers.add("X-Bad", "a\nb");
  Task<void> sent = proxy_to(x, server, true);  // there is no origin to ask
  sent.start_root(world.scheduler, "test");
  EXPECT_TRUE(sent.done());
  EXPECT_EQ(x.response.status, 500);
  ASSERT_TRUE(x.failure);
  EXPECT_EQ(x.failure->retry, Retry::yes);
}

TEST_F(Proxy, OnlyTheFirstUserAgentIsSent) {
  const auto server = *make_origin_server(server_at("http://h"), {});
  x.request.headers = {{"User-Agent", "one"}, {"User-Agent", "two"}};
  EXPECT_EQ(outbound(server).headers.joined("User-Agent"), "one");
  x.request.headers = {{"User-Agent", ""}, {"User-Agent", "two"}};
  EXPECT_FALSE(outbound(server).headers.has("User-Agent"));
}

TEST(StatusOf, OneFunctionForAllFailures) {  // catalogue 4.7
  const std::vector<std::pair<Code, int>> rows = {
      {Code::refused, 502},  {Code::reset, 502},       {Code::io, 502},
      {Code::timeout, 504},  {Code::canceled, 499},    {Code::unavailable, 503},
      {Code::protocol, 500}, {Code::unsupported, 500}, {Code::limit, 500}};
  for (const auto& [code, status] : rows)
    EXPECT_EQ(status_of(Error(code, "x")), status) << to_string(code);
  EXPECT_EQ(status_of(Error(Code::canceled, Source::upstream, "RST_STREAM")), 500);
  EXPECT_EQ(status_of(Error(Code::protocol, Source::upstream, "no HTTP")), 502);
}

}  // namespace
}  // namespace gateproof::upstream
