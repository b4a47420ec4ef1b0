#include "engine/net/worker.h"

#include "engine/net/datagram.h"
#include "engine/pipeline/http_server.h"
#include "engine/pipeline/server_options.h"
#include "engine/pipeline/tcp_stage.h"

namespace gateproof::net {

namespace {

// The engine's handler, and a mark on idle connections for the drain. TLS where nobody looks for it is looked at as elsewhere.
class EntryHandler final : public pipeline::ExchangeHandler, public pipeline::OtherProtocols {
 public:
  EntryHandler(Env& env, const pipeline::Engine& engine, http::Origin& origin,
               const config::EntryPointConfig& config)
      : env_(env), config_(config), engine_(engine, origin, config.name) {}
  Task<void> serve_tls(std::unique_ptr<Stream> stream, std::string early) override {
    return pipeline::serve_connection(env_, std::move(stream), snapshot(), config_.name, *this,
                                      pipeline::server_options(config_), nullptr, std::move(early));
  }
  Task<void> handle(http::Exchange& x) override { return engine_.handle(x); }
  bool draining() const override { return engine_.draining(); }
  void idle(Stream& stream, bool on, bool fresh) override {
    static_cast<NetStream&>(stream.carrier()).set_idle(on, fresh);
  }
  void drain() {
    engine_.drain();
    tell_draining();
  }
  void refresh() { engine_.refresh(); }
  const std::shared_ptr<const pipeline::Snapshot>& snapshot() {
    engine_.refresh();
    return engine_.snapshot();
  }

 private:
  Env& env_;
  const config::EntryPointConfig& config_;
  pipeline::EngineHandler engine_;
};

// A task that keeps alive what it works on.
Task<void> holding([[maybe_unused]] std::shared_ptr<const void> held, Task<void> task) {
  co_await std::move(task);
}

}  // namespace

// One of the static configuration is there to the end. One that a configuration brought holds its options (`owned`), and is
// held by each of its tasks, since it may go while they are under way.
struct Worker::Entry : std::enable_shared_from_this<Entry> {
  Entry(Env& env, const config::EntryPointConfig& c, ServerShared& shared, http::Origin& origin)
      : config(c),
        options(pipeline::server_options(c)),
        handler(env, shared.engine, origin, c),
        streams(shared.connections) {}
  std::shared_ptr<const config::EntryPointConfig> owned;
  const config::EntryPointConfig& config;
  pipeline::ServerOptions options;
  EntryHandler handler;
  StreamList streams;
  std::unique_ptr<NetListener> listener;
};

Worker::Worker(std::unique_ptr<EventLoop> loop, ServerShared& shared)
    : loop_(std::move(loop)),
      shared_(shared),
      transport_(*loop_, shared.detours),
      resolver_(*loop_, shared.detours),
      offload_(shared.pool, *loop_),
      env_{loop_->scheduler(), loop_->clock(),   shared.random, transport_,
           resolver_,          shared.host_name, offload_},
      origin_(env_) {}

Worker::~Worker() { loop_->scheduler().cancel_all(); }

Result<void> Worker::add_entry_point(const config::EntryPointConfig& config, Fd listening) {
  auto entry = std::make_shared<Entry>(env_, config, shared_, origin_);
  Result<std::unique_ptr<NetListener>> listener = NetListener::adopt(*loop_, std::move(listening));
  if (!listener) return listener.error();
  entry->listener = std::move(*listener);
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> Worker::add_udp_entry_point(const config::EntryPointConfig& config, Fd bound) {
  Result<std::unique_ptr<NetDatagram>> socket = NetDatagram::adopt(*loop_, std::move(bound));
  if (!socket) return socket.error();
  udp_[config.name] = std::make_shared<pipeline::UdpServer>(
      env_, std::move(*socket), config.name, config.udp_timeout,
      [this] { return shared_.engine.snapshot(); });
  udp_[config.name]->on_drop(
      [this, name = config.name](pipeline::UdpDrop why) { tell_dropped(name, why); });
  return {};
}

void Worker::tell_full(const Entry& e) {
  const auto times = shared_.full.count(loop_->clock().now());
  if (!times) return;
  shared_.log.warn("entryPoint " + e.config.name + ": " + std::to_string(shared_.connections_max) +
                   " connections are open (gateproof.connections), further ones wait; reached " +
                   std::to_string(*times) + " times since this was told last");
}

void Worker::tell_dropped(const std::string& entry_point, pipeline::UdpDrop why) {
  const auto n = shared_.undelivered[static_cast<size_t>(why)].count(loop_->clock().now());
  if (!n) return;
  using pipeline::UdpDrop;
  const std::string reason =
      why == UdpDrop::sessions_max
          ? std::to_string(pipeline::udp_sessions_max) + " sessions are open (udp_sessions_max)"
      : why == UdpDrop::datagrams_max ? std::to_string(pipeline::udp_queued_datagrams_max) +
                                            " wait for a server's name (udp_queued_datagrams_max)"
                                      : "no router or no server takes them";
  shared_.log.warn("entryPoint " + entry_point + ": " + reason + ": " + std::to_string(*n) +
                   " datagrams were dropped since this was told last");
}

void Worker::open_entry_point(std::shared_ptr<const config::EntryPointConfig> config, Fd socket,
                              bool udp) {
  auto kept = std::make_shared<Fd>(std::move(socket));  // a posted call can be copied
  loop_->post([this, config = std::move(config), kept, udp] {
    if (drain_begun_) return;
    const Result<void> added = udp ? add_udp_entry_point(*config, std::move(*kept))
                                   : add_entry_point(*config, std::move(*kept));
    if (!added) {
      shared_.log.error("entryPoint " + config->name + ": " + added.error().message);
    } else if (udp) {
      hear(udp_.at(config->name));
    } else {
      entries_.back()->owned = config;
      begin("accept", *entries_.back(), accept_connections(*entries_.back()));
    }
  });
}

void Worker::close_entry_point(const std::string& name, std::shared_ptr<void> done) {
  loop_->post([this, name, done = std::move(done)] { close_now(name); });
}

void Worker::close_now(const std::string& name) {
  if (const auto u = udp_.find(name); u != udp_.end()) {
    u->second->close();  // its task ends, and with it the last that holds it
    udp_.erase(u);
  }
  const auto e = std::find_if(entries_.begin(), entries_.end(),
                              [&](const auto& one) { return one->config.name == name; });
  if (e == entries_.end() || drain_begun_) return;
  const std::shared_ptr<Entry> entry = *e;
  entries_.erase(e);
  entry->handler.drain();
  stop_accepting(*entry);
  ++ending_;
  begin("leave", *entry, leave(*entry));
}

void Worker::begin(const std::string& what, Entry& e, Task<void> task) {
  loop_->scheduler().spawn(what + " " + e.config.name,
                           holding(e.shared_from_this(), std::move(task)));
}

void Worker::hear(const std::shared_ptr<pipeline::UdpServer>& server) {
  loop_->scheduler().spawn("udp", holding(server, server->run()));
}

void Worker::probe_servers() {
  health_ = std::make_unique<upstream::HealthRunner>(
      env_, origin_, [this](const std::string& line) { shared_.log.warn(line); });
  stapler_ = std::make_unique<pipeline::OcspStapler>(
      env_, origin_, [this](const std::string& line) { shared_.log.error(line); });
}

void Worker::follow_snapshot() {
  if (!health_ || followed_ == shared_.engine.version()) return;
  const auto snapshot = shared_.engine.snapshot();
  followed_ = snapshot->version;
  health_->follow(snapshot, snapshot->health_checks);
  stapler_->follow(snapshot->ocsp);
}

void Worker::run() {
  follow_snapshot();
  for (const std::shared_ptr<Entry>& e : entries_) begin("accept", *e, accept_connections(*e));
  for (const auto& [name, u] : udp_) hear(u);
  loop_->run();
  if (health_) health_->stop();
  if (stapler_) stapler_->stop();
  // Here and not in the destructor: what a thread took from its pools goes back to them.
  loop_->scheduler().cancel_all();
  udp_.clear();
  origin_.close_idle();
  env_.store.clear();
}

Task<void> Worker::accept_connections(Entry& e) {
  uint64_t pauses = 0;
  for (;;) {
    bool waited = false;
    while (shared_.connections.load(std::memory_order_relaxed) >= shared_.connections_max) {
      if (!std::exchange(waited, true)) tell_full(e);
      co_await sleep_for(loop_->scheduler(), full_pause);
    }
    Result<std::unique_ptr<Stream>> stream = co_await e.listener->accept();
    if (!stream) co_return;
    if (e.listener->pauses() != pauses) {
      pauses = e.listener->pauses();
      shared_.log.error("entryPoint " + e.config.name +
                        ": no file descriptor left, accepting was paused");
    }
    serve(e, std::move(*stream));
  }
}

void Worker::serve(Entry& e, std::unique_ptr<Stream> stream) {
  e.streams.add(static_cast<NetStream&>(*stream));
  const std::shared_ptr<const pipeline::Snapshot>& snapshot = e.handler.snapshot();
  const auto found = snapshot->entry_points.find(e.config.name);
  const bool looks = found != snapshot->entry_points.end() && found->second->looks_at_connections();
  Task<void> served =
      looks ? pipeline::serve_connection(env_, std::move(stream), snapshot, e.config.name,
                                         e.handler, e.options)
            : pipeline::serve_http(env_, std::move(stream), e.handler, e.options, {}, &e.handler);
  if (e.owned) served = holding(e.shared_from_this(), std::move(served));
  loop_->scheduler().spawn(e.config.name, std::move(served));
}

void Worker::begin_drain(Drain kind) {
  loop_->post([this, kind] {
    if (std::exchange(drain_begun_, true)) return;
    idle_time_ = kind == Drain::hand_over ? hand_over_idle_time : stop_idle_time;
    if (kind == Drain::hand_over) {
      for (const auto& [name, u] : udp_) u->retire();
    }
    ending_ += entries_.size();
    if (ending_ == 0) loop_->stop();
    for (const std::shared_ptr<Entry>& e : entries_) begin("drain", *e, drain(*e));
  });
}

// Catalogue 7.8: requestAcceptGraceTimeout, then graceTimeOut, per entry point and in parallel.
Task<void> Worker::drain(Entry& e) {
  if (e.config.request_accept_grace_timeout > Duration::zero()) {
    co_await sleep_for(loop_->scheduler(), e.config.request_accept_grace_timeout);
  }
  e.handler.drain();
  // One more turn of the loop: the accept task takes what the system has queued, which closing would reset.
  co_await sleep_for(loop_->scheduler(), std::chrono::milliseconds(1));
  stop_accepting(e);
  co_await end_streams(e);
  if (--ending_ == 0) loop_->stop();
}

// What is queued is served: closing would reset it.
void Worker::stop_accepting(Entry& e) {
  while (shared_.connections.load(std::memory_order_relaxed) < shared_.connections_max) {
    std::optional<Result<std::unique_ptr<Stream>>> queued = e.listener->try_accept();
    if (!queued || !*queued) break;
    serve(e, std::move(**queued));
  }
  e.listener->close();
}

// Of an entry point that is in no configuration any more.
Task<void> Worker::leave(Entry& e) {
  co_await end_streams(e);
  if (--ending_ == 0 && drain_begun_) loop_->stop();
}

// Connections end when they are idle, and all of them when graceTimeOut has passed.
Task<void> Worker::end_streams(Entry& e) {
  const Instant end = loop_->clock().now() + e.config.grace_timeout;
  while (e.streams.size() > 0 && loop_->clock().now() < end) {
    end_idle(e);
    co_await sleep_for(loop_->scheduler(), drain_pause);
  }
  if (e.streams.size() > 0) {
    shared_.log.warn("entryPoint " + e.config.name + ": graceTimeOut has passed, closing " +
                     std::to_string(e.streams.size()) + " connections");
  }
  for (NetStream* s = e.streams.first(); s; s = s->next_in_list()) s->close();
}

void Worker::end_idle(Entry& e) {
  const Instant now = loop_->clock().now();
  for (NetStream* s = e.streams.first(); s; s = s->next_in_list()) {
    if (s->idle_for(s->fresh() ? fresh_time : idle_time_, now)) s->end_if_silent();
  }
}

void Worker::configuration_changed() {
  loop_->post([this] {
    follow_snapshot();
    for (const std::shared_ptr<Entry>& e : entries_) e->handler.refresh();
  });
}

}  // namespace gateproof::net
