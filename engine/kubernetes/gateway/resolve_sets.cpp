// ListenerSets: which of them a Gateway takes in, and what became of their listeners.
#include "engine/base/text.h"
#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

// The Gateway of ours that the set names; nullopt for everything else.
std::optional<size_t> gateway_of(const State& s, const Object& set) {
  const Value* ref = member(set.at("spec"), "parentRef");
  if (!ref) return std::nullopt;
  const std::string group = text_at(ref, "group"), kind = text_at(ref, "kind");
  if (member(ref, "group") && group != gateway_group) return std::nullopt;
  if (!kind.empty() && kind != "Gateway") return std::nullopt;
  std::string ns = text_at(ref, "namespace");
  if (ns.empty()) ns = set.ns;
  const std::string name = text_at(ref, "name");
  const auto found = s.gateway_at.find(path_of(ns, name));
  if (found != s.gateway_at.end()) return found->second;
  if (!s.index.store.find(gateway_group, "Gateway", ns, name)) {
    s.index.findings.add("GP0818", span_of(*ref, "name"), set.label(),
                         "no Gateway " + ns + "/" + name + " exists: the listeners serve nobody",
                         "name a Gateway, and its namespace");
  }
  return std::nullopt;
}

Problem not_allowed(const Object& set, const Object& gateway) {
  const Value* ref = member(set.at("spec"), "parentRef");
  return {
      "GP0818", "NotAllowed",
      "Gateway " + gateway.ns + "/" + gateway.name + " takes no ListenerSet of namespace " + set.ns,
      "write spec.allowedListeners.namespaces in the Gateway (its default is from: None)",
      ref ? span_of(*ref, "name") : set.span};
}

}  // namespace

void read_listener_sets(State& s) {
  for (const Object* o : by_age(s.index.store.list(gateway_group, "ListenerSet"))) {
    const auto gateway = gateway_of(s, *o);
    if (!gateway) continue;
    s.set_at.emplace(path_of(o->ns, o->name), s.sets.size());
    SetWork& set = s.sets.emplace_back();
    set.object = o;
    set.gateway = *gateway;
    set.first = s.gateways[*gateway].listeners.size();
    if (!s.gateways[*gateway].allowed_sets.allows(s.index.store, o->ns)) {
      set.not_accepted = not_allowed(*o, *s.model.gateways[*gateway].object);
      s.index.report(*o, *set.not_accepted);
      continue;
    }
    read_listeners(s, *gateway, *o);
    set.count = s.gateways[*gateway].listeners.size() - set.first;
    find_conflicts(s, *gateway, set.first);
    size_t good = 0;
    std::string bad;
    for (size_t i = set.first; i < set.first + set.count; ++i) {
      const Listener& l = s.model.gateways[*gateway].listeners[i];
      if (usable(l, s.gateways[*gateway].listeners[i])) {
        ++good;
      } else {
        bad += (bad.empty() ? "" : ", ") + l.name;
      }
    }
    set.partial = good < set.count;
    if (good > 0) {
      ++s.gateways[*gateway].attached_sets;
      continue;
    }
    set.not_accepted =
        Problem{"GP0818", "ListenersNotValid", "none of its listeners can serve: " + bad,
                "mend one of the listeners", o->span};
    s.index.report(*o, *set.not_accepted);
  }
}

// Sets that were accepted for themselves share their Gateway's fate.
void judge_listener_sets(State& s) {
  for (SetWork& set : s.sets) {
    GatewayWork& g = s.gateways[set.gateway];
    if (set.not_accepted || !g.not_accepted) continue;
    const Object& gateway = *s.model.gateways[set.gateway].object;
    set.not_accepted = Problem{"GP0818", "ParentNotAccepted",
                               "Gateway " + gateway.ns + "/" + gateway.name +
                                   " is not accepted: " + g.not_accepted->message,
                               "mend the Gateway", set.object->span};
    s.index.report(*set.object, *set.not_accepted);
    --g.attached_sets;
  }
}

}  // namespace gateproof::kubernetes::gateway
