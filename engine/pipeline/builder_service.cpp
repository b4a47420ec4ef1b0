#include "engine/pipeline/builder.h"
#include "engine/upstream/load_balancer.h"

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

}  // namespace

HandlerPtr fixed_answer(int status, std::string body) {
  return std::make_shared<FixedAnswer>(status, std::move(body));
}

HandlerPtr Builder::service(const std::string& name) {
  if (const auto done = services_.find(name); done != services_.end()) return done->second;
  if (config::provider_of(name) == "internal") {
    ObjectInfo info;
    info.name = name;
    HandlerPtr handler = internal_service(name, info);
    if (info.name.empty()) return nullptr;
    out_.services[name] = info;
    return services_[name] = handler;
  }
  const auto found = in_.dynamics->services.find(name);
  if (found == in_.dynamics->services.end()) return nullptr;
  ObjectInfo& info = out_.services.at(name);
  if (!building_.insert(name).second) {
    info.fail("recursion detected in service:" + name);
    finding("GP0503", info.span, "service " + name, "the service refers to itself and is disabled",
            "break the circle");
    return nullptr;
  }
  HandlerPtr handler = build_service(name, found->second, info);
  building_.erase(name);
  if (info.status == Status::disabled) handler = nullptr;
  return services_[name] = handler;
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
  if (s.weighted) {
    handler = build_weighted(name, *s.weighted, info);
  } else if (s.load_balancer) {
    handler = build_load_balancer(name, s, info);
  } else if (!s.later_types.empty()) {
    return fixed_answer(501, s.later_types.front() + " services are not acted on yet\n");
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
    const auto found = in_.dynamics->servers_transports.find(qualified);
    if (found != in_.dynamics->servers_transports.end()) {
      transport = &found->second;
    } else if (qualified != "default@internal") {
      const std::string text = "servers transport not found " + qualified;
      info.fail(text);
      finding("GP0501", lb.servers_transport.span, "service " + name,
              text + ": the service is disabled",
              "define serversTransports." + lb.servers_transport.value);
      return nullptr;
    }
  }
  for (const config::ServerConfig& server : lb.servers) {
    const std::string scheme =
        text::to_lower(server.url.value.substr(0, server.url.value.find(':')));
    if (scheme == "https" || scheme == "h2c") {
      finding("GP1102", server.url.span, "service " + name,
              "servers with the scheme " + scheme +
                  " are not acted on yet: their requests are answered with 500",
              "use http for what you ask here");
    }
  }
  Result<HandlerPtr> made = upstream::LoadBalancer::make(name, lb, *transport, in_.random);
  if (made) return std::move(*made);
  const Error& e = made.error();
  if (e.code == Code::unsupported) {
    finding("GP1102", e.span, "service " + name, e.message + ": the service answers 501", e.remedy);
    return fixed_answer(501, e.message + "\n");
  }
  info.fail(e.message);
  finding("GP0501", e.span.known() ? e.span : s.span, "service " + name,
          e.message + ": the service is disabled", e.remedy);
  return nullptr;
}

HandlerPtr Builder::build_weighted(const std::string& name, const config::WeightedConfig& w,
                                   ObjectInfo& info) {
  std::vector<upstream::WeightedPart> parts;
  for (const config::WeightedChild& c : w.services) {
    const std::string child = config::qualify(c.name.value, config::provider_of(name));
    HandlerPtr handler = c.status ? fixed_answer(*c.status, "") : service(child);
    if (!handler) {
      const bool exists = out_.services.contains(child);
      const std::string text = exists && !out_.services.at(child).errors.empty()
                                   ? out_.services.at(child).errors.front()
                                   : "the service \"" + child + "\" does not exist";
      info.fail(text);
      finding("GP0501", c.name.span.known() ? c.name.span : info.span, "service " + name,
              text + ": the service is disabled", "define the service, or take it out of the list");
      continue;
    }
    parts.push_back({child, c.name.value, c.weight, std::move(handler)});
  }
  if (info.status == Status::disabled) return nullptr;
  return std::make_shared<upstream::Weighted>(name, w.sticky, std::move(parts), in_.random);
}

HandlerPtr Builder::with_middlewares(const std::string& name, const config::ServiceConfig& s,
                                     HandlerPtr end, ObjectInfo& info) {
  if (s.middlewares.empty()) return end;
  Steps steps;
  HandlerPtr instead;
  for (const config::Text& m : s.middlewares) {
    std::vector<std::string> path;
    append_steps(steps, config::qualify(m.value, config::provider_of(name)), m.span, info, instead,
                 path);
  }
  if (info.status == Status::disabled) return nullptr;
  return std::make_shared<middleware::Chain>(std::move(steps), instead ? instead : std::move(end));
}

}  // namespace gateproof::pipeline
