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

}  // namespace

struct Worker::Entry {
  Entry(Env& env, const config::EntryPointConfig& c, ServerShared& shared, http::Origin& origin)
      : config(c),
        options(pipeline::server_options(c)),
        handler(env, shared.engine, origin, c),
        streams(shared.connections) {}
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
  auto entry = std::make_unique<Entry>(env_, config, shared_, origin_);
  Result<std::unique_ptr<NetListener>> listener = NetListener::adopt(*loop_, std::move(listening));
  if (!listener) return listener.error();
  entry->listener = std::move(*listener);
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> Worker::add_udp_entry_point(const config::EntryPointConfig& config, Fd bound) {
  Result<std::unique_ptr<NetDatagram>> socket = NetDatagram::adopt(*loop_, std::move(bound));
  if (!socket) return socket.error();
  udp_.push_back(std::make_unique<pipeline::UdpServer>(
      env_, std::move(*socket), config.name, config.udp_timeout,
      [this] { return shared_.engine.snapshot(); }));
  return {};
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
  for (const std::unique_ptr<Entry>& e : entries_) {
    loop_->scheduler().spawn("accept " + e->config.name, accept_connections(*e));
  }
  for (const std::unique_ptr<pipeline::UdpServer>& u : udp_)
    loop_->scheduler().spawn("udp", u->run());
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
    while (shared_.connections.load(std::memory_order_relaxed) >= shared_.connections_max) {
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
  const auto entry = snapshot->entry_points.find(e.config.name);
  if (entry != snapshot->entry_points.end() && entry->second->looks_at_connections()) {
    loop_->scheduler().spawn(
        e.config.name, pipeline::serve_connection(env_, std::move(stream), snapshot, e.config.name,
                                                  e.handler, e.options));
    return;
  }
  loop_->scheduler().spawn(e.config.name, pipeline::serve_http(env_, std::move(stream), e.handler,
                                                               e.options, {}, &e.handler));
}

void Worker::begin_drain(Drain kind) {
  loop_->post([this, kind] {
    if (std::exchange(drain_begun_, true)) return;
    idle_time_ = kind == Drain::hand_over ? hand_over_idle_time : stop_idle_time;
    if (kind == Drain::hand_over) {
      for (const std::unique_ptr<pipeline::UdpServer>& u : udp_) u->retire();
    }
    draining_ = entries_.size();
    if (draining_ == 0) loop_->stop();
    for (const std::unique_ptr<Entry>& e : entries_) {
      loop_->scheduler().spawn("drain " + e->config.name, drain(*e));
    }
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
  e.listener->close();
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
  if (--draining_ == 0) loop_->stop();
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
    for (const std::unique_ptr<Entry>& e : entries_) e->handler.refresh();
  });
}

}  // namespace gateproof::net
