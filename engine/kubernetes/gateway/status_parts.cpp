#include "engine/kubernetes/gateway/status_parts.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace gateproof::kubernetes::gateway {

using nlohmann::json;

namespace {

size_t rank(const StatusUpdate& u) {
  static constexpr std::string_view order[] = {"GatewayClass", "Gateway", "ListenerSet"};
  const auto found = std::find(std::begin(order), std::end(order), u.object.kind);
  if (found != std::end(order)) return size_t(found - std::begin(order));
  return u.object.kind.ends_with("Route") ? std::size(order) : std::size(order) + 1;
}

std::vector<Condition> conditions_of(const json& holder) {
  std::vector<Condition> out;
  for (const json& c : holder.value("conditions", json::array()))
    out.push_back({c.value("type", ""), c.value("status", ""), c.value("reason", ""),
                   c.value("message", "")});
  return out;
}

std::string name_of_ref(const json& ref, const std::string& own_ns) {
  std::string out =
      ref.value("kind", "") + " " + ref.value("namespace", own_ns) + "/" + ref.value("name", "");
  if (ref.contains("sectionName")) out += ", listener " + ref.value("sectionName", "");
  if (ref.contains("port")) out += ", port " + std::to_string(ref.value("port", 0));
  return out;
}

StatusPart listener_part(const std::string& object, const json& l) {
  StatusPart p{object, "listener " + l.value("name", ""), conditions_of(l), {}};
  const int routes = l.value("attachedRoutes", 0);
  p.facts.push_back(std::to_string(routes) +
                    (routes == 1 ? " attached route" : " attached routes"));
  std::string kinds;
  for (const json& k : l.value("supportedKinds", json::array()))
    kinds += (kinds.empty() ? "" : ", ") + k.value("kind", "");
  p.facts.push_back("takes " + (kinds.empty() ? "no routes" : kinds));
  return p;
}

void add_parts(const StatusUpdate& u, std::vector<StatusPart>& out) {
  const json status = json::parse(u.status, nullptr, false);
  if (!status.is_object()) return;
  const std::string object =
      u.object.kind + " " + (u.object.ns.empty() ? "" : u.object.ns + "/") + u.object.name;
  if (status.contains("conditions")) {
    StatusPart whole{object, "", conditions_of(status), {}};
    if (status.contains("attachedListenerSets")) {
      const int sets = status.value("attachedListenerSets", 0);
      if (sets > 0) whole.facts.push_back(std::to_string(sets) + " attached ListenerSets");
    }
    if (status.contains("supportedFeatures"))
      whole.facts.push_back(std::to_string(status["supportedFeatures"].size()) +
                            " supported features");
    out.push_back(std::move(whole));
  }
  for (const json& l : status.value("listeners", json::array()))
    out.push_back(listener_part(object, l));
  for (const auto& [list, ref, word] :
       {std::tuple<const char*, const char*, const char*>{"parents", "parentRef", "parent "},
        {"ancestors", "ancestorRef", "ancestor "}}) {
    for (const json& e : status.value(list, json::array()))
      out.push_back({object,
                     word + name_of_ref(e.value(ref, json::object()), u.object.ns),
                     conditions_of(e),
                     {}});
  }
}

}  // namespace

std::vector<StatusPart> status_parts(const std::vector<StatusUpdate>& updates) {
  std::vector<const StatusUpdate*> sorted;
  for (const StatusUpdate& u : updates) sorted.push_back(&u);
  std::stable_sort(sorted.begin(), sorted.end(), [](const StatusUpdate* a, const StatusUpdate* b) {
    return rank(*a) < rank(*b);
  });
  std::vector<StatusPart> out;
  for (const StatusUpdate* u : sorted) add_parts(*u, out);
  return out;
}

}  // namespace gateproof::kubernetes::gateway
