// WebSocket over HTTP/2 (RFC 8441), the server's side in HTTP/1.1 by hand.
#include "engine/sim/h2_upstream_test.h"

namespace gateproof::sim {
namespace {

class H2WebSocket : public H2Upstream {
 protected:
  std::unique_ptr<gateproof::Stream> there_stream;

  void SetUp() override {
    H2Upstream::SetUp();
    server = server_at("http://10.0.0.1:81");
    transport.serve(there,
                    [this](std::unique_ptr<gateproof::Stream> s) { there_stream = std::move(s); });
  }
  upstream::HttpOrigin both{env};
  Through through{both, server};

  static h2::testing::Fields dial(const h2::testing::Fields& more = {}) {
    h2::testing::Fields f = {{":method", "CONNECT"},   {":protocol", "websocket"},
                             {":scheme", "http"},      {":path", "/chat"},
                             {":authority", "a.test"}, {"sec-websocket-version", "13"}};
    f.insert(f.end(), more.begin(), more.end());
    return f;
  }
  std::string server_heard() {
    char bytes[4096];
    const IoResult r = there_stream->try_read(bytes);
    return r.kind == IoResult::bytes ? std::string(bytes, r.n) : std::string();
  }
  void server_says(std::string_view bytes) {
    const std::string_view piece[] = {bytes};
    there_stream->try_write(piece);
    run();
  }
};

TEST_F(H2WebSocket, BytesBothWaysAndEachEndByItself) {
  connect(through);
  EXPECT_TRUE(client->session.peer_connect_protocol());
  // RFC 6455 section 1.3 has this pair.
  H2Asked& a = client->ask(dial({{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}), false);
  run();
  const std::string asked = server_heard();
  EXPECT_TRUE(asked.starts_with("GET /chat HTTP/1.1\r\nHost: a.test\r\n")) << asked;
  EXPECT_NE(asked.find("\r\nUpgrade: websocket\r\n"), std::string::npos);
  EXPECT_NE(asked.find("\r\nConnection: Upgrade\r\n"), std::string::npos);
  server_says(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nearly");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.fields, "");
  EXPECT_EQ(a.body, "early");
  client->session.send_data(a, "ping", false);
  run();
  EXPECT_EQ(server_heard(), "ping");
  server_says("pong");
  EXPECT_EQ(a.body, "earlypong");
  client->session.send_data(a, "last", true);
  run();
  EXPECT_EQ(server_heard(), "last");
  EXPECT_EQ(there_stream->try_read({}).kind, IoResult::eof);
  server_says("bye");
  there_stream->shutdown_write();
  run();
  EXPECT_EQ(a.body, "earlypongbye");
  EXPECT_TRUE(a.ended_there);
}

TEST_F(H2WebSocket, AClientThatResetsEndsTheServersConnection) {
  connect(through);
  H2Asked& a = client->ask(dial({{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}), false);
  run();
  server_says(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_EQ(a.status, 200);
  server_heard();
  client->session.reset(a, h2::ErrorCode::cancel);
  run();
  EXPECT_TRUE(there_stream->ended());
}

TEST_F(H2WebSocket, WhatIsNotConfirmedIsNoTunnel) {
  connect(through);
  H2Asked& a = client->ask(dial(), false);  // without a key: one is made here
  run();
  EXPECT_NE(server_heard().find("\r\nSec-WebSocket-Key: "), std::string::npos);
  server_says(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: AAAA\r\n\r\n");
  EXPECT_EQ(a.status, 502);
  H2Asked& refused = client->ask(dial(), false);
  run();
  server_heard();
  server_says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(refused.status, 403);
  // RFC 8441 section 5: a 2xx would open the WebSocket; RFC 9110 section 7.8: the server has taken no upgrade.
  for (const char* plain : {"200 OK", "204 No Content", "299 Odd"}) {
    H2Asked& answered = client->ask(dial(), false);
    run();
    server_heard();
    server_says("HTTP/1.1 " + std::string(plain) + "\r\nConnection: close\r\n\r\nhello");
    there_stream->close();
    run();
    EXPECT_EQ(std::to_string(answered.status) + answered.body, "502") << plain;
    EXPECT_TRUE(answered.ended_there);
  }
  H2Asked& moved = client->ask(dial(), false);
  run();
  server_heard();
  server_says("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 4\r\n\r\ngone");
  EXPECT_EQ(std::to_string(moved.status) + moved.fields + moved.body,
            "302Location=/x;Content-Length=4;gone");
  auto other = dial();
  other[1].second = "h2c";  // reliability S2
  H2Asked& b = client->ask(other, false);
  run();
  EXPECT_EQ(b.status, 501);
}

TEST_F(H2WebSocket, WindowsHoldBothSidesUp) {
  h2::LocalSettings narrow;
  narrow.stream_window = 1000;
  connect(through, narrow);
  client->consuming = false;
  H2Asked& a = client->ask(dial({{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}), false);
  run();
  server_heard();
  server_says(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" +
      std::string(5000, 'x'));
  EXPECT_EQ(a.body.size(), 1000u);
  client->consuming = true;
  for (int i = 0; i < 2; ++i) client->session.consumed(a, 500);
  run();
  EXPECT_EQ(a.body.size(), 5000u);
}

}  // namespace
}  // namespace gateproof::sim
