#include "engine/check/cluster.h"

#include "engine/base/text.h"
#include "engine/kubernetes/core_objects.h"

namespace gateproof::check {

using config::EntryPointConfig;
using config::StaticConfig;
using config::Value;

namespace {

// Of TEST-NET-1 (RFC 5737): an address that nobody has.
constexpr const char* pod_address = "192.0.2.1";

std::string slice_of(const kubernetes::Service& service) {
  const std::string& name = service.object->name;
  std::string out =
      "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nmetadata: "
      "{name: " +
      name + "-made-up, namespace: " + service.object->ns +
      ", labels: {kubernetes.io/service-name: " + name + "}}\nports:\n";
  for (const kubernetes::ServicePort& p : service.ports) {
    out += "  - {" + (p.name.empty() ? std::string() : "name: " + text::quote(p.name) + ", ") +
           "port: " + std::to_string(p.number) + ", protocol: " + p.protocol + "}\n";
  }
  return out + "endpoints:\n  - {addresses: [\"" + pod_address +
         "\"], conditions: {ready: true}}\n";
}

EntryPointConfig& entry_point(StaticConfig& s, const std::string& name,
                              const std::string& address) {
  EntryPointConfig& e = s.entry_points[name];
  e.name = name;
  e.address.value = address;
  return e;
}

// Listener ports of Gateways: without a static file there is nothing to say that no entry point has them.
void add_listener_ports(StaticConfig& s, const kubernetes::ObjectStore& objects) {
  for (const kubernetes::Object* o : objects.list(kubernetes::gateway_group, "Gateway")) {
    for (const Value& l : kubernetes::items_at(o->at("spec"), "listeners")) {
      const std::string port = std::to_string(kubernetes::integer_at(&l, "port"));
      if (port != "80" && port != "443") entry_point(s, "port-" + port, ":" + port);
    }
  }
}

}  // namespace

kubernetes::ObjectStore as_in_a_cluster(const kubernetes::ObjectStore& store, bool endpoints,
                                        const std::string& ingress_class) {
  std::string text;
  for (const kubernetes::Object* o : store.list(kubernetes::core_group, "Service")) {
    const kubernetes::Service service = kubernetes::read_service(*o);
    if (endpoints && service.has_selector && !service.ports.empty() &&
        service.type != "ExternalName" && kubernetes::endpoint_slices(store, service).empty()) {
      text += slice_of(service);
    }
  }
  if (!ingress_class.empty() &&
      !store.find(kubernetes::networking_group, "IngressClass", "", ingress_class)) {
    text += "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: " +
            ingress_class + "}\nspec: {controller: traefik.io/ingress-controller}\n";
  }
  kubernetes::ObjectStore out = store;
  config::Findings ignored;
  auto documents = config::parse_documents(text, "", config::Format::yaml);
  if (documents) out.add(std::move(*documents), ignored);
  return out;
}

StaticConfig made_up_static(const std::map<std::string, config::DynamicConfig>& providers,
                            const kubernetes::ObjectStore& objects) {
  StaticConfig s;
  entry_point(s, "web", ":80");
  entry_point(s, "websecure", ":443").tls.emplace();
  add_listener_ports(s, objects);
  for (const auto& [provider, config] : providers) {
    for (const auto& [name, router] : config.routers) {
      for (const config::Text& e : router.entry_points) {
        if (!s.entry_points.contains(e.value))
          entry_point(s, e.value, e.value == "traefik" ? ":8080" : ":0");
      }
      if (router.tls && !router.tls->cert_resolver.value.empty())
        s.resolvers[router.tls->cert_resolver.value];
    }
  }
  s.kubernetes_crd.emplace();
  s.kubernetes_ingress.emplace();
  s.kubernetes_gateway.emplace();
  s.ping.emplace().manual_routing = true;
  s.api.emplace();
  s.metrics_entry_point = "metrics";
  return s;
}

}  // namespace gateproof::check
