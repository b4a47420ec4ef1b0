#include "engine/upstream/h1_origin.h"

#include <list>

#include "engine/upstream/dial.h"
#include "engine/upstream/h1_connection.h"

namespace gateproof::upstream {

inline constexpr size_t response_block_bytes = 65536;

namespace {

// Connections of an https server are told apart by its URL and its TLS settings.
const std::string& key_of(const http::OriginServer& server) {
  return server.scheme == "https" ? server.url : server.authority;
}

}  // namespace

// Idle connections per server, the most recently used first, as Go's transport keeps them.
struct H1Origin::Pool {
  http::BlockPool blocks{response_block_bytes};
  std::map<std::string, std::list<std::unique_ptr<H1Connection>>, std::less<>> idle;

  std::unique_ptr<H1Connection> take(const http::OriginServer& server, Instant now) {
    const auto it = idle.find(key_of(server));
    if (it == idle.end()) return nullptr;
    auto& list = it->second;
    while (!list.empty()) {
      std::unique_ptr<H1Connection> c = std::move(list.front());
      list.pop_front();
      const bool expired =
          c->idle_timeout > Duration::zero() && now - c->idle_since > c->idle_timeout;
      if (!expired && c->tls == server.tls && c->usable()) return c;
    }
    return nullptr;
  }
  void give(std::unique_ptr<H1Connection> c) {
    if (c->max_idle < 0) return;  // reuse is off
    c->rest();
    c->idle_since = c->stream().scheduler().now();
    c->reused = true;
    auto& list = idle[c->key];
    const auto most = static_cast<size_t>(c->max_idle == 0 ? 2 : c->max_idle);
    list.push_front(std::move(c));
    while (list.size() > most) list.pop_back();
  }
};

namespace {

// A response's body: reads on from the connection, and gives it back to the pool when the message has ended cleanly. The last
// chunk's bytes live in the connection's buffer, so that happens when this source is destroyed.
class ResponseBody final : public http::BodySource {
 public:
  ResponseBody(std::shared_ptr<H1Origin::Pool> pool, std::unique_ptr<H1Connection> c)
      : pool_(std::move(pool)), connection_(std::move(c)) {}
  ~ResponseBody() override {
    if (connection_->reusable()) pool_->give(std::move(connection_));
  }
  std::optional<Result<http::Chunk>> try_read() override { return connection_->try_body(); }
  Task<Result<http::Chunk>> read() override {
    for (;;) {
      std::optional<Result<http::Chunk>> got = connection_->try_body();
      if (got) co_return std::move(*got);
      co_await connection_->stream().readable(instant_max);
    }
  }
  const http::Headers* trailers() const override { return connection_->trailers(); }

 private:
  std::shared_ptr<H1Origin::Pool> pool_;
  std::unique_ptr<H1Connection> connection_;
};

std::unique_ptr<H1Connection> make_connection(std::unique_ptr<Stream> stream,
                                              http::BlockPool& blocks,
                                              const http::OriginServer& server) {
  auto c = std::make_unique<H1Connection>(std::move(stream), blocks);
  c->key = key_of(server);
  c->tls = server.tls;
  c->idle_timeout = server.idle_conn_timeout;
  c->max_idle = server.max_idle_conns;
  return c;
}

// Go sends a request again when a kept connection turned out to be dead, if it can be sent again.
bool may_resend(const Error& e, const H1Connection& c, const http::Outbound& out) {
  if (e.retry != Retry::if_reused || !c.reused || out.body->streaming()) return false;
  const std::string_view m = out.method;
  return m == "GET" || m == "HEAD" || m == "OPTIONS" || m == "TRACE" ||
         out.headers.has("Idempotency-Key") || out.headers.has("X-Idempotency-Key");
}

}  // namespace

H1Origin::H1Origin(Env& env) : env_(env), pool_(std::make_shared<Pool>()) {}
H1Origin::~H1Origin() = default;

void H1Origin::close_idle() { pool_->idle.clear(); }

size_t H1Origin::idle() const {
  size_t n = 0;
  for (const auto& [key, list] : pool_->idle) n += list.size();
  return n;
}

bool H1Origin::has_idle(const http::OriginServer& server) const {
  const auto found = pool_->idle.find(key_of(server));
  return found != pool_->idle.end() && !found->second.empty();
}

Task<Result<void>> H1Origin::round_trip(http::Exchange& x, http::Outbound& out) {
  return round_trip_on(x, out, nullptr);
}

Task<Result<void>> H1Origin::round_trip_on(http::Exchange& x, http::Outbound& out,
                                           std::unique_ptr<Stream> fresh) {
  std::unique_ptr<H1Connection> c =
      fresh ? make_connection(std::move(fresh), pool_->blocks, *out.server)
            : pool_->take(*out.server, env_.scheduler.now());
  for (;;) {
    if (!c) {
      std::vector<std::string> alpn(1, "http/1.1");
      Result<TlsConnection> dialed = co_await dial(env_, *out.server, std::move(alpn));
      if (!dialed) {
        // Nothing was written to any server: whoever wants to may try again.
        Error e = dialed.error();
        e.retry = Retry::yes;
        co_return e;
      }
      c = make_connection(std::move(dialed->stream), pool_->blocks, *out.server);
    }
    Result<void> done = co_await c->send(x, out);
    if (done) break;
    if (!may_resend(done.error(), *c, out)) co_return done.error();
    c.reset();
  }
  if (x.response.status == 101) {
    x.tunnel = c->take_tunnel();
    co_return Result<void>();
  }
  if (!c->has_body()) {
    x.response.body.reset();
    if (c->reusable()) pool_->give(std::move(c));
    co_return Result<void>();
  }
  const std::optional<uint64_t> length = c->content_length();
  x.response.body = http::Body::stream(std::make_unique<ResponseBody>(pool_, std::move(c)), length);
  co_return Result<void>();
}

}  // namespace gateproof::upstream
