// What a snapshot knows of TCP and UDP: routers with their states, tables per entry point, and what their routes lead to.
#pragma once
#include "engine/middleware/tcp_middleware.h"
#include "engine/pipeline/object_info.h"
#include "engine/pipeline/tls_side.h"
#include "engine/rules/table.h"
#include "engine/upstream/udp_service.h"

namespace gateproof::pipeline {

struct TcpRouterInfo : ObjectInfo {
  std::string rule;
  std::string service;
  int64_t priority = 0;
  bool tls = false;
  bool passthrough = false;
  bool catch_all = false;                 // HostSNI(`*`) alone
  std::vector<std::string> entry_points;  // effective
  std::vector<std::string> middlewares;   // qualified
  SourceSpan rule_span;
  std::shared_ptr<const rules::Route>
      route;  // also of a disabled router whose rule could be parsed
};

struct TcpTarget {
  enum class Way : uint8_t {
    forward,    // bytes go to the service as they are
    terminate,  // TLS ends here, and the service gets what is inside it
    broken,     // unknown TLS options: closed behind the ClientHello (catalogue 5.1)
  };
  const TcpRouterInfo* router = nullptr;
  Way way = Way::forward;
  std::vector<std::shared_ptr<middleware::TcpMiddleware>> middlewares;
  std::shared_ptr<upstream::TcpService> service;  // forward and terminate
  TlsChoice tls;                                  // terminate
};

// The tables of one entry point (catalogue 1.10). Plain and secure targets are apart; `https` only tells whether an HTTPS router
// claims a server name and which TLS options that name gets; HTTP decides the rest.
struct TcpEntryPoint {
  std::shared_ptr<const rules::RoutingTable> plain;   // routers without TLS
  std::shared_ptr<const rules::RoutingTable> secure;  // routers with TLS, passthrough or not
  // HostSNI of HTTPS routers' hosts; Route::to is the TlsChoice that the name gets.
  std::shared_ptr<const rules::RoutingTable> https;
  std::vector<TcpTarget> targets;  // indexed by Route::target
  TlsChoice default_tls;           // of names that nobody claims

  bool has_plain() const { return !plain->empty(); }
  bool has_secure() const { return !secure->empty(); }
  bool has_https() const { return !https->empty(); }
};

struct UdpRouterInfo : ObjectInfo {
  std::string service;
  std::vector<std::string> entry_points;  // effective
};

struct UdpEntryPoint {
  const config::EntryPointConfig* config = nullptr;
  const UdpRouterInfo* router = nullptr;  // null: nobody takes its datagrams
  std::shared_ptr<upstream::UdpService> service;
};

}  // namespace gateproof::pipeline
