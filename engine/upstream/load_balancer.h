// LoadBalancer: a service with servers (catalogue 4.1, 4.2).
#pragma once
#include "engine/http/handler.h"
#include "engine/http/origin.h"
#include "engine/upstream/chooser.h"
#include "engine/upstream/server_health.h"
#include "engine/upstream/session.h"
#include "engine/upstream/sticky.h"

namespace gateproof::upstream {

// "no available server" (catalogue 4.2).
http::Response no_available_server();
// Whom the cookie names; nullopt if nobody. `set_cookie`: the answer must carry a cookie (of whoever is chosen).
std::optional<size_t> sticky_choice(const std::optional<Sticky>& sticky, const http::Exchange& x,
                                    bool& set_cookie);

class LoadBalancer final : public http::Handler, public StatusSource {
 public:
  // Errors disable the service: a server URL without scheme, an unknown strategy. `tls`: for servers and probes over https.
  static Result<std::shared_ptr<LoadBalancer>> make(const std::string& name,
                                                    const config::LoadBalancerConfig& config,
                                                    const config::ServersTransportConfig& transport,
                                                    Random& random,
                                                    std::shared_ptr<TlsConnector> tls = nullptr);
  Task<void> handle(http::Exchange& x) override { return serve(x, nullptr); }
  bool leaves_request() const override { return true; }
  // `session`: of a Gateway API rule, instead of a cookie of the service's own.
  Task<void> serve(http::Exchange& x, const Session* session);
  Result<void> on_status(std::function<void(bool up)> listener) override;

  const std::string& name() const { return name_; }
  const std::vector<http::OriginServer>& servers() const { return servers_; }
  const std::shared_ptr<ServerHealth>& health() const { return health_; }

 private:
  LoadBalancer(const std::string& name, const config::LoadBalancerConfig& config,
               std::vector<http::OriginServer> servers, Random& random);
  struct Choice {
    size_t index;
    bool set_cookie = false;
    bool by_cookie = false;
  };
  std::optional<Choice> choose(http::Exchange& x, std::optional<size_t> of_session);
  std::optional<size_t> pick(const http::Exchange& x, const Chooser::Usable& usable,
                             std::string* why);
  void count_until_end(http::Exchange& x, size_t server);

  std::string name_;
  std::string stage_;
  std::string kind_;  // "WRR", for messages
  bool pass_host_header_;
  bool checked_;  // has an active health check
  std::vector<http::OriginServer> servers_;
  std::vector<bool> fenced_;
  bool any_fenced_ = false;
  std::shared_ptr<ServerHealth> health_;
  std::shared_ptr<Chooser> chooser_;
  std::string hash_by_;  // of hrw
  std::optional<Sticky> sticky_;
};

}  // namespace gateproof::upstream
