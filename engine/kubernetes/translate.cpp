#include "engine/kubernetes/translate.h"

#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/ingress.h"
#include "engine/kubernetes/nginx.h"

namespace gateproof::kubernetes {

namespace {

using Options = std::optional<config::KubernetesProviderConfig>;

struct Providers {
  Options crd, ingress, gateway;
};

Providers providers_of(const config::StaticConfig* s) {
  if (s) return {s->kubernetes_crd, s->kubernetes_ingress, s->kubernetes_gateway};
  return {config::KubernetesProviderConfig{}, config::KubernetesProviderConfig{},
          config::KubernetesProviderConfig{}};
}

}  // namespace

EntryPointsView entry_points_of(const config::StaticConfig* s) {
  EntryPointsView view;
  if (!s) return view;
  view.known = true;
  for (const auto& [name, e] : s->entry_points)
    view.list.push_back({name, e.address.value, e.tls.has_value()});
  return view;
}

namespace {

void merge(config::DynamicConfig& into, config::DynamicConfig from) {
  into.routers.merge(from.routers);
  into.middlewares.merge(from.middlewares);
  into.services.merge(from.services);
  into.servers_transports.merge(from.servers_transports);
  into.tls_options.merge(from.tls_options);
  into.tls_stores.merge(from.tls_stores);
  into.tcp.routers.merge(from.tcp.routers);
  into.tcp.services.merge(from.tcp.services);
  into.tcp.middlewares.merge(from.tcp.middlewares);
  into.tcp.servers_transports.merge(from.tcp.servers_transports);
  into.udp.routers.merge(from.udp.routers);
  into.udp.services.merge(from.udp.services);
  for (auto& c : from.certificates) into.certificates.push_back(std::move(c));
}

// Where nothing says which providers there are, this one counts as soon as an Ingress is its.
void nginx(const ObjectStore& store, const config::StaticConfig* s,
           const config::MiddlewareTypes& types, config::DynamicConfig& out,
           config::Findings& findings) {
  static const config::NginxProviderConfig usual;
  const config::NginxProviderConfig& options =
      s && s->kubernetes_nginx ? *s->kubernetes_nginx : usual;
  const config::KubernetesProviderConfig watched = nginx_watched(store, options, findings);
  const Context c{store, watched, nginx_provider, "providers.kubernetesIngressNGINX", findings};
  const NginxContext n{c, options, types, nginx_entry_points(options, s)};
  const auto all = c.list(networking_group, "Ingress");
  const auto ours = [&n](const Object* o) { return nginx_takes(n, *o); };
  if (s || std::any_of(all.begin(), all.end(), ours)) merge(out, translate_nginx(n));
}

// One note for each provider whose objects are there and which is off.
void provider_off(const ObjectStore& store, std::string_view group, std::string_view kind,
                  std::string_view option, config::Findings& findings) {
  const auto objects = store.list(group, kind);
  if (objects.empty()) return;
  findings.add("GP0729", objects.front()->span, objects.front()->label(),
               "objects of kind " + std::string(kind) + " are not read: providers." +
                   std::string(option) + " is off",
               "write providers." + std::string(option) + " in the static configuration");
}

// Notes for what is judged and not routed.
void not_routed(const Context& c, const GatewayResult& result, bool served) {
  const auto note = [&c](const Object& o, const std::string& message) {
    c.findings.add("GP1121", o.span, o.label(), message, "nothing to mend");
  };
  const std::string checked = " is checked only: nothing says which ports entry points have";
  if (!served) {
    for (const RouteView& r : result.routes) note(*r.object, r.object->kind + checked);
    for (const GatewayView& g : result.gateways) note(*g.object, "Gateway" + checked);
  }
  if (!c.options.experimental_channel) {
    for (const Object* o : c.list(gateway_group, "TCPRoute"))
      note(*o, "TCPRoute is not read without " + c.option("experimentalChannel"));
  }
  for (const char* kind : {"ListenerSet", "UDPRoute"}) {
    for (const Object* o : c.list(gateway_group, kind))
      note(*o, std::string(kind) + " is not read by Traefik's provider");
  }
}

}  // namespace

Translation translate(const ObjectStore& store, const config::StaticConfig* static_config,
                      const config::MiddlewareTypes& types, config::Findings& findings) {
  Translation out;
  const Providers on = providers_of(static_config);
  const bool nginx_on = !static_config || static_config->kubernetes_nginx;
  if (!on.crd && !on.ingress && !on.gateway && !nginx_on) return out;
  if (on.crd) {
    CrdResult crd =
        translate_crd({store, *on.crd, crd_provider, "providers.kubernetesCRD", findings}, types);
    merge(out.config, std::move(crd.config));
    out.users = std::move(crd.users);
  } else {
    provider_off(store, traefik_group, "IngressRoute", "kubernetesCRD", findings);
  }
  if (on.ingress) {
    const std::string syntax = static_config ? static_config->default_rule_syntax : "v3";
    const Context c{store, *on.ingress, ingress_provider, "providers.kubernetesIngress", findings};
    merge(out.config, translate_ingress(c, syntax));
  } else {
    if (!nginx_on) provider_off(store, networking_group, "Ingress", "kubernetesIngress", findings);
  }
  if (nginx_on) nginx(store, static_config, types, out.config, findings);
  if (on.gateway) {
    const Context c{store, *on.gateway, gateway_provider, "providers.kubernetesGateway", findings};
    const EntryPointsView entry_points = entry_points_of(static_config);
    out.gateway = check_gateway(c, {entry_points, on.crd.has_value(), false});
    if (entry_points.known) out.gateway_config = gateway_config(c, out.gateway, entry_points);
    not_routed(c, out.gateway, entry_points.known);
  } else {
    provider_off(store, gateway_group, "Gateway", "kubernetesGateway", findings);
  }
  return out;
}

}  // namespace gateproof::kubernetes
