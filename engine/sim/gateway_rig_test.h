// Gateway API manifests served by an engine in virtual time: manifests -> objects -> model -> configuration -> exchanges.
#pragma once
#include <gtest/gtest.h>

#include "engine/kubernetes/gateway/model.h"
#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"

namespace gateproof::sim::testing {

namespace gw = kubernetes::gateway;

inline std::string gateway(const std::string& listeners, const std::string& more = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\n"
         "spec: {gatewayClassName: c, listeners: [" +
         listeners + "]" + (more.empty() ? "" : ", " + more) + "}\n---\n";
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

// The whole way from manifests. Services with their EndpointSlices, Secrets and the GatewayClass are written here; "127.80.0.1"
// is the address of the only Gateway of most tests.
class GatewayRig {
 public:
  using Endpoints = std::map<std::string, std::vector<std::string>>;  // Service -> "ip:port"

  explicit GatewayRig(bool strict = false) {
    auto statics = std::make_shared<config::StaticConfig>();
    statics->gateproof.strict = strict;
    world = std::make_unique<World>(1, statics);
  }

  void load(const std::string& manifests, const Endpoints& services) {
    auto store = std::make_unique<kubernetes::ObjectStore>();
    config::Findings findings;
    const std::string text = support(services) + manifests;
    auto documents = config::parse_documents(text, "m.yaml", config::Format::yaml);
    ASSERT_TRUE(documents.has_value()) << documents.error().message << "\n" << text;
    store->add(std::move(*documents), findings);
    ASSERT_TRUE(findings.list().empty()) << findings.list().front().message;
    gw::Options options;
    model = gw::resolve(*store, options, findings);
    stores_.push_back(std::move(store));
    config = gw::to_config(model, middleware::middleware_types(), findings);
    snapshot = world->engine().update("kubernetesgateway", config);
    for (const config::Finding& f : snapshot->findings.list()) {
      // A service without servers is told, and so is what strict means.
      if (f.code != "GP0506" && f.code != "GP1301" && !quiet)
        ADD_FAILURE() << f.code << " " << f.object << ": " << f.message;
    }
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
  // POST / to a.test on the wire.
  Outcome post(const std::string& body) {
    Request r;
    r.method = "POST";
    r.target = "/";
    r.host = "a.test";
    r.body = body;
    r.entry_point = "127.80.0.1:80/tcp";
    return world->send(r, Arm::wire);
  }

  // A Secret of type kubernetes.io/tls, or a ConfigMap with authorities, in every load from now on.
  void add_secret(const std::string& name, const std::string& certificate, const std::string& key) {
    more_ += "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
             "}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: " + block(certificate) +
             "  tls.key: " + block(key) + "---\n";
  }
  void add_authority(const std::string& name, const std::string& pem) {
    more_ += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name +
             "}\ndata:\n  ca.crt: " + block(pem) + "---\n";
  }

  bool quiet = false;  // configurations with faults are loaded
  std::unique_ptr<World> world;
  gw::Model model;
  config::DynamicConfig config;
  std::shared_ptr<const pipeline::Snapshot> snapshot;
  std::map<std::string, std::string> protocols;  // appProtocol by Service

 private:
  static std::string block(const std::string& pem) {
    return "|\n    " + text::replace_all(pem, "\n", "\n    ") + "\n";
  }

  // Ports 80 and 1 are TCP, 53 is UDP.
  std::string support(const Endpoints& services) const {
    std::string out =
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\n"
        "spec: {controllerName: gateproof.dev/gateway-controller}\n---\n" +
        more_;
    for (const auto& [name, endpoints] : services) {
      const auto protocol = protocols.find(name);
      const std::string app =
          protocol == protocols.end() ? "" : ", appProtocol: " + protocol->second;
      out += "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
             "}\nspec: {ports: [{name: web, port: 80" + app +
             "}, {name: raw, port: 1}, {name: dns, port: 53, protocol: UDP}]}\n---\n";
      for (size_t i = 0; i < endpoints.size(); ++i) {
        const HostPort hp = split_host_port(endpoints[i]);
        const std::string port = "port: " + std::string(hp.port);
        out += "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name +
               "-" + std::to_string(i) + ", labels: {kubernetes.io/service-name: " + name +
               "}}\naddressType: IPv4\nports: [{name: web, " + port + "}, {name: raw, " + port +
               "}, {name: dns, protocol: UDP, " + port + "}]\nendpoints: [{addresses: [" +
               std::string(hp.host) + "]}]\n---\n";
      }
    }
    return out;
  }

  std::string more_;
  std::vector<std::unique_ptr<kubernetes::ObjectStore>> stores_;  // models point into them
};

}  // namespace gateproof::sim::testing
