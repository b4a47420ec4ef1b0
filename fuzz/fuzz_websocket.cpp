// WebSocket through the proxy, over HTTP/1.1 and over HTTP/2 (RFC 8441), on a network of small segments. Frames are the two ends'
// business: whatever bytes they are and however they are cut, each side hears what the other has said, the ends included. In
// another mode the server's answer to the upgrade is any bytes: the client gets an answer of HTTP.
//
// Byte 0: bit 0 HTTP/2, bit 1 any answer, the rest the size of a segment. Then pieces: a byte (bit 7: the server speaks, bit 6: and
// ends; the rest is a length) and so many bytes.
#include "engine/base/assert.h"
#include "engine/env/testing/fake.h"
#include "engine/http/h1_parser.h"
#include "engine/http/h2_session.h"
#include "engine/pipeline/http_server.h"
#include "engine/sim/world.h"
#include "engine/upstream/http_origin.h"
#include "engine/upstream/proxy.h"

using namespace gateproof;
namespace h2 = gateproof::http::h2;

namespace {

// RFC 6455 section 1.3 has this pair.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view switched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

http::OriginServer server_at(std::string url) {
  config::ServerConfig c;
  c.url.value = std::move(url);
  return *upstream::make_origin_server(c, {});
}

class Through final : public pipeline::ExchangeHandler {
 public:
  Through(Env& env) : origin_(env), server_(server_at("http://10.0.0.1:81")) {}
  Task<void> handle(http::Exchange& x) override {
    x.origin = &origin_;
    x.request.url = *http::canonical_path(x.request.url.raw);
    co_await upstream::proxy_to(x, server_, true);
  }

 private:
  upstream::HttpOrigin origin_;
  http::OriginServer server_;
};

// One end's bytes as they are on the wire.
struct End {
  std::unique_ptr<Stream> stream;
  bool closed = false;  // the other side has ended
  std::string take() {
    std::string out;
    char block[512];
    while (stream && !closed) {
      const IoResult r = stream->try_read(block);
      if (r.kind == IoResult::would_block) break;
      closed = r.kind != IoResult::bytes;
      if (!closed) out.append(block, r.n);
    }
    return out;
  }
  void say(std::string_view bytes) {
    const std::string_view piece[] = {bytes};
    if (!bytes.empty()) (void)stream->try_write(piece);
  }
};

class Client {
 public:
  virtual ~Client() = default;
  virtual void ask() = 0;
  virtual void say(std::string_view bytes, bool end) = 0;
  virtual void turn() = 0;  // reads and writes what there is
  int status = 0;
  std::string heard;
  bool ended = false;  // the tunnel's other direction, or the connection
};

class H1Client final : public Client {
 public:
  explicit H1Client(std::unique_ptr<Stream> s) { end_.stream = std::move(s); }
  void ask() override {
    end_.say(
        "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
        std::string(key) + "\r\n\r\n");
  }
  void say(std::string_view bytes, bool end) override {
    end_.say(bytes);
    if (end) end_.stream->shutdown_write();
  }
  void turn() override {
    pending_ += end_.take();
    ended = end_.closed;
    while (status < 101 || (status < 200 && status > 101)) {
      const http::h1::Step step = parser_.parse(pending_);
      GP_ASSERT(step.event != http::h1::Event::error);
      pending_.erase(0, step.consumed);
      if (step.event == http::h1::Event::need_more) return;
      if (step.event != http::h1::Event::head) continue;
      status = parser_.head().status;
      GP_ASSERT(status != 101 || parser_.head().upgrade);
      if (status < 200 && status != 101) parser_.reset(false);
    }
    heard += std::exchange(pending_, {});
  }

 private:
  End end_;
  std::string pending_;
  http::h1::ResponseParser parser_;
};

class H2Client final : public Client, public h2::SessionOwner {
 public:
  explicit H2Client(std::unique_ptr<Stream> s) : session_(h2::Role::client, {}, {}, *this) {
    end_.stream = std::move(s);
  }
  void ask() override {
    session_.start(call_);
    // Views of them live until they are sent.
    const std::pair<const char*, std::string_view> fields[] = {
        {":method", "CONNECT"},    {":protocol", "websocket"}, {":scheme", "http"},
        {":path", "/chat"},        {":authority", "a.test"},   {"sec-websocket-version", "13"},
        {"sec-websocket-key", key}};
    for (const auto& [name, value] : fields) session_.field(name, value);
    session_.send_fields(call_, false);
  }
  void say(std::string_view bytes, bool end) override {
    if (!call_.open || call_.ended_here) return;
    GP_ASSERT(session_.room(call_) >= bytes.size());
    session_.send_data(call_, bytes, end);
  }
  void turn() override {
    in_ += end_.take();
    in_.erase(0, session_.receive(in_, Instant{}));
    GP_ASSERT(!session_.failed());
    const std::string_view piece[] = {session_.output()};
    if (piece[0].empty()) return;
    const IoResult r = end_.stream->try_write(piece);
    if (r.kind == IoResult::bytes) session_.written(r.n);
  }
  h2::Stream* open_stream(uint32_t) override { return nullptr; }
  void request(h2::Stream&, h2::Block&) override {}
  void response(h2::Stream&, h2::Block& b) override { status = b.status; }
  void trailers(h2::Stream&, http::Headers&) override {}
  void data(h2::Stream& s, std::string_view piece) override {
    heard += piece;
    session_.consumed(s, piece.size());
    ended = ended || s.ended_there;
  }
  void reset(h2::Stream&, h2::ErrorCode) override { ended = true; }

 private:
  End end_;
  std::string in_;
  h2::Stream call_;
  h2::Session session_;
};

struct World {
  sim::VirtualClock clock;
  sim::SeededRandom random{1};
  Scheduler scheduler{clock};
  sim::SimTransport transport{scheduler};
  testing::NoResolver resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  Through through{env};
  End server;
  std::unique_ptr<Client> client;
  std::string server_heard;

  World(bool http2, size_t segment) {
    transport.link.segment_bytes_max = segment;
    transport.serve({IpAddress::v4(10, 0, 0, 1), 81},
                    [this](std::unique_ptr<Stream> s) { server.stream = std::move(s); });
    auto ends = sim::make_pair(scheduler, {IpAddress::v4(127, 0, 0, 1), 5},
                               {IpAddress::v4(127, 0, 0, 1), 80}, transport.link);
    if (http2) {
      client = std::make_unique<H2Client>(std::move(ends.first));
    } else {
      client = std::make_unique<H1Client>(std::move(ends.first));
    }
    scheduler.spawn("connection", pipeline::serve_http(env, std::move(ends.second), through, {}));
    run();
    client->ask();
    run();
  }
  ~World() {
    client.reset();
    server.stream.reset();
    scheduler.cancel_all();
  }
  void run() {
    for (int quiet = 0; quiet < 3;) {
      client->turn();
      server_heard += server.take();
      quiet = scheduler.run_ready() > 0 ? 0 : quiet + 1;
      if (quiet && scheduler.next_timer() <= clock.now()) scheduler.fire_timers(clock.now());
    }
  }
};

void talk(World& w, bool http2, std::string_view script) {
  w.server.say(switched);
  w.run();
  GP_ASSERT(w.client->status == (http2 ? 200 : 101));
  const size_t head = w.server_heard.size();
  GP_ASSERT(w.server_heard.ends_with("\r\n\r\n"));
  std::string by_client, by_server;
  bool client_ended = false, server_ended = false;
  while (!script.empty() && !server_ended) {
    const auto how = static_cast<unsigned char>(script.front());
    const std::string_view bytes = script.substr(1, how & 63);
    script.remove_prefix(1 + bytes.size());
    if (how & 128) {
      w.server.say(bytes);
      by_server += bytes;
      server_ended = how & 64;
      if (server_ended) w.server.stream->shutdown_write();
    } else if (!client_ended) {
      client_ended = how & 64;
      w.client->say(bytes, client_ended);
      by_client += bytes;
    }
    // Some pieces meet others on their way.
    if (bytes.size() % 3 != 2) w.run();
  }
  w.run();
  GP_ASSERT(w.client->heard == by_server);
  GP_ASSERT(w.client->ended == server_ended);
  // The server's end closes the tunnel: what was on its way to it then may be lost, and nothing else.
  const std::string_view there = std::string_view(w.server_heard).substr(head);
  GP_ASSERT(by_client.starts_with(there));
  if (!server_ended) GP_ASSERT(there == by_client && w.server.closed == client_ended);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool http2 = data[0] & 1;
  World w(http2, 1 + size_t{data[0]} / 4 * 8);
  GP_ASSERT(w.server.stream && w.server_heard.starts_with("GET /chat HTTP/1.1\r\n"));
  if ((data[0] & 2) == 0) {
    talk(w, http2, rest);
    return 0;
  }
  w.server.say(rest);
  w.server.stream->close();
  w.run();
  // An answer that breaks off in a short body ends the connection before its head has left.
  GP_ASSERT(w.client->status >= 200 || w.client->status == 101 || w.client->ended);
  if (http2) GP_ASSERT(w.client->ended && w.client->status != 101);
  return 0;
}
