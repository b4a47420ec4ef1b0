// The steps of resolve() and what they hand to each other.
#pragma once
#include "engine/kubernetes/gateway/resolve_index.h"

namespace gateproof::kubernetes::gateway {

// Beside a Listener of the model: what decides about its conditions and its routes.
struct ListenerWork {
  std::optional<Problem> not_accepted, not_resolved;
  bool conflicted = false;  // then not_accepted says why
  std::string overlaps;     // the listener whose TLS hostnames overlap with these
  NamespaceRule namespaces;
};

// spec.tls.frontend, as it applies to one port.
struct Frontend {
  ClientValidation validation;
  std::optional<Problem> problem;  // of the first reference that is not valid
};

struct GatewayWork {
  std::vector<ListenerWork> listeners;  // beside Gateway::listeners
  size_t own = 0;                       // so many are the Gateway's, the others of ListenerSets
  std::optional<Problem> not_accepted, not_programmed, not_resolved;
  bool insecure_frontend = false;
  std::shared_ptr<const Frontend> default_frontend;
  std::unordered_map<int64_t, std::shared_ptr<const Frontend>> port_frontends;
  NamespaceRule allowed_sets;
  size_t attached_sets = 0;
};

struct SetWork {
  const Object* object = nullptr;
  size_t gateway = 0;
  std::optional<Problem> not_accepted;
  bool partial = false;         // accepted, though not with every listener
  size_t first = 0, count = 0;  // its listeners among the Gateway's; none when it may not attach
};

class Policies;

struct State {
  Index& index;
  Model& model;
  std::vector<GatewayWork> gateways;  // beside Model::gateways
  std::vector<SetWork> sets;
  std::unordered_map<std::string, size_t> gateway_at, set_at;  // by "namespace/name"
  // Addresses that Gateways had before, whatever their status says by now.
  std::unordered_map<std::string, std::string> addresses;
};

// ---- resolve_gateways.cpp: classes, Gateways, their TLS; conditions once listeners are known
void resolve_classes(State& s);
void read_gateways(State& s);
void judge_gateways(State& s);

// ---- resolve_addresses.cpp
void assign_addresses(State& s);

// ---- resolve_listeners.cpp
// Appends the listeners of a Gateway or ListenerSet, then finds those of them that conflict with earlier ones or each other.
void read_listeners(State& s, size_t gateway, const Object& owner);
void find_conflicts(State& s, size_t gateway, size_t first);
void find_overlaps(State& s, size_t gateway);
// After everything else about a Gateway is known: whether each listener serves, and its conditions.
void judge_listener(State& s, size_t gateway, size_t listener);
// Whether a listener could serve, were its Gateway in order.
bool usable(const Listener& l, const ListenerWork& w);

// ---- resolve_sets.cpp
void read_listener_sets(State& s);
void judge_listener_sets(State& s);

// ---- resolve_status.cpp: status members as JSON text
std::string class_status(const std::vector<Condition>& conditions,
                         const std::vector<std::string_view>& features, int64_t generation);
std::string gateway_status(const State& s, size_t gateway);
std::string set_status(const State& s, const SetWork& set);
struct ParentStatus {
  std::string ref;  // parentRef or ancestorRef, as JSON
  std::vector<Condition> conditions;
};
// {"parents": [...]} of a route, {"ancestors": [...]} of a policy.
std::string parents_status(std::string_view list, std::string_view ref_key,
                           const std::vector<ParentStatus>& parents,
                           std::string_view controller_name, int64_t generation);
// Reference to an object with group, kind and name always, and what else there is.
std::string reference_json(std::string_view group, std::string_view kind, std::string_view ns,
                           std::string_view name, std::string_view section, int64_t port);
ObjectName name_of(const Object& o);
// Whether `list` of the object's status has entries of ours, which then have to go when nothing takes their place.
bool has_our_entries(const Object& o, std::string_view list, std::string_view controller_name);

}  // namespace gateproof::kubernetes::gateway
