// TcpBuilder: the TCP and UDP half of a snapshot, made after the HTTP half: which connections are HTTP's depends on it. Errors
// and their order are Traefik's (router, entry point by entry point; catalogue 1.9, 4.8, observed).
#pragma once
#include <set>

#include "engine/pipeline/snapshot.h"
#include "engine/pipeline/tls_builder.h"

namespace gateproof::pipeline {

class TcpBuilder {
 public:
  // `defaults`: entry points of TCP routers that name none.
  TcpBuilder(const BuildInputs& inputs, Snapshot& out, const std::vector<std::string>& defaults,
             TlsBuilder& tls)
      : in_(inputs), out_(out), defaults_(defaults), tls_(tls) {}
  void run();
  // The server names that a router takes if it has TLS (catalogue 1.10 step 4).
  void claim(RouterInfo& router);

 private:
  using ServicePtr = std::shared_ptr<upstream::TcpService>;
  struct Pending {
    std::vector<rules::Route> plain, secure;
    std::vector<rules::RoutePtr> https;
  };

  // tcp_builder.cpp
  void register_objects();
  void add_router(const std::string& name, const config::TcpRouterConfig& router);
  bool place_entry_points(TcpRouterInfo& info, const config::TcpRouterConfig& router);
  std::optional<rules::Route> make_route(TcpRouterInfo& info,
                                         const config::TcpRouterConfig& router);
  void place(TcpRouterInfo& info, const config::TcpRouterConfig& router, const rules::Route& route,
             const std::string& entry_point);
  // "default" or a qualified name, of a router whose TLS ends here.
  static std::string options_of(const TcpRouterInfo& info, const config::TcpRouterConfig& router);
  TcpTarget::Way way_of(TcpRouterInfo& info, const config::TcpRouterConfig& router);
  bool add_middlewares(TcpRouterInfo& info, const config::TcpRouterConfig& router,
                       TcpTarget& target);
  void add_https_routes();
  void finish();

  // tcp_builder_service.cpp. Errors go to the router that asked; some stay with the service too, as in Traefik.
  Result<ServicePtr> service(const std::string& name);
  Result<ServicePtr> load_balancer(const std::string& name, const config::TcpServiceConfig& s);
  Result<ServicePtr> weighted(const std::string& name, const config::TcpServiceConfig& s);
  Result<upstream::TcpDialing> dialing(const std::string& name,
                                       const config::TcpLoadBalancerConfig& lb);
  std::shared_ptr<TlsConnector> connector(const std::string& name,
                                          const config::TcpLoadBalancerConfig& lb);
  std::vector<upstream::TcpServer> servers(const std::string& object,
                                           const std::vector<config::Text>& addresses);

  // udp_builder.cpp
  void add_udp_routers();
  void add_udp_router(UdpRouterInfo& info, const config::UdpRouterConfig& router,
                      std::map<std::string, std::vector<std::string>>& by_entry_point);
  Result<std::shared_ptr<upstream::UdpService>> udp_service(const std::string& name);

  void finding(std::string_view code, const SourceSpan& at, const std::string& object,
               const std::string& message, const std::string& remedy) {
    out_.findings.add(code, at, object, message, remedy);
  }
  // Once for each object and code, although a service is built for every router on every entry point.
  void finding_once(std::string_view code, const SourceSpan& at, const std::string& object,
                    const std::string& message, const std::string& remedy);

  const BuildInputs& in_;
  Snapshot& out_;
  const std::vector<std::string>& defaults_;
  TlsBuilder& tls_;
  std::map<std::string, std::shared_ptr<const TlsChoice>> choices_;  // by options
  std::map<std::string, Pending> pending_;
  std::set<std::string> building_;
  std::set<std::string> said_;
};

}  // namespace gateproof::pipeline
