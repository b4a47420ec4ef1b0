// Members of status as JSON text, written straight: thousands of routes are told their conditions at every change.
#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

void add_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void add_member(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  add_string(out, key);
  out += ':';
  add_string(out, text);
}

void add_key(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  add_string(out, key);
  out += ':';
}

// The API's limit of a condition's message.
constexpr size_t message_bytes_max = 32768;

// Ends before a character that would be torn.
std::string_view cut(std::string_view text) {
  if (text.size() <= message_bytes_max) return text;
  size_t end = message_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void add_conditions(std::string& out, const std::vector<Condition>& conditions,
                    int64_t generation) {
  add_key(out, "conditions");
  out += '[';
  for (const Condition& c : conditions) {
    if (out.back() != '[') out += ',';
    out += '{';
    add_member(out, "type", c.type);
    add_member(out, "status", c.status);
    add_member(out, "reason", c.reason);
    add_member(out, "message", cut(c.message));
    add_key(out, "observedGeneration");
    out += std::to_string(generation);
    out += '}';
  }
  out += ']';
}

void add_listeners(std::string& out, const State& s, size_t gateway, size_t first, size_t count,
                   int64_t generation) {
  add_key(out, "listeners");
  out += '[';
  for (size_t i = first; i < first + count; ++i) {
    const Listener& l = s.model.gateways[gateway].listeners[i];
    if (out.back() != '[') out += ',';
    out += '{';
    add_member(out, "name", l.name);
    add_key(out, "supportedKinds");
    out += '[';
    for (const std::string& kind : l.supported_kinds) {
      if (out.back() != '[') out += ',';
      out += '{';
      add_member(out, "group", gateway_group);
      add_member(out, "kind", kind);
      out += '}';
    }
    out += ']';
    add_key(out, "attachedRoutes");
    out += std::to_string(l.attached_routes);
    add_conditions(out, l.conditions, generation);
    out += '}';
  }
  out += ']';
}

Condition condition(const char* type, const std::optional<Problem>& problem, const char* good) {
  if (problem) return {type, "False", problem->reason, problem->text()};
  return {type, "True", type, good};
}

std::vector<Condition> gateway_conditions(const State& s, size_t gateway) {
  const GatewayWork& g = s.gateways[gateway];
  std::vector<Condition> out;
  out.push_back(condition("Accepted", g.not_accepted, "the Gateway is valid"));
  std::string bad, unresolved;
  for (size_t i = 0; i < g.own; ++i) {
    const std::string& name = s.model.gateways[gateway].listeners[i].name;
    if (g.listeners[i].not_accepted) bad += (bad.empty() ? "" : ", ") + name;
    if (g.listeners[i].not_resolved) unresolved += (unresolved.empty() ? "" : ", ") + name;
  }
  if (!g.not_accepted && !bad.empty()) {
    out.back().reason = "ListenersNotValid";
    out.back().message = "these listeners are not accepted, the others are: " + bad;
  }
  if (g.not_accepted) {
    out.push_back({"Programmed", "False", "Invalid", g.not_accepted->text()});
  } else {
    out.push_back(condition("Programmed", g.not_programmed, "the Gateway has its address"));
  }
  out.push_back(condition("ResolvedRefs", g.not_resolved, "all references resolve"));
  if (!g.not_resolved && !unresolved.empty())
    out.back() = {"ResolvedRefs", "False", "ListenersNotResolved",
                  "references of these listeners do not resolve: " + unresolved};
  if (g.insecure_frontend) {
    out.push_back({"InsecureFrontendValidationMode", "True", "ConfigurationChanged",
                   "AllowInsecureFallback lets clients in without a valid certificate"});
  }
  return out;
}

}  // namespace

ObjectName name_of(const Object& o) { return {o.group, o.kind, o.ns, o.name}; }

std::string class_status(const std::vector<Condition>& conditions,
                         const std::vector<std::string_view>& features, int64_t generation) {
  std::string out = "{";
  add_conditions(out, conditions, generation);
  add_key(out, "supportedFeatures");
  out += '[';
  for (std::string_view f : features) {
    out += out.back() == '[' ? "{" : ",{";
    add_member(out, "name", f);
    out += '}';
  }
  return out + "]}";
}

std::string gateway_status(const State& s, size_t gateway) {
  const Gateway& g = s.model.gateways[gateway];
  const int64_t generation = generation_of(*g.object);
  std::string out = "{";
  if (!g.address.empty()) {
    add_key(out, "addresses");
    out += "[{";
    add_member(out, "type", "IPAddress");
    add_member(out, "value", g.address);
    out += "}]";
  }
  add_conditions(out, gateway_conditions(s, gateway), generation);
  add_listeners(out, s, gateway, 0, s.gateways[gateway].own, generation);
  add_key(out, "attachedListenerSets");
  return out + std::to_string(s.gateways[gateway].attached_sets) + "}";
}

std::string set_status(const State& s, const SetWork& set) {
  const int64_t generation = generation_of(*set.object);
  const GatewayWork& g = s.gateways[set.gateway];
  std::vector<Condition> conditions;
  conditions.push_back(
      condition("Accepted", set.not_accepted, "the listeners are part of their Gateway"));
  if (!set.not_accepted && set.partial) {
    conditions.back().reason = "ListenersNotValid";
    conditions.back().message = "some of its listeners cannot serve, see their conditions";
  }
  if (set.not_accepted) {
    const bool parent = set.not_accepted->reason == "ParentNotAccepted";
    conditions.push_back({"Programmed", "False",
                          parent ? "ParentNotProgrammed" : set.not_accepted->reason,
                          set.not_accepted->text()});
  } else if (g.not_programmed) {
    conditions.push_back({"Programmed", "False", "ParentNotProgrammed", g.not_programmed->text()});
  } else {
    conditions.push_back({"Programmed", "True", "Programmed", "the listeners serve"});
  }
  std::string out = "{";
  add_conditions(out, conditions, generation);
  if (set.count > 0) add_listeners(out, s, set.gateway, set.first, set.count, generation);
  return out + "}";
}

std::string parents_status(std::string_view list, std::string_view ref_key,
                           const std::vector<ParentStatus>& parents,
                           std::string_view controller_name, int64_t generation) {
  std::string out = "{";
  add_key(out, list);
  out += '[';
  for (const ParentStatus& p : parents) {
    out += out.back() == '[' ? "{" : ",{";
    add_key(out, ref_key);
    out += p.ref;
    add_member(out, "controllerName", controller_name);
    add_conditions(out, p.conditions, generation);
    out += '}';
  }
  return out + "]}";
}

std::string reference_json(std::string_view group, std::string_view kind, std::string_view ns,
                           std::string_view name, std::string_view section, int64_t port) {
  std::string out = "{";
  add_member(out, "group", group);
  add_member(out, "kind", kind);
  if (!ns.empty()) add_member(out, "namespace", ns);
  add_member(out, "name", name);
  if (!section.empty()) add_member(out, "sectionName", section);
  if (port != 0) {
    add_key(out, "port");
    out += std::to_string(port);
  }
  return out + "}";
}

bool has_our_entries(const Object& o, std::string_view list, std::string_view controller_name) {
  for (const Value& v : items_at(o.at("status"), list)) {
    if (text_at(&v, "controllerName") == controller_name) return true;
  }
  return false;
}

}  // namespace gateproof::kubernetes::gateway
