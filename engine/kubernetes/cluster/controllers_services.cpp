// Services: EndpointSlices, Endpoints and the load balancer's address.
#include <algorithm>

#include "engine/kubernetes/cluster/controllers.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr const char* manager = "kube-controller-manager";
constexpr std::string_view service_label = "kubernetes.io/service-name";
constexpr std::string_view managed_label = "endpointslice.kubernetes.io/managed-by";
constexpr std::string_view managed_by = "endpointslice-controller.k8s.io";

bool selects(const Json& selector, const Json& labels) {
  return std::ranges::all_of(selector.members(), [&labels](const Json::Member& m) {
    const Json* there = labels.find(m.key);
    return there && *there == m.value;
  });
}

bool runs(const Json& pod) {
  const std::string_view phase = pod.at("status.phase").str();
  return phase != "Succeeded" && phase != "Failed" && !pod.at("status.podIP").str().empty() &&
         pod.at("metadata.deletionTimestamp").is_null();
}

// The number that a named target port has in this pod; 0: no container has such a port.
int64_t port_of(const Json& pod, const Json& target, std::string_view protocol) {
  if (!target.is_string()) return target.integer();
  for (const Json& c : pod.at("spec.containers").items()) {
    for (const Json& p : c["ports"].items()) {
      if (p["name"].str() == target.str() && p["protocol"].str() == protocol)
        return p["containerPort"].integer();
    }
  }
  return 0;
}

Json reference(const StoredObject& pod) {
  return json_object({{"kind", Json("Pod")},
                      {"namespace", Json(pod.ns)},
                      {"name", Json(pod.name)},
                      {"uid", Json(pod.uid)}});
}

}  // namespace

std::vector<Controllers::Port> Controllers::ports_of(const Json& service, const Json& pod) const {
  std::vector<Port> out;
  for (const Json& p : service.at("spec.ports").items()) {
    Port port;
    port.name = p["name"].str();
    port.protocol = p["protocol"].str();
    port.app_protocol = p["appProtocol"].str();
    port.number = port_of(pod, p["targetPort"], port.protocol);
    if (port.number) out.push_back(std::move(port));
  }
  return out;
}

Json Controllers::slice_body(const ObjectPtr& service, const std::vector<Port>& ports,
                             std::span<const ObjectPtr> pods) const {
  Json list = Json::array();
  for (const Port& p : ports) {
    Json j = json_object(
        {{"name", Json(p.name)}, {"protocol", Json(p.protocol)}, {"port", Json(p.number)}});
    if (!p.app_protocol.empty()) j.set("appProtocol", Json(p.app_protocol));
    list.push(std::move(j));
  }
  const bool publish = service->body.at("spec.publishNotReadyAddresses").boolean();
  Json endpoints = Json::array();
  for (const ObjectPtr& pod : pods) {
    const bool ready = pod_ready(pod->body);
    endpoints.push(json_object({{"addresses", json_array({pod->body.at("status.podIP")})},
                                {"conditions", json_object({{"ready", Json(ready || publish)},
                                                            {"serving", Json(ready)},
                                                            {"terminating", Json(false)}})},
                                {"nodeName", pod->body.at("spec.nodeName")},
                                {"targetRef", reference(*pod)}}));
  }
  Json labels = service->body.at("metadata.labels");
  labels.set(service_label, Json(service->name));
  labels.set(managed_label, Json(managed_by));
  if (service->body.at("spec.clusterIP").str() == "None")
    labels.set("service.kubernetes.io/headless", Json(""));
  Json owner = json_object({{"apiVersion", Json("v1")},
                            {"kind", Json("Service")},
                            {"name", Json(service->name)},
                            {"uid", Json(service->uid)},
                            {"controller", Json(true)},
                            {"blockOwnerDeletion", Json(true)}});
  return json_object(
      {{"metadata", json_object({{"generateName", Json(service->name + "-")},
                                 {"labels", std::move(labels)},
                                 {"ownerReferences", json_array({std::move(owner)})}})},
       {"addressType", Json("IPv4")},
       {"endpoints", std::move(endpoints)},
       {"ports", std::move(list)}});
}

void Controllers::slices(const ObjectPtr& service, const std::vector<ObjectPtr>& pods) {
  // Pods for which a named port means different numbers stand in different slices.
  std::map<std::vector<Port>, std::vector<ObjectPtr>> groups;
  for (const ObjectPtr& p : pods) groups[ports_of(service->body, p->body)].push_back(p);
  std::vector<Json> wanted;
  for (const auto& [ports, members] : groups) {
    for (size_t from = 0; from < members.size(); from += options_.endpoints_per_slice_max) {
      const size_t n = std::min(options_.endpoints_per_slice_max, members.size() - from);
      wanted.push_back(slice_body(service, ports, std::span(members).subspan(from, n)));
    }
  }
  if (wanted.empty()) wanted.push_back(slice_body(service, {}, {}));
  std::vector<ObjectPtr> there;
  for (const ObjectPtr& o : store_.dependents(service->uid)) {
    if (o->type == slices_ && o->body.at("metadata.labels")[managed_label].str() == managed_by)
      there.push_back(o);
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (i >= there.size()) {
      create(slices_, service->ns, std::move(wanted[i]), manager);
      continue;
    }
    Json body = there[i]->body;
    for (const char* part : {"endpoints", "ports"}) body.set(part, wanted[i][part]);
    body.make("metadata.labels") = wanted[i].at("metadata.labels");
    put(there[i], std::move(body), Sub::none, manager);
  }
  for (size_t i = wanted.size(); i < there.size(); ++i) remove(there[i]);
}

void Controllers::endpoints(const ObjectPtr& service, const std::vector<ObjectPtr>& pods) {
  std::map<std::vector<Port>, std::pair<Json, Json>> groups;  // ready, not ready
  const bool publish = service->body.at("spec.publishNotReadyAddresses").boolean();
  for (const ObjectPtr& p : pods) {
    auto& [ready, waiting] = groups[ports_of(service->body, p->body)];
    Json address = json_object({{"ip", p->body.at("status.podIP")},
                                {"nodeName", p->body.at("spec.nodeName")},
                                {"targetRef", reference(*p)}});
    (publish || pod_ready(p->body) ? ready : waiting).push(std::move(address));
  }
  Json subsets = Json::array();
  for (auto& [ports, addresses] : groups) {
    Json subset = Json::object();
    if (addresses.first.size()) subset.set("addresses", std::move(addresses.first));
    if (addresses.second.size()) subset.set("notReadyAddresses", std::move(addresses.second));
    for (const Port& p : ports) {
      Json port = json_object({{"port", Json(p.number)}, {"protocol", Json(p.protocol)}});
      if (!p.name.empty()) port.set("name", Json(p.name));
      if (!p.app_protocol.empty()) port.set("appProtocol", Json(p.app_protocol));
      subset.member("ports").push(std::move(port));
    }
    subsets.push(std::move(subset));
  }
  const ObjectPtr there = store_.find(*endpoints_, service->ns, service->name);
  Json body = there ? there->body : Json::object();
  if (there && there->body.at("metadata.ownerReferences").is_null() && subsets.size() == 0) return;
  body.make("metadata.name") = Json(service->name);
  if (const Json& labels = service->body.at("metadata.labels"); labels.size())
    body.make("metadata.labels") = labels;
  body.make("metadata.ownerReferences") = json_array({json_object({{"apiVersion", Json("v1")},
                                                                   {"kind", Json("Service")},
                                                                   {"name", Json(service->name)},
                                                                   {"uid", Json(service->uid)}})});
  body.set("subsets", std::move(subsets));
  if (there) {
    put(there, std::move(body), Sub::none, manager);
  } else {
    create(endpoints_, service->ns, std::move(body), manager);
  }
}

void Controllers::service(const ObjectPtr& object) {
  const Json& spec = object->body["spec"];
  Json balancer = Json::object();
  if (spec["type"].str() == "LoadBalancer" && !spec["clusterIP"].str().empty()) {
    balancer.set("ingress",
                 json_array({json_object({{"ip", spec["clusterIP"]}, {"ipMode", Json("VIP")}})}));
  }
  // An address that somebody else gave stays.
  const Json& has = object->body.at("status.loadBalancer");
  if (!(has == balancer) && (has.at("ingress").size() == 0 || balancer.size() == 0)) {
    Json body = object->body;
    body.make("status.loadBalancer") = std::move(balancer);
    put(object, std::move(body), Sub::status, manager);
  }
  const Json& selector = spec["selector"];
  if (selector.size() == 0 || spec["type"].str() == "ExternalName") return;
  std::vector<ObjectPtr> pods;
  for (const ObjectPtr& p : store_.all(*pods_, object->ns)) {
    if (selects(selector, p->body.at("metadata.labels")) && runs(p->body)) pods.push_back(p);
  }
  slices(object, pods);
  endpoints(object, pods);
}

}  // namespace gateproof::kubernetes::cluster
