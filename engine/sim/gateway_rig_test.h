// Gateway API manifests served by an engine in virtual time: objects -> model -> configuration -> exchanges.
#pragma once
#include <gtest/gtest.h>

#include "engine/kubernetes/gateway/model.h"
#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"

namespace gateproof::sim::testing {

namespace gw = kubernetes::gateway;

inline std::string gateway(const std::string& listeners) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\n"
         "spec: {gatewayClassName: c, listeners: [" +
         listeners + "]}\n---\n";
}
inline const std::string plain = "{name: http, port: 80, protocol: HTTP}";

inline std::string route(const std::string& name, const std::string& rest,
                         const std::string& kind = "HTTPRoute", const std::string& section = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec: {parentRefs: [{name: gw" + (section.empty() ? "" : ", sectionName: " + section) +
         "}], " + rest + "}\n---\n";
}
inline std::string to(const std::string& service) {
  return "backendRefs: [{name: " + service + ", port: 80}]";
}
inline std::string path(const std::string& type, const std::string& value) {
  return "path: {type: " + type + ", value: '" + value + "'}";
}
inline std::string rule(const std::string& match, const std::string& service) {
  return "{matches: [{" + match + "}], " + to(service) + "}";
}

// The first word of the answer's body is the server's name.
inline std::string who(const Outcome& o) {
  if (o.status != 200) return std::to_string(o.status);
  return o.body.substr(0, o.body.find(' '));
}
inline std::string field(const FieldList& fields, std::string_view name) {
  std::string out;
  for (const auto& [n, v] : fields) {
    if (text::iequals(n, name)) out += (out.empty() ? "" : "|") + v;
  }
  return out;
}

// Listeners and routes of a few manifests, resolved by hand: every route that names a listener (or its Gateway) attaches where
// protocols and hostnames allow it; a backend is the endpoints that the test gives to its Service.
class GatewayRig {
 public:
  using Endpoints = std::map<std::string, std::vector<std::string>>;  // Service -> "ip:port"

  explicit GatewayRig(bool strict = false) {
    auto statics = std::make_shared<config::StaticConfig>();
    statics->gateproof.strict = strict;
    world = std::make_unique<World>(1, statics);
  }

  // "127.80.0.N" is the address of the Nth Gateway.
  void load(const std::string& manifests, const Endpoints& services) {
    auto store = std::make_unique<kubernetes::ObjectStore>();
    config::Findings findings;
    auto documents = config::parse_documents(manifests, "m.yaml", config::Format::yaml);
    ASSERT_TRUE(documents.has_value()) << documents.error().message;
    store->add(std::move(*documents), findings);
    ASSERT_TRUE(findings.list().empty()) << findings.list().front().message;
    model = {};
    for (const kubernetes::Object* o : store->list(kubernetes::gateway_group, "Gateway"))
      add_gateway(*o);
    for (const char* kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"}) {
      for (const kubernetes::Object* o : store->list(kubernetes::gateway_group, kind))
        add_route(*o, services);
    }
    if (adjust) adjust(model);
    stores_.push_back(std::move(store));
    config = gw::to_config(model, middleware::middleware_types(), findings);
    snapshot = world->engine().update("kubernetesgateway", config);
    for (const config::Finding& f : snapshot->findings.list())
      ADD_FAILURE() << f.code << " " << f.object << ": " << f.message;
  }

  // A server that answers with its name, and what it was asked.
  void add_server(const std::string& address, const std::string& name, HostScript script = {}) {
    Host host;
    host.name = name;
    host.script = script ? std::move(script) : [name](const HostRequest& r) {
      HostAnswer answer;
      answer.body = name + " " + r.target;
      return answer;
    };
    world->add_host(address, std::move(host));
  }

  Outcome send(const std::string& host, const std::string& target, FieldList headers = {},
               Arm arm = Arm::direct, const std::string& method = "GET",
               const std::string& port = "127.80.0.1:80/tcp") {
    Request r;
    r.method = method;
    r.target = target;
    r.host = host;
    r.headers = std::move(headers);
    r.entry_point = port;
    return world->send(r, arm);
  }

  std::unique_ptr<World> world;
  gw::Model model;
  config::DynamicConfig config;
  std::shared_ptr<const pipeline::Snapshot> snapshot;
  std::function<void(gw::Model&)> adjust;
  std::map<std::string, gw::KeyPair> pairs;        // by the name of a certificateRef
  std::map<std::string, gw::BackendTls> policies;  // by Service
  std::map<std::string, std::string> protocols;    // appProtocol by Service

 private:
  void add_gateway(const kubernetes::Object& o) {
    gw::Gateway g;
    g.object = &o;
    g.address = "127.80.0." + std::to_string(model.gateways.size() + 1);
    for (const config::Value& v : kubernetes::items_at(o.at("spec"), "listeners")) {
      gw::Listener l;
      l.owner = &o;
      l.name = kubernetes::text_at(&v, "name");
      l.protocol = kubernetes::text_at(&v, "protocol");
      l.port = static_cast<uint16_t>(kubernetes::integer_at(&v, "port"));
      l.hostname = kubernetes::text_at(&v, "hostname");
      l.serves = true;
      l.span = v.span;
      if (const config::Value* tls = kubernetes::member(&v, "tls")) {
        const bool passes = kubernetes::text_at(tls, "mode") == "Passthrough";
        l.tls = passes ? gw::ListenerTls::passthrough : gw::ListenerTls::terminate;
        for (const config::Value& ref : kubernetes::items_at(tls, "certificateRefs"))
          l.certificates.push_back(pairs.at(kubernetes::text_at(&ref, "name")));
      }
      g.listeners.push_back(std::move(l));
    }
    model.gateways.push_back(std::move(g));
  }

  static bool takes(const gw::Listener& l, const std::string& kind) {
    if (kind == "HTTPRoute" || kind == "GRPCRoute")
      return l.protocol == "HTTP" || l.protocol == "HTTPS";
    return kind == l.protocol + "Route";
  }

  static std::optional<std::string> common(const std::string& listener, const std::string& route) {
    const auto covers = [](const std::string& wide, const std::string& narrow) {
      return wide.starts_with("*.") && narrow.ends_with(wide.substr(1));
    };
    if (listener.empty() || listener == route || covers(listener, route)) return route;
    if (covers(route, listener)) return listener;
    return std::nullopt;
  }

  gw::Backend backend(const config::Value& ref, const Endpoints& services) {
    gw::Backend b;
    b.ref = &ref;
    b.service = {"", "Service", "default", kubernetes::text_at(&ref, "name")};
    b.port = kubernetes::integer_at(&ref, "port");
    b.weight = kubernetes::integer_at(&ref, "weight", 1);
    const auto known = services.find(b.service.name);
    if (known == services.end()) {
      b.error_status = 500;
      return b;
    }
    for (const std::string& e : known->second) {
      const HostPort hp = split_host_port(e);
      b.endpoints.push_back({std::string(hp.host), *text::parse_int(hp.port)});
    }
    if (const auto p = policies.find(b.service.name); p != policies.end()) b.tls = p->second;
    if (const auto p = protocols.find(b.service.name); p != protocols.end())
      b.app_protocol = p->second;
    return b;
  }

  void add_route(const kubernetes::Object& o, const Endpoints& services) {
    gw::Route r;
    r.object = &o;
    r.kind = o.kind;
    for (const config::Value& v : kubernetes::items_at(o.at("spec"), "rules")) {
      gw::Rule rule;
      rule.rule = &v;
      for (const config::Value& ref : kubernetes::items_at(&v, "backendRefs"))
        rule.backends.push_back(backend(ref, services));
      for (const config::Value& f : kubernetes::items_at(&v, "filters")) {
        const config::Value* mirror = kubernetes::member(&f, "requestMirror");
        if (!mirror) continue;
        gw::Mirror m;
        m.backend = backend(*kubernetes::member(mirror, "backendRef"), services);
        m.numerator = kubernetes::integer_at(mirror, "percent", 100);
        rule.mirrors.push_back(std::move(m));
      }
      r.rules.push_back(std::move(rule));
    }
    for (const config::Value& ref : kubernetes::items_at(o.at("spec"), "parentRefs"))
      attach(r, ref);
    model.routes.push_back(std::move(r));
  }

  void attach(gw::Route& r, const config::Value& ref) {
    const std::string section = kubernetes::text_at(&ref, "sectionName");
    for (size_t g = 0; g < model.gateways.size(); ++g) {
      const gw::Gateway& gateway = model.gateways[g];
      if (gateway.object->name != kubernetes::text_at(&ref, "name")) continue;
      for (size_t i = 0; i < gateway.listeners.size(); ++i) {
        const gw::Listener& l = gateway.listeners[i];
        if ((!section.empty() && section != l.name) || !takes(l, r.kind)) continue;
        gw::Attachment at{g, i, {}};
        const auto& written = kubernetes::items_at(r.object->at("spec"), "hostnames");
        for (const config::Value& h : written) {
          if (auto both = common(l.hostname, std::string(h.str()))) at.hostnames.push_back(*both);
        }
        if (written.empty() && !l.hostname.empty()) at.hostnames.push_back(l.hostname);
        if (written.empty() || !at.hostnames.empty()) r.attachments.push_back(std::move(at));
      }
    }
  }

  std::vector<std::unique_ptr<kubernetes::ObjectStore>> stores_;  // the model points into them
};

}  // namespace gateproof::sim::testing
