// Snapshot: an immutable, complete, compiled configuration: tables, chains, services, and the status of every object.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/static.h"
#include "engine/env/offload.h"
#include "engine/http/handler.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/entry_stage.h"
#include "engine/pipeline/listeners.h"
#include "engine/pipeline/objects.h"
#include "engine/pipeline/ocsp_stapler.h"
#include "engine/pipeline/parts.h"
#include "engine/pipeline/tcp_tables.h"
#include "engine/rules/table.h"
#include "engine/upstream/health_check.h"

namespace gateproof::pipeline {

class HostFlattener;

struct RouterInfo : ObjectInfo {
  std::string rule;
  std::string service;
  int64_t priority = 0;
  bool tls = false;
  std::string tls_options = "default";    // in force: qualified name, or "default" (catalogue 5.3)
  std::vector<std::string> entry_points;  // effective
  std::vector<std::string> middlewares;   // qualified, entry point's own first
  std::vector<std::string> parents;       // of a child: the routers inside which it is asked
  bool served = false;     // in a routing table; a disabled router may be (catalogue 1.7)
  std::string rule_error;  // why the rule cannot be read, for routers with TLS
  SourceSpan rule_span;
  std::shared_ptr<const rules::Route>
      route;  // also of a disabled router whose rule could be parsed; null otherwise
  std::vector<rules::RoutePtr> claims;  // of the server names of its rule, with TLS
};

// What a route leads to: Route::to of an entry point's routes. The snapshot keeps the router.
struct RouteTarget {
  const RouterInfo* router = nullptr;
  std::shared_ptr<http::Handler> handler;
};

struct EntryPoint {
  const config::EntryPointConfig* config = nullptr;
  std::shared_ptr<const rules::RoutingTable> plain;   // requests without TLS
  std::shared_ptr<const rules::RoutingTable> secure;  // requests over TLS
  EntryStage stage;
  TcpEntryPoint tcp;
  // PROXY protocol of clients: whether it is spoken at all, and whose word counts (catalogue 2.1).
  bool proxy_protocol = false;
  bool proxy_insecure = false;
  std::vector<IpNetwork> proxy_trusted;
  // Of a Gateway's port: they have the routers, and this entry point has none. Null: it is no such port.
  std::unique_ptr<const Listeners> listeners;
  const Listener* listener = nullptr;  // it is one of those: which

  // Whether a connection's first bytes decide anything; if not, it is HTTP.
  bool looks_at_connections() const {
    if (listeners) return listeners->looks_at_connections();
    return proxy_protocol || tcp.has_plain() || tcp.has_secure() || tcp.has_https();
  }
};

class Snapshot {
 public:
  std::shared_ptr<const config::StaticConfig> statics;
  std::shared_ptr<const Objects> objects;                 // that it was built of
  std::shared_ptr<const config::DynamicConfig> dynamics;  // of them: entry points, TLS, TCP and UDP
  std::map<std::string, std::unique_ptr<EntryPoint>, std::less<>> entry_points;
  SharedMap<std::shared_ptr<RouterInfo>> routers;  // by qualified name, split copies included
  SharedMap<ObjectInfo> middlewares;
  SharedMap<ObjectInfo> services;
  // Of each load balancer by qualified name, with the status of its servers.
  SharedMap<std::shared_ptr<upstream::ServerHealth>> server_health;
  std::vector<upstream::HealthCheckSpec>
      health_checks;  // of services that routers use: to be run while this snapshot is current
  std::shared_ptr<HostFlattener> flattener;  // null: CNAME flattening is off
  std::map<std::string, std::shared_ptr<TcpRouterInfo>> tcp_routers;
  std::map<std::string, ObjectInfo> tcp_middlewares;
  std::map<std::string, ObjectInfo> tcp_services;
  std::map<std::string, std::shared_ptr<upstream::ServerHealth>> tcp_server_health;
  std::map<std::string, std::shared_ptr<UdpRouterInfo>> udp_routers;
  std::map<std::string, ObjectInfo> udp_services;
  std::map<std::string, UdpEntryPoint, std::less<>> udp_entry_points;
  config::Findings findings;  // of building: disabled routers, missing references ... with spans
  TlsSide tls;
  std::vector<OcspTarget>
      ocsp;  // certificates whose state is asked for while this snapshot is current
  uint64_t version = 0;
  Parts parts;  // what the next one can take over
  Work work;    // what was done to make it

  // An entry point's options, whatever it speaks; null: there is none of that name.
  const config::EntryPointConfig* options_of(std::string_view entry_point) const;
};

struct BuildInputs {
  std::shared_ptr<const config::StaticConfig> statics;
  std::shared_ptr<const config::DynamicConfig> dynamics;  // all providers' objects, qualified
  const Clock& clock;
  Random& random;
  std::string host_name;  // X-Forwarded-Server
  rules::MatcherSet matchers = rules::MatcherSet::standard();
  // Whether the process is terminating, for ping; null: never.
  const std::atomic<bool>* terminating = nullptr;
  Files* files = nullptr;  // for middlewares that read files; null: they cannot
  const middleware::PluginHost* plugins = nullptr;  // null: no plugin is known
  std::shared_ptr<tls::Registry> tls = nullptr;     // null: one of the snapshot's own
  std::shared_ptr<const Objects> objects =
      nullptr;                            // null: those of `dynamics`; else that is their rest
  Offload& elsewhere = inline_offload();  // takes its share of building thousands of routers
};

// The entry points of the static configuration, and those that providers bring; a name of the static one is not overridden.
std::map<std::string, const config::EntryPointConfig*> entry_points_of(const BuildInputs& inputs);

// Never fails as a whole: a bad object is disabled with its reason, the rest stands (catalogue 6.11). `afterwards` gets what is
// left to be done before the snapshot is patched, and can wait until it is in force; without it all is done at once.
std::shared_ptr<Snapshot> build_snapshot(const BuildInputs& inputs,
                                         std::function<void()>* afterwards = nullptr);

// The same for objects that are those of `before` but for `patch`: only what depends on the change is made, the rest is that of
// `before`, state of services and middlewares included. Null: the change reaches too far, and everything is to be built.
std::shared_ptr<Snapshot> patch_snapshot(const BuildInputs& inputs, const Snapshot& before,
                                         const config::ConfigPatch& patch);

}  // namespace gateproof::pipeline
