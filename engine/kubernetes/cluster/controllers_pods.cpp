// The scheduler, and a kubelet that runs nothing.
#include "engine/kubernetes/cluster/controllers.h"

namespace gateproof::kubernetes::cluster {

namespace {

const Json* condition(const Json& object, std::string_view type) {
  for (const Json& c : object.at("status.conditions").items()) {
    if (c["type"].str() == type) return &c;
  }
  return nullptr;
}

bool node_ready(const Json& node) {
  const Json* ready = condition(node, "Ready");
  return ready && (*ready)["status"].str() == "True";
}

}  // namespace

std::optional<Controllers::Kubelet> Controllers::kubelet_of(const Store& store,
                                                            std::string_view node) {
  const TypePtr nodes = store.registry().find_kind("", "Node");
  const ObjectPtr there = store.find(*nodes, "", node);
  if (!there) return std::nullopt;
  Kubelet k;
  const int64_t port = there->body.at("status.daemonEndpoints.kubeletEndpoint.Port").integer();
  for (const Json& a : there->body.at("status.addresses").items()) {
    if (a["type"].str() == "InternalIP") k.address = a["address"].str();
  }
  if (k.address.empty() || port <= 0 || port > 65535) return std::nullopt;
  k.port = uint16_t(port);
  return k;
}

ObjectPtr Controllers::ready_node() const {
  for (const ObjectPtr& n : store_.all(*nodes_)) {
    if (node_ready(n->body) && !n->body.at("spec.unschedulable").boolean() &&
        kubelet_of(store_, n->name))
      return n;
  }
  return nullptr;
}

bool Controllers::volumes_there(const ObjectPtr& pod) const {
  for (const Json& v : pod->body.at("spec.volumes").items()) {
    for (const auto& [part, key, type] :
         {std::tuple("secret", "secretName", secrets_), {"configMap", "name", config_maps_}}) {
      const Json* source = v.find(part);
      if (!source || (*source)["optional"].boolean()) continue;
      if (!store_.find(*type, pod->ns, (*source)[key].str())) return false;
    }
  }
  return true;
}

Json Controllers::container_statuses(const Json& spec) const {
  Json out = Json::array();
  for (const Json& c : spec["containers"].items()) {
    Json running = json_object({{"startedAt", Json(now())}});
    out.push(json_object({{"name", c["name"]},
                          {"image", c["image"]},
                          {"imageID", Json("")},
                          {"ready", Json(true)},
                          {"started", Json(true)},
                          {"restartCount", Json(0)},
                          {"state", json_object({{"running", std::move(running)}})}}));
  }
  return out;
}

// The simulated kubelet: everything runs as soon as its volumes are there.
void Controllers::start(const ObjectPtr& pod) {
  Json body = pod->body;
  Json& status = body.member("status");
  const bool runs = volumes_there(pod);
  status.set("phase", Json(runs ? "Running" : "Pending"));
  if (status["startTime"].is_null()) status.set("startTime", Json(now()));
  set_condition(status, "Initialized", true, "", "");
  set_condition(status, "Ready", runs, runs ? "" : "ContainersNotReady", "");
  set_condition(status, "ContainersReady", runs, runs ? "" : "ContainersNotReady", "");
  if (runs) {
    waiting_.erase({pod->ns, pod->name});
    status.set("containerStatuses", container_statuses(body["spec"]));
  } else {
    waiting_.emplace(pod->ns, pod->name);
  }
  put(pod, std::move(body), Sub::status, "kubelet");
}

void Controllers::pod(const ObjectPtr& object) {
  ObjectPtr pod = object;
  const std::string_view phase = pod->body.at("status.phase").str();
  if (phase == "Running" || phase == "Succeeded" || phase == "Failed") return;
  ObjectPtr node = ready_node();
  if (pod->body.at("spec.nodeName").str().empty()) {
    Json body = pod->body;
    body.make("spec.nodeName") = Json(node ? node->name : options_.simulated_node);
    put(pod, std::move(body), Sub::none, "kube-scheduler");
    pod = store_.find(*pods_, pod->ns, pod->name);
    if (!pod) return;
  }
  if (pod->body.at("status.podIP").str().empty()) {
    const auto ip = addresses_.next();
    if (!ip) return;  // 64,000 pods: the next ones stay Pending
    Json body = pod->body;
    Json& status = body.member("status");
    status.set("podIP", Json(*ip));
    status.set("podIPs", json_array({json_object({{"ip", Json(*ip)}})}));
    const auto kubelet = kubelet_of(store_, pod->body.at("spec.nodeName").str());
    status.set("hostIP", Json(kubelet ? kubelet->address : "127.0.0.1"));
    set_condition(status, "PodScheduled", true, "", "");
    put(pod, std::move(body), Sub::status, "kube-scheduler");
    addresses_.take(*ip);
    pod = store_.find(*pods_, pod->ns, pod->name);
    if (!pod) return;
  }
  if (pod->body.at("spec.nodeName").str() == options_.simulated_node) start(pod);
}

}  // namespace gateproof::kubernetes::cluster
