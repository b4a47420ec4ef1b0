// Columns of the core kinds.
#include <algorithm>

#include "engine/kubernetes/cluster/table_cells.h"

namespace gateproof::kubernetes::cluster {

// In table_columns_apps.cpp.
std::span<const Column> apps_columns(std::string_view group, std::string_view kind);

namespace {

using namespace cells;

std::string pod_status(const Json& pod) {
  std::string reason(pod.at("status.reason").str());
  if (reason.empty()) reason = pod.at("status.phase").str();
  for (const Json& c : pod.at("status.containerStatuses").items()) {
    const std::string_view waiting = c.at("state.waiting.reason").str();
    const std::string_view ended = c.at("state.terminated.reason").str();
    if (!waiting.empty()) {
      reason = waiting;
    } else if (!ended.empty()) {
      reason = ended;
    }
  }
  if (!pod.at("metadata.deletionTimestamp").is_null()) return "Terminating";
  return reason.empty() ? "Pending" : reason;
}

Json pod_ready(const Json& pod, int64_t) {
  size_t ready = 0;
  for (const Json& c : pod.at("status.containerStatuses").items()) ready += c["ready"].boolean();
  return Json(std::to_string(ready) + "/" + std::to_string(pod.at("spec.containers").size()));
}

Json pod_restarts(const Json& pod, int64_t) {
  int64_t n = 0;
  for (const Json& c : pod.at("status.containerStatuses").items()) {
    n += c["restartCount"].integer();
  }
  return Json(std::to_string(n));
}

constexpr Column pod[] = {
    {"Ready", "string", 0, pod_ready},
    {"Status", "string", 0, [](const Json& o, int64_t) { return Json(pod_status(o)); }},
    {"Restarts", "string", 0, pod_restarts},
    {"Age"},
    {"IP", "string", 1,
     [](const Json& o, int64_t) { return text_or(o.at("status.podIP"), "<none>"); }},
    {"Node", "string", 1,
     [](const Json& o, int64_t) { return text_or(o.at("spec.nodeName"), "<none>"); }},
    {"Nominated Node", "string", 1,
     [](const Json& o, int64_t) { return text_or(o.at("status.nominatedNodeName"), "<none>"); }},
    {"Readiness Gates", "string", 1, [](const Json&, int64_t) { return Json("<none>"); }}};

Json external_ip(const Json& service, int64_t) {
  const std::string_view type = service.at("spec.type").str();
  if (type == "ExternalName") return text_or(service.at("spec.externalName"), "<none>");
  const std::string chosen = joined(service.at("spec.externalIPs"), "", ",", "");
  if (type != "LoadBalancer") return Json(chosen.empty() ? "<none>" : chosen);
  std::string out;
  for (const Json& i : service.at("status.loadBalancer.ingress").items()) {
    if (!out.empty()) out += ',';
    out += i["ip"].str().empty() ? i["hostname"].str() : i["ip"].str();
  }
  if (!chosen.empty()) out += (out.empty() ? "" : ",") + chosen;
  return Json(out.empty() ? "<pending>" : out);
}

Json service_ports(const Json& service, int64_t) {
  std::string out;
  for (const Json& p : service.at("spec.ports").items()) {
    if (!out.empty()) out += ',';
    out += std::to_string(p["port"].integer());
    if (p["nodePort"].integer() > 0) out += ":" + std::to_string(p["nodePort"].integer());
    out += "/" + std::string(p["protocol"].str().empty() ? "TCP" : p["protocol"].str());
  }
  return Json(out.empty() ? "<none>" : out);
}

constexpr Column service[] = {
    {"Type", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("spec.type"), "ClusterIP"); }},
    {"Cluster-IP", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("spec.clusterIP"), "<none>"); }},
    {"External-IP", "string", 0, external_ip},
    {"Port(s)", "string", 0, service_ports},
    {"Age"},
    {"Selector", "string", 1, selector}};

constexpr Column name_space[] = {{"Status", "string", 0, phase}, {"Age"}};
constexpr Column config_map[] = {{"Data", "string", 0, data_count}, {"Age"}};
constexpr Column secret[] = {
    {"Type", "string", 0, [](const Json& o, int64_t) { return text_or(o["type"], "Opaque"); }},
    {"Data", "string", 0, data_count},
    {"Age"}};
constexpr Column service_account[] = {
    {"Secrets", "string", 0,
     [](const Json& o, int64_t) { return Json(std::to_string(o["secrets"].size())); }},
    {"Age"}};

Json node_status(const Json& node, int64_t) {
  std::string out = "Unknown";
  for (const Json& c : node.at("status.conditions").items()) {
    if (c["type"].str() == "Ready") out = c["status"].str() == "True" ? "Ready" : "NotReady";
  }
  if (node.at("spec.unschedulable").boolean()) out += ",SchedulingDisabled";
  return Json(out);
}

Json node_roles(const Json& node, int64_t) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::string out;
  for (const Json::Member& m : node.at("metadata.labels").members()) {
    if (!m.key.starts_with(prefix)) continue;
    out += (out.empty() ? "" : ",") + m.key.substr(prefix.size());
  }
  return Json(out.empty() ? "<none>" : out);
}

Json node_address(const Json& node, std::string_view type) {
  for (const Json& a : node.at("status.addresses").items()) {
    if (a["type"].str() == type) return a["address"];
  }
  return Json("<none>");
}

template <size_t N>
struct Words {
  constexpr Words(const char (&s)[N]) { std::copy_n(s, N, text); }
  char text[N];
};
// The text at a path, or "<unknown>".
template <Words Path>
Json known(const Json& object, int64_t) {
  return text_or(object.at(Path.text), "<unknown>");
}

constexpr Column node[] = {
    {"Status", "string", 0, node_status},
    {"Roles", "string", 0, node_roles},
    {"Age"},
    {"Version", "string", 0, known<"status.nodeInfo.kubeletVersion">},
    {"Internal-IP", "string", 1,
     [](const Json& o, int64_t) { return node_address(o, "InternalIP"); }},
    {"External-IP", "string", 1,
     [](const Json& o, int64_t) { return node_address(o, "ExternalIP"); }},
    {"OS-Image", "string", 1, known<"status.nodeInfo.osImage">},
    {"Kernel-Version", "string", 1, known<"status.nodeInfo.kernelVersion">},
    {"Container-Runtime", "string", 1, known<"status.nodeInfo.containerRuntimeVersion">}};

Json endpoints_text(const Json& endpoints, int64_t) {
  constexpr size_t shown = 3;
  std::vector<std::string> all;
  for (const Json& subset : endpoints["subsets"].items()) {
    for (const Json& a : subset["addresses"].items()) {
      if (subset["ports"].size() == 0) all.emplace_back(a["ip"].str());
      for (const Json& p : subset["ports"].items()) {
        all.push_back(std::string(a["ip"].str()) + ":" + std::to_string(p["port"].integer()));
      }
    }
  }
  if (all.empty()) return Json("<none>");
  std::string out;
  for (size_t i = 0; i < std::min(all.size(), shown); ++i) out += (i ? "," : "") + all[i];
  if (all.size() > shown) out += " + " + std::to_string(all.size() - shown) + " more...";
  return Json(out);
}

constexpr Column endpoints[] = {{"Endpoints", "string", 0, endpoints_text}, {"Age"}};

Json last_seen(const Json& event, int64_t now_s) {
  for (const std::string_view at :
       {"series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp", "eventTime",
        "metadata.creationTimestamp"}) {
    if (parse_time(event.at(at).str())) return Json(age_since(event.at(at), now_s));
  }
  return Json("<unknown>");
}

Json first_seen(const Json& event, int64_t now_s) {
  for (const std::string_view at :
       {"firstTimestamp", "deprecatedFirstTimestamp", "eventTime", "metadata.creationTimestamp"}) {
    if (parse_time(event.at(at).str())) return Json(age_since(event.at(at), now_s));
  }
  return Json("<unknown>");
}

const Json& either(const Json& o, std::string_view a, std::string_view b) {
  return o[a].is_null() ? o[b] : o[a];
}

// "pod/web-1"
Json event_object(const Json& event, int64_t) {
  const Json& about = either(event, "involvedObject", "regarding");
  std::string kind(about["kind"].str());
  std::ranges::transform(kind, kind.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return Json(kind + "/" + std::string(about["name"].str()));
}

constexpr Column event[] = {
    {"Last Seen", "string", 0, last_seen},
    {"Type", "string", 0, [](const Json& o, int64_t) { return text_or(o["type"], ""); }},
    {"Reason", "string", 0, [](const Json& o, int64_t) { return text_or(o["reason"], ""); }},
    {"Object", "string", 0, event_object},
    {"Subobject", "string", 1,
     [](const Json& o, int64_t) { return text_or(o.at("involvedObject.fieldPath"), ""); }},
    {"Source", "string", 1,
     [](const Json& o, int64_t) {
       const Json& component = o.at("source.component");
       return text_or(component, o["reportingComponent"].str());
     }},
    {"Message", "string", 0,
     [](const Json& o, int64_t) { return text_or(either(o, "message", "note"), ""); }},
    {"First Seen", "string", 1, first_seen},
    {"Count", "string", 1,
     [](const Json& o, int64_t) {
       return Json(std::to_string(std::max<int64_t>(o["count"].integer(), 1)));
     }},
    {"Name", "string", 1,
     [](const Json& o, int64_t) { return text_or(o.at("metadata.name"), ""); }}};

std::string access_modes(const Json& modes) {
  std::string out;
  for (const Json& m : modes.items()) {
    if (!out.empty()) out += ',';
    for (const char c : m.str()) {
      if (c >= 'A' && c <= 'Z') out += c;  // ReadWriteOnce is RWO
    }
  }
  return out;
}

constexpr Column claim[] = {
    {"Status", "string", 0, phase},
    {"Volume", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("spec.volumeName"), ""); }},
    {"Capacity", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("status.capacity.storage"), ""); }},
    {"Access Modes", "string", 0,
     [](const Json& o, int64_t) { return Json(access_modes(o.at("status.accessModes"))); }},
    {"StorageClass", "string", 0,
     [](const Json& o, int64_t) { return text_or(o.at("spec.storageClassName"), ""); }},
    {"Age"}};

}  // namespace

std::span<const Column> builtin_columns(std::string_view group, std::string_view kind) {
  if (kind == "Event") return event;
  if (!group.empty()) return apps_columns(group, kind);
  if (kind == "Pod") return pod;
  if (kind == "Service") return service;
  if (kind == "Namespace") return name_space;
  if (kind == "ConfigMap") return config_map;
  if (kind == "Secret") return secret;
  if (kind == "ServiceAccount") return service_account;
  if (kind == "Node") return node;
  if (kind == "Endpoints") return endpoints;
  if (kind == "PersistentVolumeClaim") return claim;
  return apps_columns(group, kind);
}

}  // namespace gateproof::kubernetes::cluster
