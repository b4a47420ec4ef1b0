#include "engine/sim/world.h"

#include "engine/http/date.h"
#include "engine/pipeline/framing.h"
#include "engine/pipeline/http_server.h"
#include "engine/pipeline/server_options.h"
#include "engine/sim/digest.h"
#include "engine/sim/messages.h"
#include "engine/sim/wire_client.h"
#include "engine/sim/world_parts.h"
#include "engine/upstream/http_origin.h"

namespace gateproof::sim {

namespace {

constexpr size_t trace_steps_usual = 32;

// The decision without the deed: what would be asked is known, nobody is.
class Nobody final : public http::Origin {
 public:
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound&) override {
    x.response = http::Response::make(200);
    co_return Result<void>();
  }
};

// Keeps the routing decision in words while its objects are alive.
class Decision final : public pipeline::RoutingObserver {
 public:
  Decision(std::shared_ptr<const pipeline::Snapshot> s, const Request& r, Outcome& o, Detail detail)
      : snapshot_(std::move(s)), request_(r), outcome_(o), detail_(detail) {}
  void routed(const rules::RequestFacts& facts, const rules::RoutingTable& table,
              const rules::Route* winner) override {
    if (detail_ == Detail::none) return;
    if (winner) {
      outcome_.priority = winner->priority;
      outcome_.rule = winner->rule.text;
      outcome_.rule_span = winner->rule_span;
    }
    if (detail_ == Detail::trace) {
      outcome_.routing = std::make_shared<RoutingRecord>(snapshot_, request_.entry_point,
                                                         request_.tls, facts, table, winner);
      return;
    }
    outcome_.candidates =
        pipeline::candidates(*snapshot_, request_.entry_point, request_.tls, facts, table, winner);
  }

 private:
  std::shared_ptr<const pipeline::Snapshot> snapshot_;
  const Request& request_;
  Outcome& outcome_;
  Detail detail_;
};

Task<void> finish_body(http::Exchange& x, Outcome& out) {
  Result<std::string> body = co_await http::read_all(x.response.body, host_request_body_bytes_max);
  if (body) {
    out.body = std::move(*body);
    if (const http::Headers* t = x.response.body.trailers()) out.trailers = fields_of(*t);
  } else {
    out.failure = body.error().message;
  }
}

// What the head would say on the wire.
void complete_head(http::Exchange& x) {
  http::Response& r = x.response;
  if (r.reason.empty()) r.reason = std::string(http::status_text(r.status));
  if (r.reason.empty()) r.reason = "status code " + std::to_string(r.status);  // as the writer does
  pipeline::drop_body_fields(r, false);
  const pipeline::AnswerFraming f = pipeline::framing_of(x.request, r);
  if (f.framing == http::Framing::length) r.headers.set("Content-Length", std::to_string(f.length));
  if (f.framing == http::Framing::chunked) r.headers.add_static("Transfer-Encoding", "chunked");
  if (!r.headers.has("Date") && r.status >= 200)
    r.headers.add("Date", http::http_date(x.env->clock.wall_ns()));
}

Task<void> run_exchange(http::Exchange& x, std::shared_ptr<const pipeline::Snapshot> snapshot,
                        pipeline::RoutingObserver& observer, Outcome& out) {
  co_await pipeline::Engine::handle(x, std::move(snapshot), &observer);
  // What was looked at behind a middleware that answers is no answer.
  if (x.stopped_with) x.response = std::move(*x.stopped_with);
  complete_head(x);
  if (x.request.method != "HEAD" && http::body_allowed(x.response.status))
    co_await finish_body(x, out);
}

}  // namespace

RoutingRecord::RoutingRecord(std::shared_ptr<const pipeline::Snapshot> snapshot,
                             std::string entry_point, bool tls, const rules::RequestFacts& facts,
                             const rules::RoutingTable& table, const rules::Route* winner)
    : snapshot_(std::move(snapshot)),
      entry_point_(std::move(entry_point)),
      host_(facts.host),
      flat_host_(facts.flat_host),
      path_(facts.path),
      method_(facts.method),
      query_(facts.query),
      headers_(*facts.headers),
      client_ip_(facts.client_ip),
      table_(table),
      winner_(winner),
      tls_(tls) {}

std::vector<pipeline::Candidate> RoutingRecord::candidates() const {
  rules::RequestFacts facts{host_, flat_host_, path_, method_, &headers_, query_, client_ip_, {}};
  return pipeline::candidates(*snapshot_, entry_point_, tls_, facts, table_, winner_);
}

World::World(uint64_t seed, std::shared_ptr<const config::StaticConfig> statics)
    : random_(seed),
      resolver_(std::make_unique<Resolver>()),
      env_{scheduler_, clock_, random_, transport_, *resolver_, "gateproof"},
      engine_(std::move(statics), clock_, random_, "gateproof"),
      wire_(std::make_unique<upstream::HttpOrigin>(env_)),
      nobody_(std::make_unique<Nobody>()),
      digest_(Digest::of(seed)) {
  direct_.seen = &seen_;
}

World::~World() {
  // Before the origins and hosts that tasks refer to.
  health_.stop();
  stapler_.stop();
  scheduler_.cancel_all();
}

void World::follow_snapshot() {
  if (followed_ == engine_.version()) return;
  const auto snapshot = engine_.snapshot();
  followed_ = snapshot->version;
  health_.follow(snapshot, snapshot->health_checks);
  stapler_.follow(snapshot->ocsp);
}

// What goes on behind an answer at the same instant: copies to mirrors.
void World::settle() { scheduler_.run_ready(events_max > 0 ? events_max : SIZE_MAX); }

std::vector<HostRequest> World::take_seen() { return std::exchange(seen_, {}); }

void World::add_alias(const std::string& name, const std::string& target, Duration ttl) {
  resolver_->aliases[text::to_lower(name)] = {target, ttl};
}

SocketAddress World::address_of(const std::string& address) {
  const HostPort hp = split_host_port(address);
  const auto port = static_cast<uint16_t>(text::parse_int(hp.port).value_or(80));
  if (const auto ip = IpAddress::parse(hp.host)) return {*ip, port};
  auto& known = resolver_->names;
  if (const auto found = known.find(hp.host); found != known.end()) return {found->second, port};
  const IpAddress ip =
      IpAddress::v4(10, 255, static_cast<uint8_t>(next_ip_ >> 8), static_cast<uint8_t>(next_ip_));
  ++next_ip_;
  known.emplace(std::string(hp.host), ip);
  direct_.names.emplace(std::string(hp.host), SocketAddress{ip, port});
  return {ip, port};
}

void World::add_host(const std::string& address, Host host) {
  const SocketAddress at = address_of(address);
  auto registered = std::make_unique<Registered>();
  registered->host = std::move(host);
  registered->handler = std::make_unique<HostHandler>(registered->host, &seen_);
  Registered* r = registered.get();
  hosts_.push_back(std::move(registered));
  direct_.add(at, r->host);
  if (r->host.refuse) {
    transport_.stop(at);
    return;
  }
  transport_.serve(at, [this, r](std::unique_ptr<Stream> stream) {
    pipeline::ServerOptions options;
    options.verbatim = true;
    options.http2 = r->host.http2;
    scheduler_.spawn("host " + r->host.name,
                     r->host.tls
                         ? serve_secure(env_, std::move(stream), r->host.tls, *r->handler, options)
                         : pipeline::serve_http(env_, std::move(stream), *r->handler, options));
  });
}

// False when nothing is left that could ever finish it, or when it takes too many events.
bool World::run_until(const std::function<bool()>& done) {
  uint64_t events = 0;
  out_of_budget_ = false;
  const Instant latest = waiting_max > Duration::zero() ? clock_.now() + waiting_max : instant_max;
  while (!done()) {
    if (events_max > 0 && ++events > events_max) {
      out_of_budget_ = true;
      stuck_ = scheduler_.dump();
      return false;
    }
    if (scheduler_.run_ready(1) > 0) continue;
    const Instant next = scheduler_.next_timer();
    // Probes and pools alone go on for ever, and no exchange waits for them.
    const bool only_background = scheduler_.only_background();
    const bool too_late = health_.services() > 0 && next > latest;
    if (next == instant_max || only_background || too_late) {
      stuck_ = scheduler_.dump();
      return false;
    }
    clock_.advance_to(next);
    scheduler_.fire_timers(clock_.now());
  }
  return true;
}

void World::note_unfinished(Outcome& out) {
  out.budget_exceeded = out_of_budget_;
  out.stuck = stuck_.empty() ? "no task waits for anything" : std::move(stuck_);
}

void World::advance(Duration d) {
  follow_snapshot();
  const Instant end = clock_.now() + d;
  for (;;) {
    if (scheduler_.run_ready() > 0) continue;
    const Instant next = scheduler_.next_timer();
    if (next > end) break;
    clock_.advance_to(next);
    scheduler_.fire_timers(clock_.now());
  }
  clock_.advance_to(end);
}

bool World::run(Task<void> task) {
  if (task.start_root(scheduler_, "exchange")) return true;
  return run_until([&] { return task.done(); });
}

Outcome World::send_direct(const Request& request, Detail detail, http::Origin& origin,
                           bool look_beyond) {
  Outcome out;
  out.started_ns = clock_.now().time_since_epoch().count();
  http::Exchange x(env_);
  seen_.clear();
  if (!fill_exchange(x, request)) {
    out.status = 400;
    out.reason = "Bad Request";
    out.failure = "malformed request target";
    return out;
  }
  x.origin = &origin;
  x.look_beyond = look_beyond;
  if (detail != Detail::none) {
    out.trace.reserve(trace_steps_usual);
    x.trace = &out.trace;
  }
  const auto snapshot = engine_.snapshot();
  Decision observer(snapshot, request, out, detail);
  if (!run(run_exchange(x, snapshot, observer, out))) note_unfinished(out);
  out.stopped_by = std::string(x.stopped_by);
  out.status = x.response.status;
  out.reason = x.response.reason;
  out.headers = fields_of(x.response.headers);
  out.router = std::string(x.router);
  out.service = std::string(x.service);
  out.server = std::string(x.server);
  out.user = x.user;
  out.attempts = x.attempts;
  if (x.failure) out.failure = x.failure->message;
  if (!look_beyond) settle();
  out.upstream = take_seen();
  out.finished_ns = clock_.now().time_since_epoch().count();
  if (look_beyond && x.stopped_by.empty() && !x.server.empty() && !x.failure) {
    // Nobody was asked, so there is no answer to tell.
    out.status = 0;
    out.reason.clear();
    out.body.clear();
    out.headers.clear();
  }
  return out;
}

namespace {

// The wire arm's way into the engine: like a socket's, with the outcome recorded.
class WireHandler final : public pipeline::ExchangeHandler {
 public:
  WireHandler(const pipeline::Engine& engine, http::Origin& origin, const Request& request,
              Outcome& out, Detail detail)
      : engine_(engine), origin_(origin), request_(request), out_(out), detail_(detail) {}
  Task<void> handle(http::Exchange& x) override {
    x.origin = &origin_;
    x.entry_point = request_.entry_point;
    if (!x.tls_state) {  // as said
      x.tls = request_.tls;
      x.client_certificates = shared_certificates(request_);
    }
    if (detail_ != Detail::none) x.trace = &out_.trace;
    const auto snapshot = engine_.snapshot();
    Decision observer(snapshot, request_, out_, detail_);
    co_await pipeline::Engine::handle(x, snapshot, &observer);
    out_.router = std::string(x.router);
    out_.service = std::string(x.service);
    out_.server = std::string(x.server);
    out_.user = x.user;
    out_.attempts = x.attempts;
    if (x.failure) out_.failure = x.failure->message;
  }

 private:
  const pipeline::Engine& engine_;
  http::Origin& origin_;
  const Request& request_;
  Outcome& out_;
  Detail detail_;
};

}  // namespace

Outcome World::send_wire(const Request& request, Detail detail) {
  Outcome out;
  out.started_ns = clock_.now().time_since_epoch().count();
  seen_.clear();
  pipeline::ServerOptions options;
  const auto snapshot = engine_.snapshot();
  if (const auto* e = snapshot->options_of(request.entry_point))
    options = pipeline::server_options(*e);
  WireHandler handler(engine_, *wire_, request, out, detail);
  const SocketAddress here{IpAddress::v4(127, 0, 0, 1),
                           static_cast<uint16_t>(request.tls ? 443 : 80)};
  auto ends = make_pair(scheduler_, request.peer, here, transport_.link);
  // The bytes of a request whose TLS is only said are those inside it, so nothing is left to be peeked at.
  const bool said = request.tls && !request.client_certificates.empty();
  Task<void> server = said ? pipeline::serve_http(env_, std::move(ends.second), handler, options)
                           : pipeline::serve_connection(env_, std::move(ends.second), snapshot,
                                                        request.entry_point, handler, options);
  Task<WireAnswer> client =
      request.tls && !said
          ? secure_exchange(std::move(ends.first), request, clock_)
          : wire_exchange(std::move(ends.first), wire_bytes(request), request.method == "HEAD");
  const bool served = server.start_root(scheduler_, "connection");
  if (!client.start_root(scheduler_, "client")) {
    if (!run_until([&] { return client.done(); })) note_unfinished(out);
  }
  (void)served;
  if (client.done()) {
    WireAnswer a = client.take();
    out.status = a.status;
    out.reason = std::move(a.reason);
    out.headers = std::move(a.headers);
    out.body = std::move(a.body);
    out.trailers = std::move(a.trailers);
    out.connection_kept = a.keep_alive;
    out.tls = std::move(a.tls);
    if (!a.error.empty() && out.failure.empty()) out.failure = a.error;
  }
  client = Task<WireAnswer>();  // where it still waits, its connection ends
  settle();
  out.upstream = take_seen();
  out.finished_ns = clock_.now().time_since_epoch().count();
  return out;
}

Outcome World::send(const Request& request, Arm arm, Detail detail) {
  follow_snapshot();
  Outcome out =
      arm == Arm::direct ? send_direct(request, detail, direct_) : send_wire(request, detail);
  out.entry_point = request.entry_point;
  if (detail != Detail::none) record(request, out);
  return out;
}

Outcome World::ask(const Request& request, Detail detail) {
  Outcome out = send_direct(request, detail, *nobody_, true);
  out.entry_point = request.entry_point;
  if (detail != Detail::none) record(request, out);
  return out;
}

void World::record(const Request& request, const Outcome& out) {
  Digest d(digest_);
  d.add(request.method);
  d.add(request.target);
  d.add(static_cast<uint64_t>(out.status));
  d.add(out.router);
  d.add(out.server);
  d.add(out.headers);
  d.add(out.body);
  for (const http::TraceStep& s : out.trace) {
    d.add(s.stage);
    d.add(s.action);
    d.add(s.detail);
    d.add(static_cast<uint64_t>(s.at_ns));
  }
  for (const pipeline::Candidate& c : out.candidates) {
    d.add(c.router);
    d.add(c.why);
  }
  for (const HostRequest& r : out.upstream) {
    d.add(r.host);
    d.add(r.target);
    d.add(r.body);
    d.add(r.headers);
  }
  d.add(static_cast<uint64_t>(out.finished_ns));
  digest_ = d.value();
}

std::string World::digest() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(digest_));
  return text;
}

}  // namespace gateproof::sim
