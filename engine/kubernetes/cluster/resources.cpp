#include "engine/kubernetes/cluster/resources.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/builtin_schemas.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr bool everywhere = false;  // a kind of the cluster, not of a namespace

struct Row {
  std::string_view group;
  std::string_view versions;  // blank separated, the storage version first
  std::string_view kind, plural;
  std::string_view short_names;
  bool namespaced = true;
  std::string_view subresources;  // "status scale log"
  std::string_view fields;        // field selectors
  bool all = false;               // category "all"
};

constexpr std::string_view pod_fields =
    "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork "
    "status.phase status.podIP status.nominatedNodeName";
constexpr std::string_view event_fields =
    "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
    "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
    "reportingComponent source type";

constexpr Row core[] = {
    {"", "v1", "Namespace", "namespaces", "ns", everywhere, "status finalize", "status.phase"},
    {"", "v1", "Node", "nodes", "no", everywhere, "status", "spec.unschedulable"},
    {"", "v1", "Pod", "pods", "po", true, "status log eviction binding", pod_fields, true},
    {"", "v1", "Service", "services", "svc", true, "status", "spec.clusterIP spec.type", true},
    {"", "v1", "Secret", "secrets", "", true, "", "type"},
    {"", "v1", "ConfigMap", "configmaps", "cm"},
    {"", "v1", "ServiceAccount", "serviceaccounts", "sa", true, "token"},
    {"", "v1", "Endpoints", "endpoints", "ep"},
    {"", "v1", "Event", "events", "ev", true, "", event_fields},
    {"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", true, "status"},
    {"", "v1", "PersistentVolume", "persistentvolumes", "pv", everywhere, "status"},
    {"", "v1", "LimitRange", "limitranges", "limits"},
    {"", "v1", "ResourceQuota", "resourcequotas", "quota", true, "status"},
    {"", "v1", "PodTemplate", "podtemplates"},
    {"", "v1", "ReplicationController", "replicationcontrollers", "rc", true, "status scale",
     "status.replicas", true},
};

constexpr Row apps[] = {
    {"apps", "v1", "Deployment", "deployments", "deploy", true, "status scale", "", true},
    {"apps", "v1", "ReplicaSet", "replicasets", "rs", true, "status scale", "status.replicas",
     true},
    {"apps", "v1", "DaemonSet", "daemonsets", "ds", true, "status", "", true},
    {"apps", "v1", "StatefulSet", "statefulsets", "sts", true, "status scale", "", true},
    {"apps", "v1", "ControllerRevision", "controllerrevisions"},
    {"batch", "v1", "Job", "jobs", "", true, "status", "status.successful", true},
    {"batch", "v1", "CronJob", "cronjobs", "cj", true, "status", "", true},
    {"autoscaling", "v2 v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", true,
     "status", "", true},
    {"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", true, "status"},
    {"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"},
    {"networking.k8s.io", "v1", "Ingress", "ingresses", "ing", true, "status"},
    {"networking.k8s.io", "v1", "IngressClass", "ingressclasses", "", everywhere},
    {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "netpol"},
    {"coordination.k8s.io", "v1", "Lease", "leases"},
    {"rbac.authorization.k8s.io", "v1", "Role", "roles"},
    {"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"},
    {"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "", everywhere},
    {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "",
     everywhere},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
     "crd crds", everywhere, "status"},
    {"apiregistration.k8s.io", "v1", "APIService", "apiservices", "", everywhere, "status"},
    {"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
     "validatingwebhookconfigurations", "", everywhere},
    {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
     "mutatingwebhookconfigurations", "", everywhere},
    {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy",
     "validatingadmissionpolicies", "", everywhere, "status"},
    {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding",
     "validatingadmissionpolicybindings", "", everywhere},
    {"storage.k8s.io", "v1", "StorageClass", "storageclasses", "sc", everywhere},
    {"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "pc", everywhere},
    {"node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "", everywhere},
    {"certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", "csr",
     everywhere, "status approval"},
    {"events.k8s.io", "v1", "Event", "events", "ev"},
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view w : text::split(text, ' ')) {
    if (!w.empty()) out.emplace_back(w);
  }
  return out;
}

TypePtr make(const Row& row) {
  auto t = std::make_shared<ResourceType>();
  t->group = row.group;
  t->kind = row.kind;
  t->list_kind = t->kind + "List";
  t->plural = row.plural;
  t->singular = text::to_lower(row.kind);
  t->short_names = words(row.short_names);
  if (row.all) t->categories = {"all"};
  t->namespaced = row.namespaced;
  t->field_labels = words(row.fields);
  bool status = false;
  bool scale = false;
  for (std::string& sub : words(row.subresources)) {
    status |= sub == "status";
    scale |= sub == "scale";
    if (sub != "status" && sub != "scale") t->subresources.push_back(std::move(sub));
  }
  for (std::string& v : words(row.versions)) {
    ResourceVersionInfo& info = t->versions.emplace_back();
    info.name = std::move(v);
    info.storage = t->versions.size() == 1;
    info.status = status;
    info.scale = scale;
    if (scale) {
      info.scale_spec_path = ".spec.replicas";
      info.scale_status_path = ".status.replicas";
    }
    info.schema = builtin_schema(row.group, row.kind);
  }
  return t;
}

// 3 stable, 2 beta, 1 alpha, with its numbers; 0: something else.
struct VersionRank {
  int level = 0;
  int64_t major = 0, minor = 0;
};

VersionRank rank(std::string_view name) {
  if (name.size() < 2 || name[0] != 'v') return {};
  std::string_view rest = name.substr(1);
  const auto number = [&rest]() -> std::optional<int64_t> {
    const size_t n = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto value = text::parse_int(rest.substr(0, n));
    rest.remove_prefix(n);
    return n ? value : std::nullopt;
  };
  VersionRank r;
  const auto major = number();
  if (!major) return {};
  r.major = *major;
  if (rest.empty()) {
    r.level = 3;
    return r;
  }
  for (const auto& [word, level] : {std::pair<std::string_view, int>{"beta", 2}, {"alpha", 1}}) {
    if (!rest.starts_with(word)) continue;
    rest.remove_prefix(word.size());
    const auto minor = number();
    if (!minor || !rest.empty()) return {};
    r.level = level;
    r.minor = *minor;
    return r;
  }
  return {};
}

}  // namespace

bool version_before(std::string_view a, std::string_view b) {
  const VersionRank x = rank(a);
  const VersionRank y = rank(b);
  if (x.level != y.level) return x.level > y.level;
  if (x.level == 0) return a < b;
  return x.major != y.major ? x.major > y.major : x.minor > y.minor;
}

const ResourceVersionInfo* ResourceType::version(std::string_view name) const {
  for (const ResourceVersionInfo& v : versions) {
    if (v.name == name) return &v;
  }
  return nullptr;
}

const ResourceVersionInfo& ResourceType::storage() const {
  for (const ResourceVersionInfo& v : versions) {
    if (v.storage) return v;
  }
  return versions.front();
}

const ResourceVersionInfo* ResourceType::preferred() const {
  for (const ResourceVersionInfo& v : versions) {
    if (v.served) return &v;
  }
  return nullptr;
}

std::string ResourceType::api_version(std::string_view version) const {
  return group.empty() ? std::string(version) : group + "/" + std::string(version);
}

std::string ResourceType::qualified() const {
  return group.empty() ? plural : plural + "." + group;
}

Registry::Registry() {
  // Types never change, and their schemas take a while to make: all registries of a process share them.
  static const std::vector<TypePtr> builtin = [] {
    std::vector<TypePtr> all;
    for (const Row& row : core) all.push_back(make(row));
    for (const Row& row : apps) all.push_back(make(row));
    return all;
  }();
  for (const TypePtr& type : builtin) put(type);
}

TypePtr Registry::find_plural(std::string_view group, std::string_view plural) const {
  const auto found = types_.find({std::string(group), std::string(plural)});
  return found == types_.end() ? nullptr : found->second;
}

TypePtr Registry::find(std::string_view group, std::string_view version,
                       std::string_view plural) const {
  TypePtr type = find_plural(group, plural);
  if (!type) return nullptr;
  const ResourceVersionInfo* info = type->version(version);
  return info && info->served ? type : nullptr;
}

TypePtr Registry::find_kind(std::string_view group, std::string_view kind) const {
  const auto found = kinds_.find({std::string(group), std::string(kind)});
  return found == kinds_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::groups() const {
  std::vector<std::string> out;
  for (const auto& [key, type] : types_) {
    if ((out.empty() || out.back() != key.first) && type->preferred()) out.push_back(key.first);
  }
  return out;
}

std::vector<std::string> Registry::versions(std::string_view group) const {
  std::vector<std::string> out;
  for (auto it = types_.lower_bound({std::string(group), ""});
       it != types_.end() && it->first.first == group; ++it) {
    for (const ResourceVersionInfo& v : it->second->versions) {
      if (v.served && std::ranges::find(out, v.name) == out.end()) out.push_back(v.name);
    }
  }
  std::ranges::sort(out, version_before);
  return out;
}

void Registry::put(TypePtr type) {
  remove(type->group, type->plural);
  kinds_[{type->group, type->kind}] = type;
  types_[{type->group, type->plural}] = std::move(type);
  ++revision_;
}

void Registry::remove(std::string_view group, std::string_view plural) {
  const auto found = types_.find({std::string(group), std::string(plural)});
  if (found == types_.end()) return;
  kinds_.erase({found->second->group, found->second->kind});
  types_.erase(found);
  ++revision_;
}

}  // namespace gateproof::kubernetes::cluster
