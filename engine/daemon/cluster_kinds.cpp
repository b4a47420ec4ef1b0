#include "engine/daemon/cluster_kinds.h"

#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/names.h"
#include "engine/kubernetes/nginx.h"
#include "engine/kubernetes/objects.h"

namespace gateproof::daemon {

namespace {

using kubernetes::core_group;
using kubernetes::discovery_group;
using kubernetes::gateway_group;
using kubernetes::networking_group;
using kubernetes::traefik_group;

using kubernetes::gateway_provider;

std::string plural_of(const std::string& kind) {
  const std::string low = text::to_lower(kind);
  if (low.ends_with("policy")) return low.substr(0, low.size() - 1) + "ies";
  return low + (low.ends_with("s") ? "es" : "s");
}

struct Conditions {
  bool everywhere = false;
  std::set<std::string> namespaces;
  std::set<std::string> labels;
};

bool cluster_scoped(const ClusterKind& kind) {
  const kubernetes::KindInfo* info = kubernetes::find_kind(kind.first, kind.second);
  return info && info->cluster_scoped;
}

// Labels by which Traefik's providers look for objects.
std::string label_of(const ClusterProvider& p, const ClusterKind& kind) {
  const auto& [group, name] = kind;
  if (group == core_group && name == "Secret") return "owner!=helm";
  const bool chosen = (p.name == kubernetes::crd_provider && group == traefik_group) ||
                      (p.name == kubernetes::ingress_provider && name == "Ingress") ||
                      (p.name == gateway_provider && name == "GatewayClass");
  return chosen ? p.options->label_selector : "";
}

// Beside what backends are made of. Traefik has no use for some kinds of the API, and may not be allowed to see them.
bool gateway_reads(const ClusterProvider& p, const kubernetes::KindInfo& k) {
  if (k.group == core_group) return k.kind == "Namespace";
  const bool standard = p.dialect == config::GateproofOptions::Dialect::standard;
  // Of ExtensionRef filters; in Traefik's dialect the CRD provider has them.
  if (standard && k.group == traefik_group) return k.kind == "Middleware";
  if (k.group != gateway_group) return false;
  if (standard) return true;
  if (k.kind == "TCPRoute") return p.options->experimental_channel;
  return k.kind != "ListenerSet" && k.kind != "UDPRoute";
}

bool left_out(const ClusterProvider& p, const ClusterKind& kind) {
  return p.options->disable_cluster_scope && p.name != gateway_provider && cluster_scoped(kind);
}

}  // namespace

std::vector<ClusterProvider> cluster_providers(const config::StaticConfig& s) {
  std::vector<ClusterProvider> on;
  if (s.kubernetes_crd)
    on.push_back({kubernetes::crd_provider, "providers.kubernetesCRD", &*s.kubernetes_crd});
  if (s.kubernetes_ingress) {
    on.push_back(
        {kubernetes::ingress_provider, "providers.kubernetesIngress", &*s.kubernetes_ingress});
  }
  if (s.kubernetes_nginx) {
    on.push_back({kubernetes::nginx_provider, "providers.kubernetesIngressNGINX",
                  &s.kubernetes_nginx->cluster});
    on.back().by_namespace_labels = !s.kubernetes_nginx->namespace_selector.empty();
  }
  if (s.kubernetes_gateway)
    on.push_back({gateway_provider, "providers.kubernetesGateway", &*s.kubernetes_gateway,
                  s.gateproof.dialect});
  return on;
}

std::vector<ClusterKind> kinds_of(const ClusterProvider& p) {
  const bool gateway = p.name == gateway_provider;
  const bool crd = p.name == kubernetes::crd_provider;
  std::vector<ClusterKind> out;
  for (const kubernetes::KindInfo& k : kubernetes::kinds()) {
    const bool backend = (k.group == core_group && (k.kind == "Service" || k.kind == "Secret")) ||
                         (k.group == discovery_group && k.kind == "EndpointSlice");
    // For nodePortLB.
    const bool nodes = k.group == core_group && k.kind == "Node" && !gateway;
    const bool trust =
        k.group == core_group && k.kind == "ConfigMap" && p.name != kubernetes::ingress_provider;
    const bool own = crd       ? k.group == traefik_group
                     : gateway ? gateway_reads(p, k)
                               : k.group == networking_group;
    const bool chosen = p.by_namespace_labels && k.group == core_group && k.kind == "Namespace";
    if (chosen || backend || nodes || trust || own) out.emplace_back(k.group, k.kind);
  }
  return out;
}

providers::KubeResource resource_of(const ClusterKind& kind) {
  providers::KubeResource r;
  r.group = kind.first;
  r.kind = kind.second;
  r.plural = plural_of(kind.second);
  const kubernetes::KindInfo* info = kubernetes::find_kind(kind.first, kind.second);
  if (info) {
    for (const std::string_view v : text::split(info->versions, ' ')) r.versions.emplace_back(v);
    r.namespaced = !info->cluster_scoped;
  } else {
    r.versions = {"v1"};
  }
  r.status_counts = kind.first == core_group && (r.kind == "Service" || r.kind == "Node");
  return r;
}

std::vector<providers::KubeSelection> selections_of(const std::vector<ClusterProvider>& on) {
  std::map<ClusterKind, Conditions> wanted;
  for (const ClusterProvider& p : on) {
    for (const ClusterKind& kind : kinds_of(p)) {
      if (left_out(p, kind)) continue;
      Conditions& c = wanted[kind];
      c.labels.insert(label_of(p, kind));
      if (p.options->namespaces.empty() || p.by_namespace_labels || cluster_scoped(kind))
        c.everywhere = true;
      for (const config::Text& ns : p.options->namespaces) c.namespaces.insert(ns.value);
    }
  }
  std::vector<providers::KubeSelection> out;
  for (const auto& [kind, c] : wanted) {
    providers::KubeSelection s;
    s.resource = resource_of(kind);
    if (c.labels.size() == 1) s.label_selector = *c.labels.begin();
    if (c.everywhere) {
      out.push_back(std::move(s));
      continue;
    }
    for (const std::string& ns : c.namespaces) {
      s.ns = ns;
      out.push_back(s);
    }
  }
  return out;
}

}  // namespace gateproof::daemon
