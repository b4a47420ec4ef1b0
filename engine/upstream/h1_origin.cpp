#include "engine/upstream/h1_origin.h"

#include "engine/http/connection_headers.h"
#include "engine/upstream/dial_server.h"
#include "engine/upstream/h1_pool.h"

namespace gateproof::upstream {

namespace {

// A response's body: reads on from the connection, and gives it back to the pool when the message has ended cleanly. The last
// chunk's bytes live in the connection's buffer, so that happens when this source is destroyed.
class ResponseBody final : public http::BodySource {
 public:
  ResponseBody(std::shared_ptr<H1Pool> pool, std::unique_ptr<H1Connection> c)
      : pool_(std::move(pool)), connection_(std::move(c)) {}
  ~ResponseBody() override {
    if (connection_->reusable()) pool_->give(std::move(connection_));
  }
  std::optional<Result<http::Chunk>> try_read() override { return connection_->try_body(); }
  Task<Result<http::Chunk>> read() override {
    for (;;) {
      std::optional<Result<http::Chunk>> got = connection_->try_body();
      if (got) co_return std::move(*got);
      const Wake wake = co_await connection_->stream().until_readable(connection_->read_deadline());
      if (wake == Wake::timeout)
        co_return Error(Code::timeout, Source::upstream, "no more of the body in time");
    }
  }
  const http::Headers* trailers() const override { return connection_->trailers(); }

 private:
  std::shared_ptr<H1Pool> pool_;
  std::unique_ptr<H1Connection> connection_;
};

std::unique_ptr<H1Connection> make_connection(std::unique_ptr<Stream> stream,
                                              http::BlockPool& blocks,
                                              const http::OriginServer& server) {
  auto c = std::make_unique<H1Connection>(std::move(stream), blocks);
  c->key = server.authority;
  if (tls_of(server)) c->tls = server.tls;
  c->idle_timeout = server.idle_conn_timeout;
  c->max_idle = server.max_idle_conns;
  return c;
}

Task<Result<std::unique_ptr<H1Connection>>> connect(Env& env, http::BlockPool& blocks,
                                                    const http::OriginServer& server) {
  std::vector<std::string> alpn = {"http/1.1"};
  Result<TlsConnection> made = co_await dial_server(env, server, std::move(alpn));
  if (!made) co_return made.error();
  co_return make_connection(std::move(made->stream), blocks, server);
}

// Go sends a request again when a kept connection turned out to be dead, if it can be sent again.
bool may_resend(const Error& e, const H1Connection& c, const http::Outbound& out) {
  if (e.retry != Retry::if_reused || !c.reused || out.body->streaming()) return false;
  return out.replayable();
}

// RFC 9110 section 15.2.2: 101 answers an Upgrade, with one of its protocols. To relay anything else would hand the client a raw
// connection to the server.
bool switches_as_asked(const http::Headers& answer, const http::Headers& request) {
  const std::string_view asked = http::upgrade_of(request);
  return !asked.empty() && text::iequals(text::trim(asked), text::trim(http::upgrade_of(answer)));
}

}  // namespace

H1Origin::H1Origin(Env& env) : env_(env), pool_(std::make_shared<H1Pool>(env.scheduler)) {}
H1Origin::~H1Origin() = default;

void H1Origin::close_idle() { pool_->close_idle(); }

size_t H1Origin::idle() const { return pool_->idle(); }

bool H1Origin::has_idle(const http::OriginServer& server) const {
  return pool_->has(server.authority, tls_of(server));
}

void H1Origin::close_idle_of(const http::OriginServer& server) {
  pool_->drop(server.authority, tls_of(server));
}

Task<Result<void>> H1Origin::round_trip(http::Exchange& x, http::Outbound& out) {
  return round_trip_on(x, out, nullptr);
}

Task<Result<void>> H1Origin::round_trip_on(http::Exchange& x, http::Outbound& out,
                                           std::unique_ptr<Stream> fresh) {
  std::unique_ptr<H1Connection> c =
      fresh ? make_connection(std::move(fresh), pool_->blocks, *out.server)
            : pool_->take(out.server->authority, tls_of(*out.server), env_.scheduler.now());
  for (;;) {
    if (!c) {
      Result<std::unique_ptr<H1Connection>> dialed =
          co_await connect(env_, pool_->blocks, *out.server);
      if (!dialed) co_return dialed.error();
      c = std::move(*dialed);
    }
    Result<void> done = co_await c->send(x, out);
    if (done) break;
    if (!may_resend(done.error(), *c, out)) co_return done.error();
    c.reset();
  }
  if (x.response.status == 101) {
    if (!switches_as_asked(x.response.headers, out.headers)) {
      co_return Error(Code::protocol, Source::upstream,
                      "the server switched to a protocol that was not asked for");
    }
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
