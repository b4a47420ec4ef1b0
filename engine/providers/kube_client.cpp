#include "engine/providers/kube_client.h"

#include "engine/base/crypto_key_pair.h"
#include "engine/base/percent.h"
#include "engine/base/text.h"
#include "engine/env/dial.h"
#include "engine/http/h1_writer.h"

namespace gateproof::providers {

using http::h1::Event;

namespace {

constexpr size_t piece_bytes = 32768;
constexpr size_t head_bytes_max = 65536;
constexpr int interim_max = 10;            // 1xx answers to one request
constexpr int64_t retry_after_max_s = 60;  // however long a server wants

http::h1::Limits limits() {
  http::h1::Limits l;
  l.head_bytes_max = head_bytes_max;
  return l;
}

Error upstream(Code code, std::string text) {
  return Error(code, Source::upstream, std::move(text));
}

Duration retry_after(const http::Headers& headers) {
  const int64_t s = text::parse_int(headers.get("Retry-After")).value_or(0);
  return std::chrono::seconds(std::clamp<int64_t>(s, 0, retry_after_max_s));
}

// Whoever speaks TLS leaves out what it cannot read, and would then show no certificate or believe none.
Result<void> check_pem(const KubeAccess& access) {
  const auto of = [](std::string_view what, const Error& why) {
    return Error(why.code, std::string(what) + ": " + why.message);
  };
  if (!access.ca.empty()) {
    const Result<void> ca = crypto::check_authorities(access.ca);
    if (!ca) return of("certificate authority", ca.error());
  }
  if (!access.certificate.empty()) {
    const Result<void> pair = crypto::check_key_pair(access.certificate, access.key);
    if (!pair) return of("client certificate", pair.error());
  }
  return {};
}

}  // namespace

class KubeClient::Connection {
 public:
  Connection(std::unique_ptr<Stream> stream, KubeAccess access)
      : access(std::move(access)), stream_(std::move(stream)), parser_(limits()) {}

  const KubeAccess access;  // that it was made with
  bool used = false;

  http::h1::ResponseHead& head() { return parser_.head(); }

  // Sends, and reads the head of the answer. Retry::yes: nothing of an answer had come.
  Task<Result<void>> send(KubeRequest request, Instant deadline) {
    parser_.reset(false);
    http::Headers headers = {{"Accept", "application/json"}, {"User-Agent", "gateproof"}};
    const std::string authorization = access.authorization();
    if (!authorization.empty()) headers.add("Authorization", authorization);
    if (!request.content_type.empty()) headers.add("Content-Type", request.content_type);
    const bool body = request.method != "GET" && request.method != "DELETE";
    std::string out;
    http::write_request_head(out, request.method, access.base_path + request.target,
                             access.authority, headers, request.body.size(), body);
    std::vector<std::string_view> pieces = {out, request.body};
    const Result<void> sent = co_await write_all(*stream_, std::move(pieces), deadline);
    if (!sent) co_return lost(sent.error());
    for (int interim = 0; interim < interim_max;) {
      const http::h1::Step step = parser_.parse(rest());
      begin_ += step.consumed;
      if (step.event == Event::error)
        co_return upstream(Code::protocol, "malformed answer: " + std::string(parser_.error().why));
      if (step.event == Event::head) {
        if (parser_.head().status >= 200) co_return Result<void>();
        ++interim;
        parser_.reset(false);
        continue;
      }
      const Result<size_t> n = co_await fill(deadline);
      if (!n) co_return lost(n.error());
      if (*n == 0) co_return lost(upstream(Code::reset, "closed before an answer"));
    }
    co_return upstream(Code::protocol, "too many 1xx answers");
  }

  // The next bytes of the body; empty at its end.
  Task<Result<std::string>> read(Instant deadline) {
    for (;;) {
      if (parser_.done() || !has_body()) co_return std::string();
      const http::h1::Step step = parser_.parse(rest());
      if (step.event == Event::error)
        co_return upstream(Code::protocol, "malformed body: " + std::string(parser_.error().why));
      if (step.event == Event::body && !step.data.empty()) {
        std::string piece(step.data);
        begin_ += step.consumed;
        co_return piece;
      }
      begin_ += step.consumed;
      if (step.event != Event::need_more) continue;
      const Result<size_t> n = co_await fill(deadline);
      if (!n) co_return n.error();
      if (*n > 0) continue;
      if (parser_.finish().event == Event::end) co_return std::string();
      co_return upstream(Code::reset, "closed in the middle of an answer");
    }
  }

  // At rest: open and silent, and the answer before allows another.
  bool usable() {
    if (!rest().empty() || !keep_) return false;
    char byte[1];
    return stream_->try_read(byte).kind == IoResult::would_block;
  }
  void rest_now() {
    keep_ = (parser_.done() || !has_body()) && parser_.head().keep_alive && rest().empty();
    used = true;
  }
  bool kept() const { return keep_; }

 private:
  std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
  bool has_body() {
    const http::h1::ResponseHead& h = parser_.head();
    return h.body != http::h1::BodyKind::none &&
           !(h.body == http::h1::BodyKind::length && h.length == 0);
  }
  static Error lost(Error e) {
    e.source = Source::upstream;
    e.retry = Retry::if_reused;
    return e;
  }
  Task<Result<size_t>> fill(Instant deadline) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t had = buffer_.size();
    buffer_.resize(had + piece_bytes);
    const std::span<char> room(buffer_.data() + had, piece_bytes);
    Result<size_t> n = co_await read_some(*stream_, room, deadline);
    buffer_.resize(had + (n ? *n : 0));
    if (!n) {
      Error e = n.error();
      e.source = Source::upstream;
      co_return e;
    }
    co_return n;
  }

  std::unique_ptr<Stream> stream_;
  http::h1::ResponseParser parser_;
  std::string buffer_;
  size_t begin_ = 0;
  bool keep_ = true;
};

KubeClient::KubeClient(Env& env, KubeHooks hooks) : env_(env), hooks_(std::move(hooks)) {}
KubeClient::~KubeClient() = default;

KubeClient::Body::Body(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
KubeClient::Body::~Body() = default;

Task<Result<std::string>> KubeClient::Body::read(Instant deadline) {
  co_return co_await connection_->read(deadline);
}

Result<void> KubeClient::refresh() {
  const Instant now = env_.scheduler.now();
  if (read_at_ && now - *read_at_ < kube_access_time) return {};
  const Result<void> done = renew();
  if (!done && !known_) return done.error();
  read_at_ = now;
  if (done) {
    told_.clear();
    return {};
  }
  // In the midst of a rotation (a certificate whose key is not there yet) what was known goes on, as in client-go.
  if (hooks_.trouble && done.error().message != told_)
    hooks_.trouble(done.error().message + "; what was read before stays in use");
  told_ = done.error().message;
  return {};
}

Result<void> KubeClient::renew() {
  Result<KubeAccess> access = hooks_.access();
  if (!access) return access.error();
  if (known_ && *access == access_) return {};
  std::shared_ptr<TlsConnector> connector;
  if (access->tls) {
    if (const Result<void> usable = check_pem(*access); !usable) return usable.error();
    Result<std::shared_ptr<TlsConnector>> made = hooks_.connector(*access);
    if (!made) return made.error();
    connector = std::move(*made);
  }
  connector_ = std::move(connector);
  access_ = std::move(*access);
  known_ = true;
  idle_.clear();
  return {};
}

bool KubeClient::renewed(const KubeAccess& was) {
  read_at_ = {};
  (void)refresh();
  return access_ != was;
}

bool KubeClient::outdated(const Body& body) {
  (void)refresh();
  const KubeAccess& was = body.connection_->access;
  return was.url() != access_.url() || was.server_name != access_.server_name ||
         was.certificate != access_.certificate || was.key != access_.key;
}

Task<Result<std::unique_ptr<KubeClient::Connection>>> KubeClient::connect() {
  for (bool again = true;; again = false) {
    const Result<void> fresh = refresh();
    if (!fresh) co_return fresh.error();
    const KubeAccess access = access_;
    const std::shared_ptr<TlsConnector> connector = connector_;
    const Instant deadline = env_.scheduler.now() + kube_connect_time;
    Result<std::unique_ptr<Stream>> plain = co_await dial(env_, access.host, access.port, deadline);
    if (!plain) co_return plain.error();
    ++connections_;
    (*plain)->set_keep_alive(kube_keep_alive);
    if (!access.tls) co_return std::make_unique<Connection>(std::move(*plain), access);
    const std::string name = access.server_name.empty() ? access.host : access.server_name;
    std::vector<std::string> alpn = {"http/1.1"};
    Result<TlsConnection> secure =
        co_await connector->connect(std::move(*plain), name, std::move(alpn), deadline);
    if (secure) co_return std::make_unique<Connection>(std::move(secure->stream), access);
    // Perhaps the authority or our certificate is another one by now.
    if (!renewed(access) || !again) co_return secure.error();
  }
}

std::unique_ptr<KubeClient::Connection> KubeClient::take_idle() {
  (void)refresh();  // what it would have found is told when there is a connection to make
  while (!idle_.empty()) {
    std::unique_ptr<Connection> c = std::move(idle_.back());
    idle_.pop_back();
    if (c->access == access_ && c->usable()) return c;
  }
  return nullptr;
}

Task<Result<KubeResponse>> KubeClient::call_on(Connection& connection, KubeRequest request) {
  const Instant deadline = env_.scheduler.now() + kube_call_time;
  const Result<void> sent = co_await connection.send(std::move(request), deadline);
  if (!sent) co_return sent.error();
  KubeResponse response;
  response.status = connection.head().status;
  response.retry_after = retry_after(connection.head().headers);
  for (;;) {
    const Result<std::string> piece = co_await connection.read(deadline);
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    if (response.body.size() + piece->size() > kube_body_bytes_max) {
      co_return upstream(
          Code::limit, "an answer of more than " + std::to_string(kube_body_bytes_max) + " bytes");
    }
    response.body += *piece;
  }
  connection.rest_now();
  co_return response;
}

Task<Result<KubeResponse>> KubeClient::call(KubeRequest request) {
  std::unique_ptr<Connection> c = take_idle();
  for (bool again = true;;) {
    if (!c) {
      Result<std::unique_ptr<Connection>> made = co_await connect();
      if (!made) co_return made.error();
      c = std::move(*made);
    }
    const bool used = c->used;
    Result<KubeResponse> got = co_await call_on(*c, request);
    const Attempt attempt{got ? got->status : 0, !got && got.error().retry == Retry::if_reused,
                          used};
    if (asks_again(attempt, c->access, again)) {
      c.reset();
      continue;
    }
    if (got && c->kept() && idle_.size() < kube_idle_connections_max) idle_.push_back(std::move(c));
    co_return got;
  }
}

Task<Result<KubeClient::Opened>> KubeClient::open_on(std::unique_ptr<Connection> c,
                                                     KubeRequest request) {
  const Instant deadline = env_.scheduler.now() + kube_call_time;
  const Result<void> sent = co_await c->send(std::move(request), deadline);
  if (!sent) co_return sent.error();
  Opened opened;
  opened.status = c->head().status;
  if (opened.status == 200) {
    opened.body = std::make_unique<Body>(std::move(c));
    co_return opened;
  }
  opened.retry_after = retry_after(c->head().headers);
  while (opened.refusal.size() < head_bytes_max) {
    const Result<std::string> piece = co_await c->read(deadline);
    if (!piece || piece->empty()) break;
    opened.refusal += *piece;
  }
  co_return opened;
}

Task<Result<KubeClient::Opened>> KubeClient::open(KubeRequest request) {
  std::unique_ptr<Connection> c = take_idle();
  for (bool again = true;;) {
    if (!c) {
      Result<std::unique_ptr<Connection>> made = co_await connect();
      if (!made) co_return made.error();
      c = std::move(*made);
    }
    const bool used = c->used;
    const KubeAccess access = c->access;
    Result<Opened> got = co_await open_on(std::move(c), request);
    const Attempt attempt{got ? got->status : 0, !got && got.error().retry == Retry::if_reused,
                          used};
    if (!asks_again(attempt, access, again)) co_return got;
  }
}

// What is written here bears a resource version or is made once more with the same result, so that asking twice does no harm.
bool KubeClient::asks_again(const Attempt& a, const KubeAccess& access, bool& again) {
  // An old connection that the server had closed meanwhile.
  if (a.unanswered && a.used) return true;
  // A token that has run out; or a certificate, of which TLS 1.3 tells only behind the handshake.
  const bool refused = a.status == 401 || (a.unanswered && access.tls);
  return refused && renewed(access) && std::exchange(again, false);
}

std::string kube_path(const KubeResource& resource, std::string_view version, std::string_view ns,
                      std::string_view name) {
  std::string path = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
  path += version;
  if (!ns.empty()) path += "/namespaces/" + text::percent_escape(ns);
  path += "/" + resource.plural;
  if (!name.empty()) path += "/" + text::percent_escape(name);
  return path;
}

}  // namespace gateproof::providers
