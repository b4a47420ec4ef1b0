// The option watchNamespaceSelector of kubernetesIngressNGINX (catalogue 6.7).
#include "engine/kubernetes/cluster/selectors.h"
#include "engine/kubernetes/nginx.h"

namespace gateproof::kubernetes {

namespace {

constexpr const char* name_label = "kubernetes.io/metadata.name";  // the API server's own

cluster::Json labels_of(const Object& ns) {
  cluster::Json labels = cluster::Json::object();
  const config::Value* written = ns.at("metadata.labels");
  for (const auto& m : written ? written->members : std::vector<config::Value::Member>())
    labels.set(m.key, cluster::Json(m.value.str()));
  labels.set(name_label, cluster::Json(ns.name));
  return labels;
}

}  // namespace

config::KubernetesProviderConfig nginx_watched(const ObjectStore& store,
                                               const config::NginxProviderConfig& options,
                                               config::Findings& findings) {
  config::KubernetesProviderConfig out = options.cluster;
  if (options.namespace_selector.empty()) return out;
  // A namespace cannot be called so: where none is chosen, none is watched.
  out.namespaces = {{"/", options.cluster.span}};
  const auto selector = cluster::LabelSelector::parse(options.namespace_selector);
  if (!selector) {
    findings.add(
        "GP0203", options.cluster.span, "providers.kubernetesIngressNGINX",
        "watchNamespaceSelector: " + selector.error().message + "; no namespace is watched",
        "write labels: team=shop,stage!=test");
    return out;
  }
  for (const Object* ns : store.list(core_group, "Namespace")) {
    if (selector->matches(labels_of(*ns))) out.namespaces.push_back({ns->name, ns->span});
  }
  return out;
}

}  // namespace gateproof::kubernetes
