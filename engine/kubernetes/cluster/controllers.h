// What kube-controller-manager, the scheduler and a kubelet do for a cluster that has none: Deployments get ReplicaSets and
// Pods, Pods a node and an address, Services their EndpointSlices, Endpoints and load balancer's address. Deterministic, and
// done before the write that asked for it returns.
//
// Pods run nowhere. While a Node is Ready and names its kubelet's port, pods are bound to it, get an address and wait for the
// node's agent to write their status; without such a Node they are marked as running at once.
#pragma once
#include <map>
#include <set>

#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

struct ControllerOptions {
  std::string pod_network = "127.102";       // /16 of pod addresses
  std::string simulated_node = "simulated";  // spec.nodeName without a Node
  size_t pods_per_set_max =
      1000;  // replicas of one ReplicaSet beyond are not made: condition ReplicaFailure
  size_t endpoints_per_slice_max = 100;  // the real controller's
};

class Controllers {
 public:
  // Registers itself as a hook. Has to live as long as the store.
  Controllers(Store& store, const Clock& clock, Random& random, ControllerOptions options = {});
  Controllers(const Controllers&) = delete;
  Controllers& operator=(const Controllers&) = delete;

  // Where a pod's kubelet listens: of its node's InternalIP and kubeletEndpoint; none without such a Node.
  struct Kubelet {
    std::string address;
    uint16_t port = 0;
  };
  static std::optional<Kubelet> kubelet_of(const Store& store, std::string_view node);

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name
  struct Port {
    std::string name, protocol, app_protocol;
    int64_t number = 0;
    auto operator<=>(const Port&) const = default;
  };

  void run(std::span<const Event> events);
  void note(const Event& event);
  void note_pod(const Event& event);

  // controllers_workloads.cpp
  void deployment(const ObjectPtr& object);
  ObjectPtr current_set(const ObjectPtr& deployment, const std::vector<ObjectPtr>& sets,
                        const std::string& hash);
  void scale(const ObjectPtr& set, int64_t replicas);
  void deployment_status(const ObjectPtr& object, const std::string& hash);
  void replica_set(const ObjectPtr& set);
  void make_pod(const ObjectPtr& set);

  // controllers_pods.cpp
  void pod(const ObjectPtr& object);
  void start(const ObjectPtr& pod);
  ObjectPtr ready_node() const;
  bool volumes_there(const ObjectPtr& pod) const;
  Json container_statuses(const Json& spec) const;

  // controllers_services.cpp
  void service(const ObjectPtr& object);
  void slices(const ObjectPtr& service, const std::vector<ObjectPtr>& pods);
  void endpoints(const ObjectPtr& service, const std::vector<ObjectPtr>& pods);
  std::vector<Port> ports_of(const Json& service, const Json& pod) const;
  Json slice_body(const ObjectPtr& service, const std::vector<Port>& ports,
                  std::span<const ObjectPtr> pods) const;

  // Writes; a refusal is no concern of the others.
  void put(const ObjectPtr& object, Json body, Sub sub, const char* manager);
  void create(const TypePtr& type, const std::string& ns, Json body, const char* manager);
  void remove(const ObjectPtr& object);
  // {"type","status","reason","message","lastTransitionTime"...}, keeping the time where the status stays.
  void set_condition(Json& status, std::string_view type, bool yes, std::string_view reason,
                     std::string_view message, bool update_time = false) const;
  std::string now() const;

  Store& store_;
  const Clock& clock_;
  RandomStream names_;
  ControllerOptions options_;
  AddressPool addresses_;
  TypePtr pods_, nodes_, services_, endpoints_, secrets_, config_maps_, deployments_, sets_,
      slices_;
  std::set<Name> dirty_deployments_, dirty_sets_, dirty_pods_, dirty_services_;
  std::set<Name> waiting_;  // pods without a node, or without a volume
};

// The real one's fnv hash of a pod template, in the letters of generated names.
std::string template_hash(const Json& pod_template);
bool pod_ready(const Json& pod);

}  // namespace gateproof::kubernetes::cluster
