#include "engine/pipeline/tunnel.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/env/testing/stream_pair.h"

namespace gateproof::pipeline {
namespace {

using namespace std::chrono_literals;
using gateproof::testing::PairedStream;

// A tunnel between a client and a server that says a byte at these times and is silent then: how long it lasts, and what came.
struct Lasting {
  std::optional<Duration> time;
  std::string came;
};

Task<void> speak(Scheduler& s, Stream& server, std::vector<Duration> at) {
  for (const Duration d : at) {
    co_await sleep_until(s, Instant() + d);
    std::vector<std::string_view> pieces = {"x"};
    co_await write_all(server, std::move(pieces), instant_max);
  }
}

Lasting last(Duration read_timeout, std::vector<Duration> at) {
  gateproof::testing::FakeWorld world;
  auto [client, client_end] = PairedStream::make(world.scheduler);
  auto [to_server, server] = PairedStream::make(world.scheduler);
  auto tunnel = std::make_unique<http::Tunnel>();
  tunnel->stream = std::move(to_server);
  tunnel->read_timeout = read_timeout;
  const Instant begun = world.clock.now();
  for (Duration& d : at) d += begun - Instant();
  Task<void> speaking = speak(world.scheduler, *server, std::move(at));
  speaking.start_root(world.scheduler, "server");
  const bool ended = world.run_void(run_tunnel(*client_end, "", std::move(tunnel)), 1min);
  Lasting out;
  if (ended) out.time = world.clock.now() - begun;
  char byte = 0;
  while (client->try_read({&byte, 1}).kind == IoResult::bytes) out.came += byte;
  return out;
}

TEST(Tunnel, EndsWhenTheServerIsSilentForItsTimeout) {
  EXPECT_EQ(last(2s, {}).time, 2s);
  const Lasting kept = last(2s, {1s, 2s, 3900ms});
  EXPECT_EQ(kept.time, 5900ms);
  EXPECT_EQ(kept.came, "xxx");
  EXPECT_EQ(last(0s, {1s}).time, std::nullopt);  // none
}

}  // namespace
}  // namespace gateproof::pipeline
