#include "engine/upstream/h2_origin.h"

#include "engine/upstream/dial_server.h"
#include "engine/upstream/h2_client.h"

namespace gateproof::upstream {
namespace {

inline constexpr size_t answer_block_bytes = 32'768;  // a whole frame fits

struct Kept {
  std::shared_ptr<H2Client> client;
  std::shared_ptr<TlsConnector> tls;  // that made it; null when plain
};

// One server's connections, and who waits for the one that is being made.
struct Server {
  std::vector<Kept> connections;
  bool dialing = false;
  uint64_t dials = 0;           // that have ended
  std::optional<Error> failed;  // how the last one ended
  std::vector<Waiter*> waiting;
};

// Ends a dial also when the request that made it is given up: another one makes it then.
class Dialing {
 public:
  explicit Dialing(Server& s) : server_(s) {
    server_.dialing = true;
    server_.failed.reset();
  }
  Dialing(const Dialing&) = delete;
  Dialing& operator=(const Dialing&) = delete;
  ~Dialing() {
    server_.dialing = false;
    ++server_.dials;
    for (Waiter* w : server_.waiting) w->executor->post(*w);
  }

 private:
  Server& server_;
};

struct Waiting {
  Server& server;
  Waiter* me;
  Waiting(Server& s, Waiter& w) : server(s), me(&w) { server.waiting.push_back(me); }
  ~Waiting() { std::erase(server.waiting, me); }
};

}  // namespace

struct H2Origin::Pool {
  http::BlockPool blocks{answer_block_bytes};
  std::map<std::string, Server, std::less<>> servers;  // by URL

  std::shared_ptr<H2Client> find(const http::OriginServer& wanted) const {
    const auto found = servers.find(wanted.url);
    if (found == servers.end()) return nullptr;
    for (const Kept& k : found->second.connections) {
      if (k.tls == wanted.tls && k.client->usable()) return k.client;
    }
    return nullptr;
  }
  // Servers come and go with the configuration: when a connection is made, those without one are dropped. Who dials or waits
  // holds a reference.
  void forget_unused() {
    std::erase_if(servers, [](const auto& entry) {
      const Server& s = entry.second;
      return s.connections.empty() && !s.dialing && s.waiting.empty();
    });
  }
};

namespace {

// The connection's own task. The pool lets go of it when it has ended.
Task<void> run_client(std::shared_ptr<H2Origin::Pool> pool, std::string url,
                      std::shared_ptr<H2Client> client) {
  co_await client->run();
  const auto found = pool->servers.find(url);
  if (found == pool->servers.end()) co_return;
  std::erase_if(found->second.connections, [&](const Kept& k) { return k.client == client; });
}

std::shared_ptr<H2Client> adopt(Env& env, const std::shared_ptr<H2Origin::Pool>& pool,
                                const http::OriginServer& server, std::unique_ptr<Stream> stream) {
  pool->forget_unused();
  auto client = std::make_shared<H2Client>(env, std::move(stream), pool->blocks, server);
  pool->servers[server.url].connections.push_back({client, server.tls});
  env.scheduler.spawn("h2 " + server.authority, run_client(pool, server.url, client));
  return client;
}

// A connection with room for a request. Of many who want one at the same time, one dials.
Task<Result<std::shared_ptr<H2Client>>> connect(Env& env, std::shared_ptr<H2Origin::Pool> pool,
                                                const http::OriginServer& server) {
  Waiter& me = co_await ThisWaiter{};
  Server& s = pool->servers[server.url];
  for (;;) {
    std::shared_ptr<H2Client> client = pool->find(server);
    if (client) co_return client;
    if (!s.dialing) break;
    const uint64_t before = s.dials;
    const Waiting waiting(s, me);
    while (s.dials == before) co_await Suspend{"h2 dial"};
    if (s.failed && s.dials == before + 1) co_return *s.failed;
  }
  const Dialing dialing(s);
  pool->forget_unused();
  std::vector<std::string> alpn(1, "h2");
  Result<TlsConnection> made = co_await dial_server(env, server, std::move(alpn));
  if (made && server.scheme == "https" && made->alpn != "h2") {
    Error other(Code::unsupported, Source::upstream, "the server does not speak HTTP/2");
    other.retry = Retry::yes;  // nothing was asked
    made = std::move(other);
  }
  if (!made) {
    s.failed = made.error();
    co_return made.error();
  }
  co_return adopt(env, pool, server, std::move(made->stream));
}

class FramedBody : public http::BodySource {};

class AnswerBody final : public FramedBody {
 public:
  explicit AnswerBody(std::unique_ptr<H2Call> call) : call_(std::move(call)) {}
  std::optional<Result<http::Chunk>> try_read() override { return call_->try_body(); }
  Task<Result<http::Chunk>> read() override { return call_->read_body(); }
  const http::Headers* trailers() const override { return call_->trailers(); }

 private:
  std::unique_ptr<H2Call> call_;
};

// Nothing at all, of an answer that announces trailers (to HEAD).
class NoBody final : public FramedBody {
 public:
  std::optional<Result<http::Chunk>> try_read() override {
    return Result<http::Chunk>(http::Chunk{{}, true});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }
};

// As over HTTP/1.1: what a connection lost that had served before may be sent again, if sending twice does no harm.
bool may_resend(const Error& e, const H2Call& call, bool reused, const http::Outbound& out) {
  if (call.body_touched()) return false;
  if (e.retry == Retry::yes) return true;
  if (e.retry != Retry::if_reused || !reused) return false;
  return out.replayable();
}

}  // namespace

bool is_of_frames(http::Body& body) { return dynamic_cast<FramedBody*>(body.source()) != nullptr; }

H2Origin::H2Origin(Env& env) : env_(env), pool_(std::make_shared<Pool>()) {}
H2Origin::~H2Origin() { close_idle(); }

bool H2Origin::has_connection(const http::OriginServer& server) const {
  return pool_->find(server) != nullptr;
}

void H2Origin::close_idle() {
  for (auto& [url, server] : pool_->servers) {
    for (const Kept& k : server.connections) k.client->retire();
  }
}

size_t H2Origin::connections() const {
  size_t n = 0;
  for (const auto& [url, server] : pool_->servers) n += server.connections.size();
  return n;
}

size_t H2Origin::servers() const { return pool_->servers.size(); }

Task<Result<void>> H2Origin::round_trip(http::Exchange& x, http::Outbound& out) {
  return round_trip_on(x, out, nullptr);
}

Task<Result<void>> H2Origin::round_trip_on(http::Exchange& x, http::Outbound& out,
                                           std::unique_ptr<Stream> fresh) {
  for (int tries = 1;; ++tries) {
    std::shared_ptr<H2Client> client;
    if (fresh) {
      client = adopt(env_, pool_, *out.server, std::move(fresh));
    } else {
      Result<std::shared_ptr<H2Client>> made = co_await connect(env_, pool_, *out.server);
      if (!made) co_return made.error();
      client = std::move(*made);
    }
    // Closed before anything was asked: so a server ends a handshake of TLS 1.3 that it does not like.
    if (client->over())
      co_return Error(Code::reset, Source::upstream, "connection closed before a response");
    const bool reused = client->used();
    auto call = std::make_unique<H2Call>(std::move(client), x);
    Result<void> done = co_await call->send(out);
    if (!done) {
      if (tries < h2_tries_max && may_resend(done.error(), *call, reused, out)) continue;
      co_return done.error();
    }
    if (!call->has_body()) {
      x.response.body.reset();
      if (x.response.headers.has("Trailer"))
        x.response.body = http::Body::stream(std::make_unique<NoBody>(), 0);
      co_return Result<void>();
    }
    const std::optional<uint64_t> length = call->content_length();
    x.response.body = http::Body::stream(std::make_unique<AnswerBody>(std::move(call)), length);
    co_return Result<void>();
  }
}

}  // namespace gateproof::upstream
