// TLS over a stream, both sides in memory and in virtual time.
#include "engine/tls/stream.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/env/testing/stream_pair.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::tls {
namespace {

using gateproof::testing::FakeWorld;
using gateproof::testing::PairedStream;
using tls::testing::make_certificate;
using tls::testing::Pem;

struct Ends {
  PairedStream* client_carrier = nullptr;
  PairedStream* server_carrier = nullptr;
  std::unique_ptr<TlsStream> client, server;
  Result<void> client_done{}, server_done{};
};

class TlsStreams : public ::testing::Test {
 protected:
  FakeWorld world;
  Pem authority = make_certificate({.common_name = "root", .authority = true});
  Pem leaf = make_certificate({.common_name = "", .names = {"DNS:a.test"}}, &authority);

  int64_t wall() const { return world.clock.wall_ns(); }

  Task<void> both(Ends& e) {
    Waiter& me = co_await ThisWaiter{};
    Task<Result<void>> c = e.client->handshake(world.scheduler.now() + std::chrono::seconds(5));
    Task<Result<void>> s = e.server->handshake(world.scheduler.now() + std::chrono::seconds(5));
    c.start(me);
    s.start(me);
    while (!c.done() || !s.done()) co_await Suspend{"handshakes"};
    e.client_done = c.take();
    e.server_done = s.take();
  }

  Ends connect(const ServerSettings& server, ClientSettings client, size_t window = 1u << 20,
               const std::vector<std::string>& alpn = {}, bool with_identity = true) {
    if (client.roots.empty() && !client.insecure_skip_verify)
      client.roots = {authority.certificate};
    Ends e;
    auto ends = PairedStream::make(world.scheduler, window);
    e.client_carrier = ends.first.get();
    e.server_carrier = ends.second.get();
    const auto identity = *Identity::load(leaf.certificate, leaf.key);
    e.client = std::make_unique<TlsStream>(std::move(ends.first), *ClientContext::make(client),
                                           "a.test", alpn, wall());
    e.server = std::make_unique<TlsStream>(std::move(ends.second), std::string(),
                                           *ServerContext::make(server),
                                           with_identity ? identity.get() : nullptr, wall());
    EXPECT_TRUE(world.run_void(both(e)));
    return e;
  }

  std::string read_now(Stream& s) {
    std::string out;
    char buffer[5000];
    for (;;) {
      const IoResult r = s.try_read(buffer);
      if (r.kind != IoResult::bytes) return out + (r.kind == IoResult::eof ? "$" : "");
      out.append(buffer, r.n);
    }
  }
};

TEST_F(TlsStreams, HeadAndBodyLeaveInOneRecordAndOneWrite) {
  Ends e = connect({}, {});
  ASSERT_TRUE(e.client_done) << e.client_done.error().message;
  ASSERT_TRUE(e.server_done) << e.server_done.error().message;
  EXPECT_EQ(e.server->session().state().version, "1.3");
  EXPECT_EQ(e.server->session().state().cipher, "TLS_AES_128_GCM_SHA256");
  const size_t before = e.server_carrier->writes;
  const std::string_view pieces[] = {"head ", "body"};
  const IoResult r = e.server->try_write(pieces);
  EXPECT_EQ(r.n, 9u);
  EXPECT_EQ(e.server_carrier->writes, before + 1);
  char got[100];
  const IoResult first = e.client->try_read(got);
  EXPECT_EQ(std::string_view(got, first.n), "head body");  // one record
  EXPECT_EQ(e.client->try_read(got).kind, IoResult::would_block);
  EXPECT_FALSE(e.client->read_ready());
}

TEST_F(TlsStreams, ManyBytesBothWaysThroughASmallWindow) {
  Ends e = connect({}, {}, 3000);
  ASSERT_TRUE(e.client_done);
  e.server_carrier->read_at_once = 7;
  std::string much;
  for (int i = 0; i < 40000; ++i) much += std::to_string(i) + ",";
  std::string got;
  const auto send = [](Stream& s, const std::string& all) -> Task<Result<void>> {
    std::vector<std::string_view> pieces = {std::string_view(all).substr(0, 10),
                                            std::string_view(all).substr(10)};
    return write_all(s, std::move(pieces), instant_max);
  };
  Task<Result<void>> sending = send(*e.client, much);
  ASSERT_FALSE(sending.start_root(world.scheduler, "send"));
  char buffer[5000];
  while (got.size() < much.size()) {
    world.run(Duration::zero());
    const IoResult r = e.server->try_read(buffer);
    if (r.kind == IoResult::bytes) got.append(buffer, r.n);
    ASSERT_TRUE(r.kind == IoResult::bytes || r.kind == IoResult::would_block);
  }
  world.run(Duration::zero());
  EXPECT_TRUE(sending.done());
  EXPECT_TRUE(got == much);
}

TEST_F(TlsStreams, WhatWasAcceptedLeavesThoughTheWriterOnlyReads) {
  Ends e = connect({}, {}, 3000);
  const std::string much(20000, 'x');
  const std::string_view pieces[] = {much};
  EXPECT_EQ(e.server->try_write(pieces).n, much.size());
  EXPECT_FALSE(e.server->write_ready());
  EXPECT_EQ(e.server->try_write(pieces).kind, IoResult::would_block);
  e.server->close();  // and the end comes behind it
  std::string got;
  for (int i = 0; i < 20 && !got.ends_with('$'); ++i) {
    got += read_now(*e.client);
    world.run(Duration::zero());
  }
  EXPECT_EQ(got, much + "$");
}

// Its reading side does not know yet that nothing will come: the handshake must not ask it for ever.
TEST_F(TlsStreams, ACarrierThatBreaksUnderAWriteEndsTheHandshake) {
  Ends e;
  auto ends = PairedStream::make(world.scheduler);
  ends.second->shutdown_write();
  const auto identity = *Identity::load(leaf.certificate, leaf.key);
  e.client = std::make_unique<TlsStream>(std::move(ends.first),
                                         *ClientContext::make({.insecure_skip_verify = true}),
                                         "a.test", std::vector<std::string>{}, wall());
  e.server =
      std::make_unique<TlsStream>(std::move(ends.second), std::string(),
                                  *ServerContext::make(ServerSettings{}), identity.get(), wall());
  EXPECT_TRUE(world.run_void(both(e)));
  ASSERT_FALSE(e.server_done);
  EXPECT_EQ(e.server_done.error().code, Code::reset);
}

TEST_F(TlsStreams, WhoNeverReadsIsLeftAfterFarewellTime) {
  Ends e = connect({}, {}, 3000);
  const std::string much(20000, 'x');
  const std::string_view pieces[] = {much};
  e.server->try_write(pieces);
  e.server->close();
  const Instant begin = world.scheduler.now();
  world.run(farewell_time - std::chrono::nanoseconds(1));
  EXPECT_EQ(world.scheduler.tasks(), 1u);
  world.run(farewell_time);
  EXPECT_EQ(world.scheduler.tasks(), 0u);
  EXPECT_EQ(world.scheduler.now() - begin, farewell_time);
}

TEST_F(TlsStreams, OneWriteTakesABatchAtMost) {  // write_batch_bytes
  Ends e = connect({}, {});
  const std::string much(write_batch_bytes + 1, 'x');
  const std::string_view pieces[] = {std::string_view(much).substr(0, 5),
                                     std::string_view(much).substr(5)};
  EXPECT_EQ(e.server->try_write(pieces).n, write_batch_bytes);
  const std::string_view exact[] = {std::string_view(much).substr(1)};
  EXPECT_EQ(e.server->try_write(exact).n, write_batch_bytes);
}

TEST_F(TlsStreams, HalfClose) {
  Ends e = connect({}, {});
  const std::string_view bye[] = {"bye"};
  e.client->try_write(bye);
  e.client->shutdown_write();
  EXPECT_EQ(read_now(*e.server), "bye$");
  EXPECT_TRUE(e.server->ended());
  EXPECT_EQ(e.client->try_write(bye).kind, IoResult::failed);
  e.server->try_write(bye);
  EXPECT_EQ(read_now(*e.client), "bye");
  e.server->close();
  EXPECT_EQ(read_now(*e.client), "$");
}

TEST_F(TlsStreams, AnEndWithoutCloseNotifyCountsBetweenRecordsOnly) {
  Ends e = connect({}, {});
  e.client_carrier->shutdown_write();
  EXPECT_EQ(read_now(*e.server), "$");
  Ends cut = connect({}, {});
  const std::string_view half[] = {"\x17\x03\x03\x00\x40 half"};
  cut.client_carrier->try_write(half);
  cut.client_carrier->shutdown_write();
  char buffer[100];
  const IoResult r = cut.server->try_read(buffer);
  EXPECT_EQ(r.kind, IoResult::failed);
  EXPECT_EQ(r.code, Code::reset);
}

TEST_F(TlsStreams, GarbageFailsAndTellsThePeer) {
  Ends e = connect({}, {});
  const std::string_view pieces[] = {std::string_view("\x17\x03\x03\x00\x20", 5),
                                     "that is no record of this session"};
  e.client_carrier->try_write(pieces);
  char buffer[100];
  EXPECT_EQ(e.server->try_read(buffer).kind, IoResult::failed);
  EXPECT_EQ(e.server->try_read(buffer).kind, IoResult::failed);
  EXPECT_EQ(e.client->try_read(buffer).kind, IoResult::failed);
  EXPECT_EQ(e.client->session().error().message, "remote error: tls: bad record mac");
}

TEST_F(TlsStreams, R1_AHandshakeHasADeadline) {  // reliability R1
  auto ends = PairedStream::make(world.scheduler);
  const auto identity = *Identity::load(leaf.certificate, leaf.key);
  TlsStream server(std::move(ends.second), std::string("\x16\x03\x01", 3), *ServerContext::make({}),
                   identity.get(), wall());
  const Instant begin = world.scheduler.now();
  const auto done = world.run(server.handshake(begin + std::chrono::seconds(2)));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, Code::timeout);
  EXPECT_EQ(world.scheduler.now() - begin, std::chrono::seconds(2));
}

TEST_F(TlsStreams, AClientThatIsGoneFailsTheHandshake) {
  auto ends = PairedStream::make(world.scheduler);
  const auto identity = *Identity::load(leaf.certificate, leaf.key);
  TlsStream server(std::move(ends.second), std::string(), *ServerContext::make({}), identity.get(),
                   wall());
  ends.first->close();
  const auto done = world.run(server.handshake(instant_max));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, Code::reset);
}

}  // namespace
}  // namespace gateproof::tls
