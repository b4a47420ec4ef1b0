// Columns of the kinds outside the core group.
#include "engine/kubernetes/cluster/table_cells.h"

namespace gateproof::kubernetes::cluster {

std::span<const Column> apps_columns(std::string_view group, std::string_view kind);

namespace {

using namespace cells;

template <size_t N>
struct Words {
  constexpr Words(const char (&s)[N]) { std::copy_n(s, N, text); }
  char text[N];
};
// The number at a path, 0 when absent.
template <Words Path>
Json count(const Json& object, int64_t) {
  return Json(object.at(Path.text).integer());
}
// The text at a path, "<none>" when absent.
template <Words Path>
Json word(const Json& object, int64_t) {
  return text_or(object.at(Path.text), "<none>");
}

Json ready_of_wanted(const Json& o, int64_t) {
  return Json(std::to_string(o.at("status.readyReplicas").integer()) + "/" +
              std::to_string(o.at("spec.replicas").integer(1)));
}

constexpr Column deployment[] = {{"Ready", "string", 0, ready_of_wanted},
                                 {"Up-to-date", "integer", 0, count<"status.updatedReplicas">},
                                 {"Available", "integer", 0, count<"status.availableReplicas">},
                                 {"Age"},
                                 {"Containers", "string", 1, containers},
                                 {"Images", "string", 1, images},
                                 {"Selector", "string", 1, selector}};
constexpr Column replica_set[] = {{"Desired", "integer", 0, count<"spec.replicas">},
                                  {"Current", "integer", 0, count<"status.replicas">},
                                  {"Ready", "integer", 0, count<"status.readyReplicas">},
                                  {"Age"},
                                  {"Containers", "string", 1, containers},
                                  {"Images", "string", 1, images},
                                  {"Selector", "string", 1, selector}};
constexpr Column daemon_set[] = {
    {"Desired", "integer", 0, count<"status.desiredNumberScheduled">},
    {"Current", "integer", 0, count<"status.currentNumberScheduled">},
    {"Ready", "integer", 0, count<"status.numberReady">},
    {"Up-to-date", "integer", 0, count<"status.updatedNumberScheduled">},
    {"Available", "integer", 0, count<"status.numberAvailable">},
    {"Node Selector", "string", 0,
     [](const Json& o, int64_t) {
       return Json(labels_text(o.at("spec.template.spec.nodeSelector")));
     }},
    {"Age"},
    {"Containers", "string", 1, containers},
    {"Images", "string", 1, images},
    {"Selector", "string", 1, selector}};
constexpr Column stateful_set[] = {{"Ready", "string", 0, ready_of_wanted},
                                   {"Age"},
                                   {"Containers", "string", 1, containers},
                                   {"Images", "string", 1, images}};

Json job_status(const Json& job, int64_t) {
  for (const Json& c : job.at("status.conditions").items()) {
    if (c["status"].str() == "True") return c["type"];
  }
  return Json("Running");
}
Json job_completions(const Json& job, int64_t) {
  return Json(std::to_string(job.at("status.succeeded").integer()) + "/" +
              std::to_string(job.at("spec.completions").integer(1)));
}
Json job_duration(const Json& job, int64_t now_s) {
  const auto start = parse_time(job.at("status.startTime").str());
  if (!start) return Json("");
  const auto end = parse_time(job.at("status.completionTime").str());
  return Json(age_text(end.value_or(now_s) - *start));
}
constexpr Column job[] = {
    {"Status", "string", 0, job_status},     {"Completions", "string", 0, job_completions},
    {"Duration", "string", 0, job_duration}, {"Age"},
    {"Containers", "string", 1, containers}, {"Images", "string", 1, images},
    {"Selector", "string", 1, selector}};
constexpr Column cron_job[] = {
    {"Schedule", "string", 0, word<"spec.schedule">},
    {"Timezone", "string", 0, word<"spec.timeZone">},
    {"Suspend", "boolean", 0,
     [](const Json& o, int64_t) {
       return Json(o.at("spec.suspend").boolean() ? "True" : "False");
     }},
    {"Active", "integer", 0,
     [](const Json& o, int64_t) { return Json(o.at("status.active").size()); }},
    {"Last Schedule", "string", 0,
     [](const Json& o, int64_t now_s) {
       const Json& last = o.at("status.lastScheduleTime");
       return Json(last.is_null() ? "<none>" : age_since(last, now_s));
     }},
    {"Age"}};

Json hpa_reference(const Json& o, int64_t) {
  const Json& target = o.at("spec.scaleTargetRef");
  return Json(std::string(target["kind"].str()) + "/" + std::string(target["name"].str()));
}
constexpr Column autoscaler[] = {
    {"Reference", "string", 0, hpa_reference},
    {"Targets", "string", 0, [](const Json&, int64_t) { return Json("<unknown>"); }},
    {"MinPods", "string", 0,
     [](const Json& o, int64_t) {
       return Json(std::to_string(o.at("spec.minReplicas").integer(1)));
     }},
    {"MaxPods", "integer", 0, count<"spec.maxReplicas">},
    {"Replicas", "integer", 0, count<"status.currentReplicas">},
    {"Age"}};

Json number_or_text(const Json& v) {
  if (v.is_null()) return Json("N/A");
  return v.is_string() ? v : Json(to_text(v));
}
constexpr Column budget[] = {
    {"Min Available", "string", 0,
     [](const Json& o, int64_t) { return number_or_text(o.at("spec.minAvailable")); }},
    {"Max Unavailable", "string", 0,
     [](const Json& o, int64_t) { return number_or_text(o.at("spec.maxUnavailable")); }},
    {"Allowed Disruptions", "integer", 0, count<"status.disruptionsAllowed">},
    {"Age"}};

Json slice_ports(const Json& o, int64_t) {
  return Json(joined(o["ports"], "port", ",", "<unset>"));
}
Json slice_endpoints(const Json& o, int64_t) {
  constexpr size_t shown = 3;
  std::string out;
  size_t n = 0;
  for (const Json& e : o["endpoints"].items()) {
    for (const Json& a : e["addresses"].items()) {
      if (n++ < shown) out += (out.empty() ? "" : ",") + std::string(a.str());
    }
  }
  if (n > shown) out += " + " + std::to_string(n - shown) + " more...";
  return Json(out.empty() ? "<unset>" : out);
}
constexpr Column endpoint_slice[] = {{"AddressType", "string", 0, word<"addressType">},
                                     {"Ports", "string", 0, slice_ports},
                                     {"Endpoints", "string", 0, slice_endpoints},
                                     {"Age"}};

Json ingress_hosts(const Json& o, int64_t) {
  return Json(joined(o.at("spec.rules"), "host", ",", "*"));
}
Json ingress_address(const Json& o, int64_t) {
  std::string out;
  for (const Json& i : o.at("status.loadBalancer.ingress").items()) {
    const std::string_view ip = i["ip"].str();
    out += (out.empty() ? "" : ",") + std::string(ip.empty() ? i["hostname"].str() : ip);
  }
  return Json(out);
}
constexpr Column ingress[] = {
    {"Class", "string", 0, word<"spec.ingressClassName">},
    {"Hosts", "string", 0, ingress_hosts},
    {"Address", "string", 0, ingress_address},
    {"Ports", "string", 0,
     [](const Json& o, int64_t) { return Json(o.at("spec.tls").size() > 0 ? "80, 443" : "80"); }},
    {"Age"}};
constexpr Column ingress_class[] = {{"Controller", "string", 0, word<"spec.controller">},
                                    {"Parameters", "string", 0,
                                     [](const Json& o, int64_t) {
                                       const Json& p = o.at("spec.parameters");
                                       if (p.is_null()) return Json("<none>");
                                       std::string kind(p["kind"].str());
                                       if (!p["apiGroup"].str().empty())
                                         kind += "." + std::string(p["apiGroup"].str());
                                       return Json(kind + "/" + std::string(p["name"].str()));
                                     }},
                                    {"Age"}};
constexpr Column network_policy[] = {
    {"Pod-Selector", "string", 0,
     [](const Json& o, int64_t) { return Json(selector_text(o.at("spec.podSelector"))); }},
    {"Age"}};
constexpr Column lease[] = {
    {"Holder", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("spec.holderIdentity"), ""); }},
    {"Age"}};
constexpr Column made_at[] = {{"Created At", "date", 0, created_at}};

Json role_of(const Json& o, int64_t) {
  return Json(std::string(o.at("roleRef.kind").str()) + "/" +
              std::string(o.at("roleRef.name").str()));
}
std::string subjects(const Json& o, std::string_view kind) {
  std::string out;
  for (const Json& s : o["subjects"].items()) {
    if (s["kind"].str() != kind) continue;
    if (!out.empty()) out += ", ";
    if (!s["namespace"].str().empty()) out += std::string(s["namespace"].str()) + "/";
    out += s["name"].str();
  }
  return out;
}
constexpr Column role_binding[] = {
    {"Role", "string", 0, role_of},
    {"Age"},
    {"Users", "string", 1, [](const Json& o, int64_t) { return Json(subjects(o, "User")); }},
    {"Groups", "string", 1, [](const Json& o, int64_t) { return Json(subjects(o, "Group")); }},
    {"ServiceAccounts", "string", 1,
     [](const Json& o, int64_t) { return Json(subjects(o, "ServiceAccount")); }}};
constexpr Column storage_class[] = {{"Provisioner", "string", 0, word<"provisioner">},
                                    {"ReclaimPolicy", "string", 0, word<"reclaimPolicy">},
                                    {"VolumeBindingMode", "string", 0, word<"volumeBindingMode">},
                                    {"Age"}};
constexpr Column priority_class[] = {{"Value", "integer", 0, count<"value">}, {"Age"}};
constexpr Column runtime_class[] = {{"Handler", "string", 0, word<"handler">}, {"Age"}};

struct Row {
  std::string_view group, kind;
  std::span<const Column> columns;
};
constexpr Row rows[] = {
    {"apps", "Deployment", deployment},
    {"apps", "ReplicaSet", replica_set},
    {"", "ReplicationController", replica_set},
    {"apps", "DaemonSet", daemon_set},
    {"apps", "StatefulSet", stateful_set},
    {"batch", "Job", job},
    {"batch", "CronJob", cron_job},
    {"autoscaling", "HorizontalPodAutoscaler", autoscaler},
    {"policy", "PodDisruptionBudget", budget},
    {"discovery.k8s.io", "EndpointSlice", endpoint_slice},
    {"networking.k8s.io", "Ingress", ingress},
    {"networking.k8s.io", "IngressClass", ingress_class},
    {"networking.k8s.io", "NetworkPolicy", network_policy},
    {"coordination.k8s.io", "Lease", lease},
    {"rbac.authorization.k8s.io", "Role", made_at},
    {"rbac.authorization.k8s.io", "ClusterRole", made_at},
    {"rbac.authorization.k8s.io", "RoleBinding", role_binding},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", role_binding},
    {"apiextensions.k8s.io", "CustomResourceDefinition", made_at},
    {"", "LimitRange", made_at},
    {"storage.k8s.io", "StorageClass", storage_class},
    {"scheduling.k8s.io", "PriorityClass", priority_class},
    {"node.k8s.io", "RuntimeClass", runtime_class},
};

}  // namespace

std::span<const Column> apps_columns(std::string_view group, std::string_view kind) {
  for (const Row& r : rows) {
    if (r.group == group && r.kind == kind) return r.columns;
  }
  return {};
}

}  // namespace gateproof::kubernetes::cluster
