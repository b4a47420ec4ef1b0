// LoadBalancer: a service with servers; Weighted: a service of services (catalogue 4.1, 4.2, 4.5).
#pragma once
#include "engine/http/handler.h"
#include "engine/http/origin.h"
#include "engine/upstream/balancer.h"
#include "engine/upstream/sticky.h"

namespace gateproof::upstream {

// "no available server" (catalogue 4.2).
http::Response no_available_server();

class LoadBalancer final : public http::Handler {
 public:
  // Errors disable the service: a server URL without scheme, an unknown strategy.
  static Result<std::shared_ptr<http::Handler>> make(
      const std::string& name, const config::LoadBalancerConfig& config,
      const config::ServersTransportConfig& transport, Random& random);
  Task<void> handle(http::Exchange& x) override;

 private:
  LoadBalancer(const std::string& name, const config::LoadBalancerConfig& config,
               std::vector<http::OriginServer> servers, Random& random);
  size_t choose(http::Exchange& x, bool& set_cookie);

  std::string name_;
  std::string stage_;
  bool pass_host_header_;
  std::vector<http::OriginServer> servers_;
  std::vector<bool> fenced_;
  bool any_fenced_ = false;
  EdfBalancer balancer_;
  std::optional<Sticky> sticky_;
};

struct WeightedPart {
  std::string name;     // qualified
  std::string written;  // as written: sticky cookies are made of it
  int64_t weight = 1;
  std::shared_ptr<http::Handler> handler;
};

class Weighted final : public http::Handler {
 public:
  Weighted(const std::string& name, const std::optional<config::CookieConfig>& sticky,
           std::vector<WeightedPart> parts, Random& random);
  Task<void> handle(http::Exchange& x) override;

 private:
  std::string stage_;
  std::vector<WeightedPart> parts_;
  EdfBalancer balancer_;
  std::optional<Sticky> sticky_;
};

}  // namespace gateproof::upstream
