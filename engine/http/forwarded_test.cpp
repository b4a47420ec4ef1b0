#include "engine/http/forwarded.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/http/connection_headers.h"
#include "engine/http/trailers.h"

namespace gateproof::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields sorted(const Headers& headers) {
  Fields out;
  for (const auto& f : headers) out.emplace_back(f.name, f.value);
  std::sort(out.begin(), out.end());
  return out;
}

struct ForwardedTest : ::testing::Test {
  testing::FakeWorld world;
  Exchange x{world.env};
  ForwardedPolicy policy;
  ForwardedTest() {
    x.peer = {IpAddress::v4(192, 0, 2, 7), 4711};
    x.request.host = "h.test";
    policy.host_name = "proxy";
  }
  Fields run(Headers headers) {
    x.request.headers = std::move(headers);
    apply_forwarded(x, policy);
    return sorted(x.request.headers);
  }
};

const Fields own{{"X-Forwarded-Host", "h.test"},
                 {"X-Forwarded-Port", "80"},
                 {"X-Forwarded-Proto", "http"},
                 {"X-Forwarded-Server", "proxy"},
                 {"X-Real-Ip", "192.0.2.7"}};

// Rows F1, F2 and F3 of the reliability page, catalogue 2.2.
TEST_F(ForwardedTest, UntrustedPeerSaysNothing) {
  EXPECT_EQ(run({}), own);
  EXPECT_EQ(run({{"X-Forwarded-For", "1"},
                 {"X-Forwarded-Proto", "https"},
                 {"X-Forwarded-Host", "e"},
                 {"X-Forwarded-Port", "1"},
                 {"X-Forwarded-Server", "e"},
                 {"X-Forwarded-Uri", "e"},
                 {"X-Forwarded-Method", "e"},
                 {"X-Forwarded-Prefix", "e"},
                 {"X-Forwarded-Tls-Client-Cert", "e"},
                 {"X-Forwarded-Tls-Client-Cert-Info", "e"},
                 {"X-Real-Ip", "e"}}),
            own);
  EXPECT_EQ(run({{"X_Forwarded_For", "1"},
                 {"x-forwarded_proto", "https"},
                 {"X_Real-IP", "e"},
                 {"x_forwarded-tls_client-cert", "e"}}),
            own);
  EXPECT_FALSE(x.trusted_peer);
  Fields with = own;
  with.insert(with.end(), {{"Forwarded", "for=1"},
                           {"Via", "1.1 x"},
                           {"X-Forwarded-Scheme", "e"},
                           {"X.forwarded.for", "2"}});
  std::sort(with.begin(), with.end());
  EXPECT_EQ(run({{"Forwarded", "for=1"},
                 {"Via", "1.1 x"},
                 {"X-Forwarded-Scheme", "e"},
                 {"X.forwarded.for", "2"}}),
            with);
}

TEST_F(ForwardedTest, TrustedPeerIsBelieved) {
  policy.trusted = {*IpNetwork::parse("192.0.2.0/24")};
  EXPECT_EQ(run({}), own);
  EXPECT_TRUE(x.trusted_peer);
  EXPECT_EQ(run({{"X-Forwarded-For", "1"},
                 {"X-Forwarded-For", "2"},
                 {"X-Forwarded-Proto", "https"},
                 {"X-Forwarded-Host", "e"},
                 {"X-Forwarded-Server", "e"},
                 {"X-Real-Ip", "3"},
                 {"X-Forwarded-Prefix", "/p"}}),
            (Fields{{"X-Forwarded-For", "1, 2"},
                    {"X-Forwarded-Host", "e"},
                    {"X-Forwarded-Port", "443"},
                    {"X-Forwarded-Prefix", "/p"},
                    {"X-Forwarded-Proto", "https"},
                    {"X-Forwarded-Server", "proxy"},
                    {"X-Real-Ip", "3"}}));
  EXPECT_EQ(run({{"X-Real-Ip", ""},
                 {"X-Forwarded-Proto", ""},
                 {"X-Forwarded-Port", ""},
                 {"X-Forwarded-Host", ""}}),
            own);
  policy.trusted = {*IpNetwork::parse("192.0.2.8")};
  run({});
  EXPECT_FALSE(x.trusted_peer);
  x.peer.ip = *IpAddress::parse("::ffff:192.0.2.8");
  run({});
  EXPECT_TRUE(x.trusted_peer);
  EXPECT_EQ(x.request.headers.get("X-Real-Ip"), "192.0.2.8");
}

TEST_F(ForwardedTest, ProtoAndPort) {
  struct Row {
    const char* host;
    bool tls, websocket;
    const char *proto, *port;
  };
  const Row rows[] = {
      {"h", false, false, "http", "80"},        {"h", true, false, "https", "443"},
      {"h", false, true, "ws", "80"},           {"h", true, true, "wss", "443"},
      {"h:81", true, false, "https", "81"},     {"h:", false, false, "http", "80"},
      {"[::1]:82", false, false, "http", "82"}, {"::1", false, false, "http", "80"}};
  for (const Row& r : rows) {
    x.request.host = r.host;
    x.tls = r.tls;
    run(r.websocket ? Headers{{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "WebSocket"}}
                    : Headers{});
    EXPECT_EQ(x.request.headers.get("X-Forwarded-Proto"), r.proto) << r.host;
    EXPECT_EQ(x.request.headers.get("X-Forwarded-Port"), r.port) << r.host;
  }
  x.request.host.clear();
  run({});
  EXPECT_FALSE(x.request.headers.has("X-Forwarded-Host"));
}

TEST_F(ForwardedTest, AppendForwardedFor) {
  EXPECT_EQ(append_forwarded_for({}, x.peer.ip), "192.0.2.7");
  EXPECT_EQ(append_forwarded_for({{"X-Forwarded-For", "1"}, {"x-forwarded-for", "2"}}, x.peer.ip),
            "1, 2, 192.0.2.7");
  EXPECT_EQ(append_forwarded_for({{"X-Forwarded-For", ""}}, x.peer.ip),
            ", 192.0.2.7");  // as the running Traefik
}

Headers nominated(Headers headers, const std::vector<std::string>& keep = {}) {
  remove_connection_nominated(headers, keep);
  return headers;
}

TEST(ConnectionHeaders, NominatedFieldsGo) {
  EXPECT_EQ(sorted(nominated(
                {{"Connection", "Foo, close,,\tbar "}, {"foo", "1"}, {"Bar", "2"}, {"Baz", "3"}})),
            (Fields{{"Baz", "3"}}));
  EXPECT_EQ(sorted(nominated({{"Connection", "A"}, {"connection", "B"}, {"A", "1"}, {"B", "2"}})),
            Fields{});
  EXPECT_EQ(sorted(nominated({{"Connection", "X-Real-Ip, x_forwarded_for"},
                              {"X-Real-Ip", "1"},
                              {"X_Forwarded_For", "2"}})),
            (Fields{{"X-Real-Ip", "1"}, {"X_Forwarded_For", "2"}}));
  EXPECT_EQ(
      sorted(nominated({{"Connection", "Keep, Gone"}, {"Keep", "1"}, {"Gone", "2"}}, {"keep"})),
      (Fields{{"Connection", "Keep"}, {"Keep", "1"}}));
  EXPECT_EQ(
      sorted(nominated(
          {{"Connection", "keep-alive, upgrade, Foo"}, {"Upgrade", "websocket"}, {"Foo", "1"}})),
      (Fields{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}));
  EXPECT_EQ(sorted(nominated({{"Connection", "upgrade"}})), Fields{});
  EXPECT_EQ(sorted(nominated({{"Upgrade", "h2c"}})), (Fields{{"Upgrade", "h2c"}}));
}

TEST(ConnectionHeaders, UpgradeNeedsBothFields) {
  EXPECT_EQ(upgrade_of({{"Connection", "x, UPGRADE"}, {"Upgrade", "websocket"}}), "websocket");
  EXPECT_EQ(upgrade_of({{"Upgrade", "websocket"}}), "");
  EXPECT_EQ(upgrade_of({{"Connection", "upgrade"}}), "");
}

TEST(ConnectionHeaders, HopByHop) {
  Headers h{{"Connection", "Foo, X-Forwarded-For"},
            {"Foo", "1"},
            {"X-Forwarded-For", "2"},
            {"Keep-Alive", "3"},
            {"Proxy-Connection", "4"},
            {"Proxy-Authenticate", "5"},
            {"Proxy-Authorization", "6"},
            {"TE", "7"},
            {"Trailer", "8"},
            {"Transfer-Encoding", "9"},
            {"Upgrade", "10"},
            {"Accept", "11"}};
  remove_hop_by_hop(h);
  EXPECT_EQ(sorted(h), (Fields{{"Accept", "11"}, {"X-Forwarded-For", "2"}}));
}

TEST(ConnectionHeaders, HopByHopInAnySpelling) {
  for (std::string name :
       {"keep-alive", "PROXY-CONNECTION", "proxy-authenticate", "Proxy-authorization", "tE",
        "TRAILER", "transfer-Encoding", "uPGRADE", "connection"}) {
    Headers h{{name, "1"}, {name + "s", "2"}, {"x" + name.substr(1), "3"}};
    remove_hop_by_hop(h);
    EXPECT_EQ(h.size(), 2u) << name;
  }
}

TEST(ConnectionHeaders, WhatMayStandBehindABody) {  // RFC 9110 section 6.5.1; reliability F1 to F5
  for (const char* name : {"X-Sum", "Grpc-X", "Server-Timing", "Iffy", "X-Forward"})
    EXPECT_TRUE(may_trail(name)) << name;
  for (const char* name : {"X-Forwarded-For",
                           "x_forwarded_for",
                           "X-Forwarded-Any",
                           "Forwarded",
                           "X-Real-Ip",
                           "Host",
                           "Content-Length",
                           "content_length",
                           "Transfer-Encoding",
                           "Connection",
                           "Te",
                           "Upgrade",
                           "Trailer",
                           "Authorization",
                           "Proxy-Authorization",
                           "Cookie",
                           "Content-Type",
                           "Expect",
                           "If-Match",
                           "Range",
                           "Max-Forwards",
                           "X-HTTP-Method-Override"})
    EXPECT_FALSE(may_trail(name)) << name;
}

}  // namespace
}  // namespace gateproof::http
