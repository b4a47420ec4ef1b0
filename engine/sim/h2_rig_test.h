// HTTP/2 in virtual time: a client that does what it is told, and a scripted handler, for tests of both sides.
#pragma once
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/http/h2_peer_test.h"
#include "engine/pipeline/http_server.h"
#include "engine/sim/world.h"
#include "engine/upstream/http_origin.h"
#include "engine/upstream/proxy.h"

namespace gateproof::sim {

namespace h2 = http::h2;

// One request as the client sees it.
struct H2Asked final : h2::Stream {
  int status = 0;
  std::string interim, fields, body, trailers, reset;
  bool done() const { return ended_there || !reset.empty(); }
};

class H2Asker final : public h2::SessionOwner {
 public:
  H2Asker(std::unique_ptr<gateproof::Stream> stream, const h2::LocalSettings& settings = {})
      : session(h2::Role::client, settings, {}, *this), stream_(std::move(stream)) {}

  H2Asked& ask(const h2::testing::Fields& fields, bool end = true) {
    asked.push_back(std::make_unique<H2Asked>());
    session.start(*asked.back());
    for (const auto& [name, value] : fields) session.field(name, value);
    asked.back()->no_body = fields.front().second == "HEAD";
    session.send_fields(*asked.back(), end);
    return *asked.back();
  }
  // Reads and writes what there is.
  void turn(Instant now) {
    char block[16384];
    while (reading) {
      const IoResult r = stream_->try_read(block);
      if (r.kind == IoResult::would_block) break;
      if (r.kind != IoResult::bytes) {
        closed = true;
        break;
      }
      in_.append(block, r.n);
      in_.erase(0, session.receive(in_, now));
    }
    const std::string_view piece[] = {session.output()};
    if (piece[0].empty() || closed) return;
    const IoResult r = stream_->try_write(piece);
    if (r.kind == IoResult::bytes) session.written(r.n);
  }
  void send_raw(std::string_view bytes) {
    const std::string_view piece[] = {bytes};
    stream_->try_write(piece);
  }
  void close() { stream_->close(); }

  h2::Session session;
  std::vector<std::unique_ptr<H2Asked>> asked;
  std::string goaways;
  bool reading = true;    // false: the client takes nothing
  bool consuming = true;  // false: it takes bytes, but opens no window
  bool closed = false;

  h2::Stream* open_stream(uint32_t) override { return nullptr; }
  void request(h2::Stream&, h2::Block&) override {}
  void response(h2::Stream& s, h2::Block& b) override {
    H2Asked& a = static_cast<H2Asked&>(s);
    if (b.status < 200) {
      a.interim += std::to_string(b.status) + ";";
      return;
    }
    a.status = b.status;
    for (const auto& f : b.headers) {
      if (!f.is("Date")) a.fields.append(f.name).append("=").append(f.value).append(";");
    }
  }
  void trailers(h2::Stream& s, http::Headers& t) override {
    for (const auto& f : t)
      static_cast<H2Asked&>(s).trailers.append(f.name).append("=").append(f.value).append(";");
  }
  void data(h2::Stream& s, std::string_view piece) override {
    static_cast<H2Asked&>(s).body += piece;
    if (consuming) session.consumed(s, piece.size());
  }
  void reset(h2::Stream& s, h2::ErrorCode code) override {
    static_cast<H2Asked&>(s).reset = h2::to_string(code);
  }
  void goaway(uint32_t last, h2::ErrorCode code) override {
    goaways += std::to_string(last) + " " + std::string(h2::to_string(code)) + ";";
  }

 private:
  std::unique_ptr<gateproof::Stream> stream_;
  std::string in_;
};

// Gives back what it got, piece by piece; or answers with a size, or not at all.
class H2Script final : public pipeline::ExchangeHandler {
 public:
  Task<void> handle(http::Exchange& x) override;
  bool draining() const override { return drain; }
  int begun = 0, finished = 0;
  int running = 0;
  bool drain = false;
  Duration wait{0};
  std::function<void(http::Exchange&)> answer;  // in place of the echo
};

class H2Rig : public ::testing::Test {
 protected:
  H2Script script;  // outlives the connections, which the scheduler owns
  H2Script behind;  // of the server behind the proxy
  VirtualClock clock;
  SeededRandom random{1};
  Scheduler scheduler{clock};
  SimTransport transport{scheduler};
  gateproof::testing::NoResolver resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  pipeline::ServerOptions options;
  std::unique_ptr<H2Asker> client;

  void connect(pipeline::ExchangeHandler& handler, const h2::LocalSettings& settings = {}) {
    auto ends = make_pair(scheduler, {IpAddress::v4(127, 0, 0, 1), 5},
                          {IpAddress::v4(127, 0, 0, 1), 80}, transport.link);
    client = std::make_unique<H2Asker>(std::move(ends.first), settings);
    scheduler.spawn("connection",
                    pipeline::serve_http(env, std::move(ends.second), handler, options));
    run();
  }
  // Lets both sides talk until nothing happens any more, or `d` has passed.
  void run(Duration d = Duration::zero()) {
    const Instant end = clock.now() + d;
    for (int quiet = 0; quiet < 3;) {
      const bool waiting = client && !client->session.output().empty();
      if (client) client->turn(clock.now());
      if (scheduler.run_ready() > 0 || (waiting && client->session.output().empty())) {
        quiet = 0;
        continue;
      }
      ++quiet;
      if (quiet < 3 || scheduler.next_timer() > end) continue;
      clock.advance_to(scheduler.next_timer());
      scheduler.fire_timers(clock.now());
      quiet = 0;
    }
    clock.advance_to(end);
  }
};

}  // namespace gateproof::sim
