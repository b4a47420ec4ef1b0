#include "engine/pipeline/engine.h"

#include "engine/http/held_body.h"
#include "engine/pipeline/announced_trailers.h"
#include "engine/pipeline/child_routes.h"
#include "engine/pipeline/content_detection.h"
#include "engine/pipeline/host_flattener.h"
#include "engine/upstream/forbidden_body.h"

namespace gateproof::pipeline {
namespace {

void note_routing(http::Exchange& x, const RouteTarget* target, const rules::Route* route) {
  if (!route) {
    x.note("entryPoint " + std::string(x.entry_point), "route", "no router matches: 404");
    return;
  }
  x.note("router " + route->name, "route",
         target->router->rule + " (priority " + std::to_string(route->priority) + ")");
}

constexpr std::string_view grpc_unimplemented = "12";

// Nobody's request on a Gateway's port. What asks over gRPC hears it in gRPC's words.
http::Response no_listener_route(const http::Exchange& x) {
  if (!x.request.headers.get("Content-Type").starts_with("application/grpc")) return not_found();
  http::Response r = http::Response::make(200);
  r.headers.add_static("Content-Type", "application/grpc");
  r.headers.add_static("Grpc-Status", grpc_unimplemented);
  r.headers.add_static("Grpc-Message", "no route matches");
  return r;
}

// The listener that a request on a Gateway's port is for. Null: none, or another one than the connection was made with, and the
// answer is made (listener isolation; RFC 9110 section 15.5.20).
const EntryPoint* listener_of(http::Exchange& x, const Listeners& listeners) {
  const Listener* const found = listeners.find(x.canonical_host);
  if (x.tls_state && (!found || found->name != x.tls_state->options)) {
    if (x.trace) {
      x.note("entryPoint " + std::string(x.entry_point), "answer",
             "421: the connection is of listener " + x.tls_state->options + ", the host of " +
                 (found ? std::string(found->name) : "none"));
    }
    x.response = http::Response::make(421, "Misdirected Request\n", "text/plain; charset=utf-8");
    return nullptr;
  }
  if (!found) {
    if (x.trace)
      x.note("entryPoint " + std::string(x.entry_point), "route", "no listener has this host: 404");
    x.response = no_listener_route(x);
    return nullptr;
  }
  if (x.trace)
    x.note("entryPoint " + std::string(x.entry_point), "listener", std::string(found->name));
  x.entry_point = found->name;
  return found->entry;
}

// true: it was answered here, since its path holds an encoded character that the entry point denies.
bool refuse_encoded(http::Exchange& x, const EntryStage& stage) {
  const std::string path = x.request.url.escaped();
  const std::string_view denied = http::denied_character(path, stage.allowed);
  if (denied.empty()) return false;
  if (x.trace)
    x.note("entryPoint " + std::string(x.entry_point), "answer",
           "400: encoded character " + std::string(denied) + " in the path is not allowed");
  x.response = http::Response::make(400);
  return true;
}

// true: it was answered here, since the connection was made under other TLS options than its router asks for (catalogue 5.3).
bool refuse_misdirected(http::Exchange& x, const RouterInfo& router) {
  if (!x.tls_state || x.tls_state->options == router.tls_options) return false;
  if (x.trace) {
    x.note("router " + router.name, "answer",
           "421: the connection has the TLS options " + x.tls_state->options + ", the router " +
               router.tls_options);
  }
  x.response = http::Response::make(421, "Misdirected Request\n", "text/plain; charset=utf-8");
  x.response.headers.add_static("X-Content-Type-Options", "nosniff");
  return true;
}

}  // namespace

Engine::Engine(std::shared_ptr<const config::StaticConfig> statics, const Clock& clock,
               Random& random, std::string host_name)
    : statics_(std::move(statics)),
      clock_(clock),
      random_(random),
      requests_(statics_->gateproof.requests),
      host_name_(std::move(host_name)),
      tls_(std::make_shared<tls::Registry>(random, clock)) {
  if (statics_->host_resolver && statics_->host_resolver->cname_flattening) {
    flattener_ = std::make_shared<HostFlattener>(*statics_->host_resolver, clock_);
  }
}

// A file provider has its objects before anybody asks, and a start does not build twice.
std::shared_ptr<const Snapshot> Engine::of_no_objects() const {
  const std::lock_guard lock(update_mutex_);
  if (std::shared_ptr<const Snapshot> now = std::atomic_load(&current_)) return now;
  std::shared_ptr<Snapshot> built = build_snapshot(inputs());
  built->flattener = flattener_;
  built->version = version_.load(std::memory_order_relaxed);
  std::atomic_store(&current_, std::shared_ptr<const Snapshot>(built));
  return built;
}

std::shared_ptr<const Snapshot> Engine::update(const std::string& provider,
                                               config::DynamicConfig objects) {
  std::shared_ptr<const Snapshot> built = update(provider, std::move(objects), inline_offload());
  settle();
  return built;
}

std::shared_ptr<const Snapshot> Engine::update(const std::string& provider,
                                               config::DynamicConfig objects, Offload& elsewhere) {
  const std::lock_guard lock(update_mutex_);
  by_provider_[provider] = std::make_shared<const Objects>(objects_of(std::move(objects)));
  objects_ = std::make_shared<const Objects>(merged(by_provider_));
  return rebuild(elsewhere);
}

std::shared_ptr<const Snapshot> Engine::patch(const std::string& provider,
                                              const config::ConfigPatch& changes,
                                              Offload& elsewhere) {
  const std::lock_guard lock(update_mutex_);
  settle_now(elsewhere);
  std::shared_ptr<const Objects>& mine = by_provider_[provider];
  Objects own = mine ? *mine : objects_of({});
  apply(own, changes);
  mine = std::make_shared<const Objects>(std::move(own));
  Objects all = *objects_;
  apply(all, changes);
  objects_ = std::make_shared<const Objects>(std::move(all));
  if (current_) {
    if (std::shared_ptr<Snapshot> built = patch_snapshot(inputs(), *current_, changes))
      return show(std::move(built));
  }
  return rebuild(elsewhere);
}

void Engine::set_matchers(rules::MatcherSet m) {
  const std::lock_guard lock(update_mutex_);
  matchers_ = std::move(m);
  rebuild(inline_offload());
}

std::shared_ptr<const Snapshot> Engine::rebuild(Offload& elsewhere) {
  unsettled_ = nullptr;
  return show(build_snapshot(inputs(elsewhere), &unsettled_));
}

void Engine::settle(Offload& elsewhere) {
  const std::lock_guard lock(update_mutex_);
  settle_now(elsewhere);
}

void Engine::settle_now(Offload& elsewhere) {
  std::function<void()> rest = std::exchange(unsettled_, nullptr);
  if (!rest) return;
  rest();
  elsewhere.start([rest = std::move(rest)] {}, [] {});
}

BuildInputs Engine::inputs(Offload& elsewhere) const {
  return {statics_,      objects_->rest, clock_,   random_, host_name_, matchers_,
          &terminating_, files_,         plugins_, tls_,    objects_,   elsewhere};
}

std::shared_ptr<const Snapshot> Engine::show(std::shared_ptr<Snapshot> built) {
  built->flattener = flattener_;
  built->version = version_.load(std::memory_order_relaxed) + 1;
  std::atomic_store(&current_, std::shared_ptr<const Snapshot>(built));
  version_.store(built->version, std::memory_order_release);
  tls_->sweep();
  return built;
}

Task<void> Engine::handle(http::Exchange& x, std::shared_ptr<const Snapshot> snapshot,
                          RoutingObserver* observer) {
  const auto found = snapshot->entry_points.find(x.entry_point);
  if (found == snapshot->entry_points.end()) {
    x.response = not_found();
    co_return;
  }
  const EntryPoint* at = found->second.get();
  x.entry_point = found->first;
  HostFlattener* const flattener = snapshot->flattener.get();
  x.pinned = std::move(snapshot);
  if (!apply_entry_stage(x, at->stage)) co_return;
  if (flattener) {
    x.flat_host = co_await flattener->flatten(x.env->resolver, x.canonical_host);
    if (x.trace && x.flat_host != x.canonical_host)
      x.note("entryPoint " + std::string(x.entry_point), "host",
             x.canonical_host + " is an alias (CNAME) of " + x.flat_host);
  }

  if (at->listeners) {
    at = listener_of(x, *at->listeners);
    if (!at) co_return;
  }
  const EntryPoint& entry = *at;
  const rules::RequestFacts facts = facts_of(x);
  const rules::RoutingTable& table = x.tls && !entry.listener ? *entry.secure : *entry.plain;
  const rules::Route* route = table.match(facts);
  const RouteTarget* target = route ? static_cast<const RouteTarget*>(route->to.get()) : nullptr;
  if (observer) observer->routed(facts, table, route);
  if (x.trace) note_routing(x, target, route);
  if (!route) {
    x.response = entry.listener ? no_listener_route(x) : not_found();
    co_return;
  }
  x.router = route->name;
  if (!entry.listener && refuse_misdirected(x, *target->router)) co_return;
  if (entry.stage.check_encoded && refuse_encoded(x, entry.stage)) co_return;
  co_await target->handler->handle(x);
  if (x.stopped_with) x.response = std::move(*x.stopped_with);
  if (upstream::is_forbidden(x.response)) {
    if (x.trace) x.note("answer", "abort", "it may have no body, and has one");
    x.response.reset();  // Go's proxy breaks off: nothing is answered, and the connection is closed
    co_return;
  }
  if (x.detect_content_type) co_await detect_content_type(x);
  const bool http2 = x.request.version == http::Version::http2;
  if (x.response.headers.has("Trailer")) repeat_announced(x.response, http2);
  if (x.response.status == 304 && !http2) {
    // Go's server of HTTP/1.1 tells neither of a representation that it does not send.
    x.response.headers.remove("Content-Type");
    x.response.headers.remove("Content-Length");
  }
}

void EngineHandler::refresh() {
  if (version_ == engine_.version()) return;
  snapshot_ = engine_.snapshot();
  version_ = snapshot_->version;
}

Task<void> EngineHandler::handle(http::Exchange& x) {
  refresh();
  x.origin = &origin_;
  x.entry_point = entry_point_;
  if (engine_.requests().any()) return limited(x);
  return Engine::handle(x, snapshot_);
}

// A request is under way until its answer was read to the end.
Task<void> EngineHandler::limited(http::Exchange& x) {
  RequestLimit::Place place = engine_.requests().enter();
  if (!place) {
    RequestLimit::refuse(x);
    co_return;
  }
  co_await Engine::handle(x, snapshot_);
  http::hold(x.response.body, std::move(place));
}

}  // namespace gateproof::pipeline
