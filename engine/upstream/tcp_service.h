// TCP services: who takes a connection, and how it is dialled (catalogue 4.8). Shared by all event loops.
#pragma once
#include "engine/config/dynamic_tcp.h"
#include "engine/env/env.h"
#include "engine/env/tls_connector.h"
#include "engine/upstream/health_check.h"
#include "engine/upstream/round_robin.h"

namespace gateproof::upstream {

struct TcpServer {
  std::string address;  // as configured
  std::string host;     // name or IP without brackets
  uint16_t port = 0;
  std::optional<SocketAddress> ip;  // when host is an IP
  bool tls = false;
  std::shared_ptr<TlsConnector> connector;  // with `tls`; null: TLS cannot be spoken to it
};

// "host:port" taken apart; nullopt for what Go's net.SplitHostPort refuses, or a port that is no number.
std::optional<TcpServer> parse_server_address(std::string_view address);

// How servers of one load balancer are spoken to.
struct TcpDialing {
  Duration timeout = std::chrono::seconds(30);                  // zero or less: none
  Duration keep_alive = std::chrono::seconds(15);               // between probes; negative: none
  Duration termination_delay = std::chrono::milliseconds(100);  // negative: for ever
  int proxy_protocol = 0;                                       // 0: none, 1, 2
};

// A server that was chosen; what it points at lives as long as its service.
struct TcpChoice {
  const TcpServer* server = nullptr;
  const TcpDialing* dialing = nullptr;
  std::string_view service;  // the load balancer's name
};

class TcpService : public StatusSource {
 public:
  // nullopt: no server. `notes`, if asked for, gets a line for each decision on the way: {service, why}.
  using Notes = std::vector<std::pair<std::string, std::string>>;
  virtual std::optional<TcpChoice> choose(Notes* notes) = 0;
};

class TcpLoadBalancer final : public TcpService {
 public:
  // `servers` are those of the configuration whose address has a port. Traefik builds a balancer for each router; those of one
  // service share what is known of its servers (`health`, null: none yet).
  TcpLoadBalancer(std::string name, std::vector<TcpServer> servers, TcpDialing dialing,
                  bool checked, Random& random, std::shared_ptr<ServerHealth> health = nullptr);
  std::optional<TcpChoice> choose(Notes* notes) override;
  Result<void> on_status(std::function<void(bool up)> listener) override;
  const std::shared_ptr<ServerHealth>& health() const { return health_; }
  const std::vector<TcpServer>& servers() const { return servers_; }
  const TcpDialing& dialing() const { return dialing_; }

 private:
  std::string name_;
  std::vector<TcpServer> servers_;
  TcpDialing dialing_;
  bool checked_;
  std::shared_ptr<ServerHealth> health_;
  RoundRobin order_;
};

class TcpWeighted final : public TcpService {
 public:
  struct Child {
    std::string name;
    std::shared_ptr<TcpService> service;
    int64_t weight = 1;
  };
  TcpWeighted(std::string name, std::vector<Child> children, bool checked, Random& random);
  // With health checks on: learns the children's states. The error is Traefik's.
  Result<void> follow_children();
  std::optional<TcpChoice> choose(Notes* notes) override;
  Result<void> on_status(std::function<void(bool up)> listener) override;

 private:
  std::string name_;
  std::vector<Child> children_;
  bool checked_;
  std::shared_ptr<StatusBoard> board_;
  RoundRobin order_;
};

// Connects to a chosen server, names resolved, every address tried in turn. Errors: refused, timeout, io.
Task<Result<std::unique_ptr<Stream>>> dial_tcp(Env& env, const TcpServer& server,
                                               const TcpDialing& dialing, Instant deadline);

// TLS on a connection to a server that wants it; on another one the connection itself. Errors: those of TlsConnector.
Task<Result<std::unique_ptr<Stream>>> secure_tcp(std::unique_ptr<Stream> stream,
                                                 const TcpServer& server, Instant deadline);

// The probes of a load balancer's health check.
HealthCheckSpec make_tcp_health_check(const std::string& service,
                                      const config::TcpHealthCheckConfig& config,
                                      const TcpLoadBalancer& balancer);

}  // namespace gateproof::upstream
