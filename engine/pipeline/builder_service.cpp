#include "engine/pipeline/builder.h"
#include "engine/upstream/load_balancer.h"
#include "engine/upstream/proxy.h"

namespace gateproof::pipeline {
namespace {

class FixedAnswer final : public http::Handler {
 public:
  FixedAnswer(int status, std::string body) : status_(status), body_(std::move(body)) {}
  Task<void> handle(http::Exchange& x) override {
    x.response = http::Response::make(status_, body_);
    co_return;
  }

 private:
  int status_;
  std::string body_;
};

bool asks_over_tls(const config::LoadBalancerConfig& lb) {
  const auto is_https = [](const config::ServerConfig& server) {
    return text::to_lower(server.url.value.substr(0, server.url.value.find(':'))) == "https";
  };
  return (lb.health_check && lb.health_check->scheme == "https") ||
         std::any_of(lb.servers.begin(), lb.servers.end(), is_https);
}

}  // namespace

HandlerPtr fixed_answer(int status, std::string body) {
  return std::make_shared<FixedAnswer>(status, std::move(body));
}

HandlerPtr Builder::service(const std::string& name) {
  asked(service_key(name));
  if (const auto done = services_.find(name); done != services_.end()) return done->second;
  if (config::provider_of(name) == "internal") {
    ObjectInfo info;
    info.name = name;
    HandlerPtr handler = internal_service(name, info);
    if (info.name.empty()) return nullptr;
    if (!out_.services.contains(name)) out_.services.set(name, info);
    return services_[name] = handler;
  }
  const auto found = objects_.services.find(name);
  if (found == objects_.services.end()) return nullptr;
  if (patching_ && take_over(name)) return services_[name];
  ObjectInfo& info = out_.services.edit(name);
  if (std::find(building_.begin(), building_.end(), name) != building_.end()) {
    too_far_ = true;  // what is said of a circle depends on who came into it first
    finding("GP0503", info.span, "service " + name, "the service refers to itself and is disabled",
            "break the circle");
    return nullptr;
  }
  building_.push_back(name);
  ++out_.work.services;
  const Building building(*this, service_key(name));
  HandlerPtr handler = build_service(name, found->second, info);
  building_.pop_back();
  if (info.status == Status::disabled) handler = nullptr;
  return services_[name] = handler;
}

std::string Builder::service_problem(const std::string& name) const {
  if (std::find(building_.begin(), building_.end(), name) != building_.end()) {
    std::string path;
    for (const std::string& s : building_) path += "service:" + s + "->";
    return "could not instantiate service " + name + ": recursion detected in " + path +
           "service:" + name;
  }
  const auto known = out_.services.find(name);
  if (known != out_.services.end() && !known->second.errors.empty())
    return known->second.errors.front();
  return config::provider_of(name) == "internal" ? "unknown internal service " + name
                                                 : "the service \"" + name + "\" does not exist";
}

HandlerPtr Builder::build_service(const std::string& name, const config::ServiceConfig& s,
                                  ObjectInfo& info) {
  const std::string object = "service " + name;
  if (s.types.size() > 1) {
    info.fail(
        "cannot create service: multi-types service not supported, consider declaring two "
        "different pieces of service "
        "instead");
    finding("GP0502", s.span, object, "the service has several kinds and is disabled",
            "declare one service for each kind");
    return nullptr;
  }
  HandlerPtr handler;
  if (s.load_balancer) {
    handler = build_load_balancer(name, s, info);
  } else if (s.weighted) {
    handler = build_group(GroupKind::weighted, name, s.weighted->services, s.weighted->sticky,
                          s.weighted->has_health_check, info);
  } else if (s.highest_random_weight) {
    const config::HighestRandomWeightConfig& h = *s.highest_random_weight;
    handler = build_group(GroupKind::highest_random_weight, name, h.services, std::nullopt,
                          h.has_health_check, info);
  } else if (s.mirroring) {
    handler = build_mirroring(name, *s.mirroring, info);
  } else if (s.failover) {
    handler = build_failover(name, *s.failover, info);
  } else {
    info.fail("the service \"" + name + "\" does not have any type defined");
    finding("GP0502", s.span, object, "the service has no kind and is disabled",
            "add loadBalancer with its servers, or weighted");
    return nullptr;
  }
  return handler ? with_middlewares(name, s, std::move(handler), info) : nullptr;
}

HandlerPtr Builder::build_load_balancer(const std::string& name, const config::ServiceConfig& s,
                                        ObjectInfo& info) {
  const config::LoadBalancerConfig& lb = *s.load_balancer;
  const config::ServersTransportConfig* transport = &in_.statics->servers_transport;
  if (!lb.servers_transport.value.empty()) {
    const std::string qualified =
        config::qualify(lb.servers_transport.value, config::provider_of(name));
    asked(transport_key(qualified));
    const auto found = objects_.servers_transports.find(qualified);
    if (found != objects_.servers_transports.end()) {
      transport = &found->second;
    } else if (qualified != "default@internal" && !lb.servers.empty()) {
      // The URL is read first.
      const auto readable = upstream::make_origin_server(lb.servers.front(), *transport);
      if (!readable) {
        refuse_service(name, info, readable.error().message, readable.error().span,
                       readable.error().remedy);
        return nullptr;
      }
      refuse_service(name, info,
                     "error building proxy for server URL " + lb.servers.front().url.value +
                         ": getting RoundTripper: servers transport not found " + qualified,
                     lb.servers_transport.span,
                     "define serversTransports." + lb.servers_transport.value);
      return nullptr;
    }
  }
  Ahead::MadeBalancer made;
  if (ahead_) made = ahead_->balancer(s);
  if (!made) {
    made = upstream::LoadBalancer::make(name, lb, *transport, in_.random,
                                        asks_over_tls(lb) ? connector(name, *transport) : nullptr);
  }
  if (!*made) {
    const Error& e = made->error();
    refuse_service(name, info, e.message, e.span.known() ? e.span : s.span, e.remedy);
    return nullptr;
  }
  upstream::LoadBalancer& balancer = ***made;
  sources_[name] = &balancer;
  out_.server_health[name] = balancer.health();
  check_health_options(name, lb);
  // Whether servers are probed depends on routers of routers: that is not kept.
  if (lb.health_check) too_far_ = true;
  if (lb.health_check && used_) {
    out_.health_checks.push_back(
        upstream::make_health_check(name, *lb.health_check, balancer.servers(), balancer.health()));
  }
  return std::move(**made);
}

Ahead::MadeBalancer Builder::plain_balancer(const std::string& name,
                                            const config::ServiceConfig& s) const {
  if (s.types.size() > 1 || !s.load_balancer || asks_over_tls(*s.load_balancer) ||
      !s.load_balancer->servers_transport.value.empty()) {
    return std::nullopt;
  }
  return upstream::LoadBalancer::make(name, *s.load_balancer, in_.statics->servers_transport,
                                      in_.random, nullptr);
}

// Null: its servers cannot be spoken to over TLS, and why is said.
std::shared_ptr<TlsConnector> Builder::connector(const std::string& service,
                                                 const config::ServersTransportConfig& transport) {
  Result<std::shared_ptr<TlsConnector>> made = tls_.connector(transport.tls);
  if (made) return std::move(*made);
  finding("GP1102", transport.span, "service " + service,
          made.error().message + ": requests to its https servers are answered with 500",
          "use rootCAs, serverName and peerCertURI in place of spiffe");
  return nullptr;
}

void Builder::check_health_options(const std::string& name, const config::LoadBalancerConfig& lb) {
  const std::string object = "service " + name;
  if (const auto& h = lb.health_check) {
    const bool grpc = h->mode == "grpc";
    if (grpc && !h->scheme.empty() && h->scheme != "http" && h->scheme != "h2c") {
      finding("GP0504", h->span, object,
              "a health check over gRPC knows no TLS: every probe fails, and all servers are down "
              "after the first interval",
              "leave `scheme` out, and name a plain port of the server with `port`");
    }
    const bool late = h->unhealthy_interval && *h->unhealthy_interval <= Duration::zero();
    if (h->interval <= Duration::zero() || h->timeout <= Duration::zero() || late) {
      finding("GP0504", h->span, object,
              "interval, unhealthyInterval and timeout must be positive: Traefik logs an error and "
              "takes the default instead",
              "write durations such as 10s");
    }
    const Result<std::string> target = upstream::probe_target("/", h->path.value);
    if (!grpc && !target) {
      finding("GP0504", h->path.span, object,
              target.error().message +
                  "; every probe fails, and all servers are down after the "
                  "first interval",
              "write a path such as /health, and use hostname, port and scheme for the rest");
    }
  }
  if (const auto& p = lb.passive_health_check;
      p && p->max_failed_attempts > static_cast<int64_t>(upstream::passive_failures_kept_max)) {
    finding("GP0504", p->span, object,
            "maxFailedAttempts is taken for " +
                std::to_string(upstream::passive_failures_kept_max) +
                ", the most that is remembered",
            "use a smaller number");
  }
}

HandlerPtr Builder::with_middlewares(const std::string& name, const config::ServiceConfig& s,
                                     HandlerPtr end, ObjectInfo& info) {
  if (s.middlewares.empty()) return end;
  Steps steps;
  HandlerPtr instead;
  const size_t told = info.errors.size();
  for (const config::Text& m : s.middlewares) {
    std::vector<std::string> path;
    append_steps(steps, config::qualify(m.value, config::provider_of(name)), m.span, info, instead,
                 path);
  }
  info.keep_last_error(told);
  if (info.status == Status::disabled) return nullptr;
  return std::make_shared<middleware::Chain>(std::move(steps), instead ? instead : std::move(end));
}

}  // namespace gateproof::pipeline
