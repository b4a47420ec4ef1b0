// A load balancer as one rule of the Gateway API uses it: its clients have sessions.
#pragma once
#include "engine/upstream/load_balancer.h"

namespace gateproof::upstream {

class SessionService final : public http::Handler {
 public:
  // `owner`: the rule's service, qualified.
  static std::shared_ptr<SessionService> make(const config::SessionConfig& config,
                                              std::string_view owner,
                                              std::shared_ptr<LoadBalancer> balancer) {
    std::vector<std::string> urls;
    for (const http::OriginServer& s : balancer->servers()) urls.push_back(s.url);
    Session session(config, owner, balancer->name(), urls);
    return std::make_shared<SessionService>(std::move(session), std::move(balancer));
  }
  SessionService(Session session, std::shared_ptr<LoadBalancer> balancer)
      : session_(std::move(session)), balancer_(std::move(balancer)) {}

  Task<void> handle(http::Exchange& x) override { return balancer_->serve(x, &session_); }
  // Whether the request's session is with one of these servers.
  bool has(const http::Exchange& x) const {
    return session_.read(x.request, x.env->clock.wall_ns()).server.has_value();
  }

 private:
  Session session_;
  std::shared_ptr<LoadBalancer> balancer_;
};

}  // namespace gateproof::upstream
