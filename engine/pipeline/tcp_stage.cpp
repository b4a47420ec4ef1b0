#include "engine/pipeline/tcp_stage.h"

#include "engine/pipeline/client_hello.h"
#include "engine/pipeline/http_server.h"
#include "engine/pipeline/proxy_protocol.h"
#include "engine/pipeline/tcp_candidates.h"
#include "engine/pipeline/tunnel.h"
#include "engine/tls/stream.h"

namespace gateproof::pipeline {
namespace {

using Taker = TcpDecision::Taker;

// The middlewares that let a connection in, told when it ends; also when the task is destroyed where it waits.
class Admission {
 public:
  explicit Admission(IpAddress peer) : peer_(peer) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission() {
    for (middleware::TcpMiddleware* m : entered_) m->leave(peer_);
  }
  bool enter(middleware::TcpMiddleware& m, std::string* why) {
    if (!m.enter(peer_, why)) return false;
    entered_.push_back(&m);
    return true;
  }

 private:
  IpAddress peer_;
  std::vector<middleware::TcpMiddleware*> entered_;
};

class ConnectionStage {
 public:
  ConnectionStage(Env& env, std::unique_ptr<Stream> stream,
                  std::shared_ptr<const Snapshot> snapshot, const EntryPoint& entry,
                  ConnectionRecord* record, std::string early)
      : env_(env),
        stream_(std::move(stream)),
        snapshot_(std::move(snapshot)),
        entry_(entry),
        record_(record),
        peer_(stream_->peer()),
        local_(stream_->local()),
        in_(std::move(early)) {}

  // What the connection is; nobody: it is to be closed.
  Task<TcpDecision> decide(Instant deadline);
  // Lets TLS end here: the stream is then what is inside it. False: it did not come to that, and the connection is to be closed.
  // `named`: the client gets the certificate of its name; without, it is refused as one with a name that nobody has.
  Task<bool> terminate(const TlsChoice& choice, Instant deadline, bool named = true);
  Task<void> forward(const TcpTarget& target, Instant deadline);
  // Gives the stream and what was read of it to HTTP.
  ConnectionStart start() { return {std::move(in_), peer_, local_, std::move(tls_)}; }
  std::unique_ptr<Stream> take_stream() { return std::move(stream_); }
  Stream& stream() { return *stream_; }
  void note(std::string stage, std::string action, std::string detail) {
    if (!record_) return;
    record_->trace.push_back({std::move(stage), std::move(action), std::move(detail),
                              env_.scheduler.now().time_since_epoch().count()});
  }

 private:
  Task<bool> more(Instant deadline);
  Task<bool> read_proxy(Instant deadline);
  Task<bool> start_postgres(Instant deadline);
  Task<Result<std::unique_ptr<Stream>>> reach(const upstream::TcpChoice& choice);
  Task<Result<void>> greet(Stream& server, const upstream::TcpDialing& dialing);
  std::optional<upstream::TcpChoice> choose(const TcpTarget& target);
  rules::RequestFacts facts() const {
    rules::RequestFacts f;
    f.host = hello_.server_name;
    f.alpn = hello_.alpn;
    f.client_ip = peer_.ip;
    return f;
  }
  void failed(std::string why) {
    if (record_) record_->failure = std::move(why);
  }

  Env& env_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<const Snapshot> snapshot_;
  const EntryPoint& entry_;
  ConnectionRecord* record_;
  SocketAddress peer_, local_;
  std::string in_;  // read and not yet passed on
  bool ended_ = false;
  bool postgres_ = false;
  ClientHello hello_;
  std::shared_ptr<const http::TlsState> tls_;
};

// Reads on. False: the connection failed, or nothing came in time. At the client's end `ended_` is set.
Task<bool> ConnectionStage::more(Instant deadline) {
  if (ended_) co_return false;
  const size_t had = in_.size();
  in_.resize(had + peek_block_bytes);
  const std::span<char> room(in_.data() + had, peek_block_bytes);
  const Result<size_t> n = co_await read_some(*stream_, room, deadline);
  in_.resize(had + (n ? *n : 0));
  ended_ = n && *n == 0;
  co_return n.has_value();
}

// The header is read away whoever sent it; only of trusted peers is it believed (catalogue 2.1).
Task<bool> ConnectionStage::read_proxy(Instant deadline) {
  for (;;) {
    const ProxyHeader h = read_proxy_header(in_, ended_);
    if (h.kind == ProxyHeader::need_more) {
      const bool got = co_await more(deadline);
      if (!got) co_return false;
      continue;
    }
    const std::string stage = "entryPoint " + entry_.config->name;
    if (h.kind == ProxyHeader::invalid) {
      failed("malformed PROXY protocol header");
      co_return false;
    }
    if (h.kind == ProxyHeader::none) co_return true;
    in_.erase(0, h.bytes);
    const bool trusted =
        entry_.proxy_insecure ||
        std::any_of(entry_.proxy_trusted.begin(), entry_.proxy_trusted.end(),
                    [&](const IpNetwork& n) { return n.contains(stream_->peer().ip.unmapped()); });
    if (!trusted || !h.source) {
      note(stage, "proxyProtocol",
           trusted ? "the header names no client" : "the header's sender is not trusted: ignored");
      co_return true;
    }
    peer_ = *h.source;
    local_ = *h.destination;
    note(stage, "proxyProtocol", "the client is " + peer_.to_string());
    co_return true;
  }
}

// PostgreSQL: the client waits for our S before it begins TLS.
Task<bool> ConnectionStage::start_postgres(Instant deadline) {
  postgres_ = true;
  in_.erase(0, postgres_ssl_request.size());
  std::vector<std::string_view> yes = {"S"};
  const Result<void> said = co_await write_all(*stream_, std::move(yes), deadline);
  co_return said.has_value();
}

Task<TcpDecision> ConnectionStage::decide(Instant deadline) {
  TcpDecision closed;
  closed.why = "the connection ended, or said nothing in time";
  if (entry_.proxy_protocol) {
    const bool fine = co_await read_proxy(deadline);
    if (!fine) co_return closed;
  }
  std::optional<TcpDecision> silent = decide_silent(entry_, facts());
  if (silent) co_return *silent;
  for (;;) {
    const Opening opening =
        postgres_ ? look_at_tls(in_, ended_, hello_) : look_at_opening(in_, ended_, hello_);
    if (opening == Opening::need_more) {
      const bool got = co_await more(deadline);
      if (!got) co_return closed;
      continue;
    }
    if (opening == Opening::postgres) {
      const bool said = co_await start_postgres(deadline);
      if (!said) co_return closed;
      continue;
    }
    if (opening == Opening::broken) {
      closed.why = "TLS without a legal ClientHello";
      co_return closed;
    }
    if (record_) record_->server_name = hello_.server_name, record_->alpn = hello_.alpn;
    if (postgres_ && opening == Opening::plain) {
      closed.why = "no TLS behind PostgreSQL's SSLRequest";
      co_return closed;
    }
    if (postgres_) co_return decide_postgres(entry_, facts());
    co_return opening == Opening::tls ? decide_tls(entry_, facts()) : decide_plain(entry_, facts());
  }
}

std::optional<upstream::TcpChoice> ConnectionStage::choose(const TcpTarget& target) {
  upstream::TcpService::Notes notes;
  const auto choice = target.service->choose(record_ ? &notes : nullptr);
  for (auto& [service, why] : notes) note("service " + service, "pick", std::move(why));
  if (record_) {
    record_->service =
        config::qualify(target.router->service, config::provider_of(target.router->name));
    if (choice) record_->service = choice->service, record_->server = choice->server->address;
  }
  return choice;
}

Task<bool> ConnectionStage::terminate(const TlsChoice& choice, Instant deadline, bool named) {
  if (!choice.context) {
    failed("TLS options " + choice.name + " do not exist or cannot be used");
    co_return false;
  }
  std::shared_ptr<const tls::Identity> identity;
  if (named && choice.certificates) {
    identity = choice.certificates->find(hello_.server_name);
    if (!identity) identity = choice.certificates->configured_default();
  } else if (named) {
    const TlsSide& side = snapshot_->tls;
    auto found = side.identity(hello_.server_name, local_, choice.context->sni_strict());
    if (!found) found = co_await side.generate(env_.offload);
    identity = std::move(*found);
  }
  auto stream =
      std::make_unique<tls::TlsStream>(std::move(stream_), std::exchange(in_, {}), choice.context,
                                       identity.get(), env_.clock.wall_ns());
  tls::TlsStream& inside = *stream;
  stream_ = std::move(stream);
  const Result<void> done = co_await inside.handshake(deadline);
  if (!done) {
    note("entryPoint " + entry_.config->name, "tls", done.error().message);
    failed(done.error().message);
    co_return false;
  }
  auto state = std::make_shared<http::TlsState>(inside.session().state());
  state->server_name = hello_.server_name;
  state->options = choice.name;
  if (record_) {
    note("entryPoint " + entry_.config->name, "tls",
         "TLS " + state->version + ", options " + choice.name + ", certificate of " +
             identity->key());
  }
  tls_ = std::move(state);
  postgres_ = false;  // what is inside goes on as it is
  co_return true;
}

// What the server must hear and say before the client's bytes: who the client is, and that it wants TLS. It has as long for that as
// for the dial, else a silent one would hold connections whose clients have left (reliability R1).
Task<Result<void>> ConnectionStage::greet(Stream& server, const upstream::TcpDialing& dialing) {
  const Duration limit = dialing.timeout > Duration::zero() ? dialing.timeout : greet_time;
  const Instant deadline = deadline_in(env_.scheduler, limit);
  if (dialing.proxy_protocol != 0) {
    const std::string header = proxy_header(dialing.proxy_protocol, peer_, local_);
    std::vector<std::string_view> pieces = {header};
    Result<void> sent = co_await write_all(server, std::move(pieces), deadline);
    if (!sent) co_return sent;
  }
  if (!postgres_) co_return Result<void>();
  std::vector<std::string_view> pieces = {postgres_ssl_request};
  Result<void> sent = co_await write_all(server, std::move(pieces), deadline);
  if (!sent) co_return sent;
  char answer = 0;
  const Result<size_t> n = co_await read_some(server, std::span<char>(&answer, 1), deadline);
  if (!n || *n != 1 || answer != 'S') {
    co_return Error(Code::protocol, Source::upstream, "the PostgreSQL server refuses TLS");
  }
  co_return Result<void>();
}

Task<Result<std::unique_ptr<Stream>>> ConnectionStage::reach(const upstream::TcpChoice& choice) {
  Result<std::unique_ptr<Stream>> server =
      co_await upstream::dial_tcp(env_, *choice.server, *choice.dialing, instant_max);
  if (!server) co_return server;
  const Result<void> greeted = co_await greet(**server, *choice.dialing);
  if (!greeted) co_return greeted.error();
  co_return co_await upstream::secure_tcp(std::move(*server), *choice.server, instant_max);
}

Task<void> ConnectionStage::forward(const TcpTarget& target, Instant deadline) {
  Admission admission(peer_.ip);
  if (target.way != TcpTarget::Way::broken) {
    for (const auto& m : target.middlewares) {
      std::string why;
      const bool yes = admission.enter(*m, record_ ? &why : nullptr);
      note(m->stage, yes ? "pass" : "close", why);
      if (yes) continue;
      failed("refused by " + m->stage);
      co_return;
    }
  }
  if (target.way == TcpTarget::Way::broken) {
    failed("the router's TLS options do not exist");
    co_return;
  }
  const bool terminates = target.way == TcpTarget::Way::terminate;
  // What is inside TLS goes to the server as it is.
  if (terminates) postgres_ = false;
  const std::optional<upstream::TcpChoice> choice = choose(target);
  if (!choice) {
    failed("no available server");
    co_return;
  }
  Result<std::unique_ptr<Stream>> server = co_await reach(*choice);
  if (!server) {
    note("server " + choice->server->address, "dial", server.error().message);
    failed(server.error().message);
    co_return;
  }
  const std::unique_ptr<Stream> there = std::move(*server);
  // As in Traefik the server is reached first: without it the client sees its handshake fail.
  if (terminates) {
    const bool terminated = co_await terminate(target.tls, deadline);
    if (!terminated) co_return;
  }
  std::string early = std::move(in_);
  co_await run_tcp_tunnel(*stream_, std::move(early), *there, choice->dialing->termination_delay);
  there->close();
}

}  // namespace

Task<void> serve_connection(Env& env, std::unique_ptr<Stream> stream,
                            std::shared_ptr<const Snapshot> snapshot, std::string name,
                            ExchangeHandler& http, ServerOptions options, ConnectionRecord* record,
                            std::string early) {
  const auto found = snapshot->entry_points.find(name);
  if (found == snapshot->entry_points.end()) co_return;
  const EntryPoint& entry = *found->second;
  // On the heap: HTTP outlives it, and needs nothing of it, nor this snapshot.
  auto stage = std::make_unique<ConnectionStage>(env, std::move(stream), std::move(snapshot), entry,
                                                 record, std::move(early));
  const Instant deadline = deadline_in(env.scheduler, options.read_timeout);
  const TcpDecision d = co_await stage->decide(deadline);
  stage->note("entryPoint " + name, "decide",
              std::string(to_string(d.taker)) + ": " + std::string(d.why));
  if (record) {
    record->taker = to_string(d.taker);
    record->why = d.why;
    if (d.route) record->router = d.route->name;
  }
  bool serve = d.taker == Taker::http;
  if (d.taker == Taker::https) {
    const TlsChoice& choice = d.listener ? d.listener->tls
                              : d.route  ? *static_cast<const TlsChoice*>(d.route->to.get())
                                         : entry.tcp.default_tls;
    serve = co_await stage->terminate(choice, deadline);
  } else if (d.taker == Taker::acme) {
    // Nobody waits for a challenge: the client hears that its name is not known (Traefik).
    serve = co_await stage->terminate(entry.tcp.default_tls, deadline, false);
  } else if (d.taker == Taker::tcp) {
    stage->note("router " + d.route->name, "route",
                d.route->rule.text + " (priority " + std::to_string(d.route->priority) + ")");
    co_await stage->forward(*d.target, deadline);
  } else if (!serve && record && record->failure.empty()) {
    record->failure = std::string(d.why);
  }
  if (!serve) {
    stage->stream().close();
    co_return;
  }
  std::unique_ptr<Stream> rest = stage->take_stream();
  ConnectionStart start = stage->start();
  stage.reset();
  co_await serve_http(env, std::move(rest), http, options, std::move(start));
}

}  // namespace gateproof::pipeline
