#include "engine/kubernetes/gateway/resolve_policies.h"

#include <utility>

#include "engine/base/text.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

Policies::Policies(Index& index) : index_(index) {
  for (const Object* o : by_age(index.store.list(gateway_group, "BackendTLSPolicy"))) read(*o);
}

void Policies::refuse(Policy& p, std::optional<Problem>& what, std::string reason, SourceSpan at,
                      std::string message, std::string remedy) {
  Problem problem{"GP0819", std::move(reason), std::move(message), std::move(remedy),
                  std::move(at)};
  index_.report(*p.object, problem);
  if (!what) what = std::move(problem);
}

void Policies::read(const Object& o) {
  const size_t at = policies_.size();
  Policy& p = policies_.emplace_back();
  p.object = &o;
  read_validation(p);
  for (const Value& ref : items_at(o.at("spec"), "targetRefs")) {
    const std::string kind = text_at(&ref, "kind"), name = text_at(&ref, "name");
    if (!text_at(&ref, "group").empty() || (!kind.empty() && kind != "Service")) {
      refuse(p, p.not_accepted, "Invalid", span_of(ref, "kind"),
             "objects of kind " + kind + " cannot have TLS to a backend", "name a Service");
      continue;
    }
    const std::string section = text_at(&ref, "sectionName");
    const std::string service = path_of(o.ns, name);
    by_service_[service].push_back({section, at});
    const auto [owner, fresh] = owners_.emplace(service + "/" + section, at);
    if (fresh || owner->second == at) continue;
    refuse(p, p.not_accepted, "Conflicted", span_of(ref, "name"),
           "BackendTLSPolicy " + policies_[owner->second].object->name +
               " is older and decides for Service " + name +
               (section.empty() ? "" : ", port " + section),
           "remove one of the two policies");
  }
}

void Policies::read_validation(Policy& p) {
  const Value* validation = member(p.object->at("spec"), "validation");
  if (!validation) {
    refuse(p, p.not_accepted, "Invalid", p.object->span, "spec.validation is missing",
           "write validation with hostname and caCertificateRefs");
    return;
  }
  p.tls.hostname = text_at(validation, "hostname");
  if (p.tls.hostname.empty()) {
    refuse(p, p.not_accepted, "Invalid", validation->span, "validation.hostname is missing",
           "write the name that the backend's certificate has");
  }
  read_authorities(p, *validation);
  read_names(p, *validation);
  // Conflicts come later, and do not make a policy invalid.
  p.tls.valid = !p.not_accepted;
}

void Policies::read_authorities(Policy& p, const Value& validation) {
  const std::vector<Value>& refs = items_at(&validation, "caCertificateRefs");
  const std::string known = text_at(&validation, "wellKnownCACertificates");
  if (refs.empty()) {
    p.tls.system_cas = known == "System";
    if (p.tls.system_cas) return;
    refuse(p, p.not_accepted, "Invalid", span_of(validation, "wellKnownCACertificates"),
           known.empty() ? "nothing says which authorities are trusted"
                         : "wellKnownCACertificates " + text::quote(known) + " is not supported",
           "write caCertificateRefs, or wellKnownCACertificates: System");
    return;
  }
  for (const Value& ref : refs) {
    Text pem;
    // References are local here, whatever a namespace beside them says.
    auto problem =
        index_.read_authorities(*p.object, ref, "InvalidCACertificateRef", "InvalidKind", pem);
    if (!problem) {
      p.tls.cas.push_back(std::move(pem));
      continue;
    }
    index_.report(*p.object, *problem);
    if (!p.not_resolved) p.not_resolved = std::move(problem);
  }
  if (p.tls.cas.empty()) {
    refuse(p, p.not_accepted, "NoValidCACertificate", p.not_resolved->span,
           "none of the authorities can be used: " + p.not_resolved->message,
           p.not_resolved->remedy);
  }
}

void Policies::read_names(Policy& p, const Value& validation) {
  for (const Value& san : items_at(&validation, "subjectAltNames")) {
    const bool uri = text_at(&san, "type") == "URI";
    std::string value = text_at(&san, uri ? "uri" : "hostname");
    if (value.empty()) {
      refuse(p, p.not_accepted, "Invalid", san.span, "a subjectAltName has no value",
             "write type: Hostname with hostname, or type: URI with uri");
      continue;
    }
    p.tls.sans.push_back({uri, std::move(value)});
  }
}

std::optional<BackendTls> Policies::tls(std::string_view ns, std::string_view service,
                                        std::string_view port_name) const {
  if (owners_.empty()) return std::nullopt;
  const std::string path = path_of(ns, service) + "/";
  auto found = port_name.empty() ? owners_.end() : owners_.find(path + std::string(port_name));
  if (found == owners_.end()) found = owners_.find(path);
  if (found == owners_.end()) return std::nullopt;
  return policies_[found->second].tls;
}

void Policies::reached(std::string_view ns, std::string_view service, size_t gateway,
                       int64_t change) {
  const auto found = by_service_.find(path_of(ns, service));
  if (found == by_service_.end()) return;
  for (const Target& t : found->second) {
    Policy& p = policies_[t.policy];
    const auto at = p.gateways.try_emplace(gateway, 0).first;
    const bool was = at->second > 0;
    at->second += change;
    const bool is = at->second > 0;
    p.changed = p.changed || was != is;
    if (!is) p.gateways.erase(at);
  }
}

void Policies::write(State& s, bool all) {
  const std::string& controller = index_.options.controller_name;
  for (Policy& p : policies_) {
    const bool changed = std::exchange(p.changed, false);
    if (all ? p.gateways.empty() && !has_our_entries(*p.object, "ancestors", controller) : !changed)
      continue;
    std::vector<Condition> conditions;
    const auto add = [&](const char* type, const std::optional<Problem>& problem,
                         const char* good) {
      if (problem) {
        conditions.push_back({type, "False", problem->reason, problem->text()});
      } else {
        conditions.push_back({type, "True", type, good});
      }
    };
    add("Accepted", p.not_accepted, "connections to the backend use TLS");
    add("ResolvedRefs", p.not_resolved, "all references resolve");
    std::vector<ParentStatus> ancestors;
    for (const auto& [g, times] : p.gateways) {
      const Object& o = *s.model.gateways[g].object;
      ancestors.push_back(
          {reference_json(gateway_group, "Gateway", o.ns, o.name, "", 0), conditions});
    }
    const int64_t generation = generation_of(*p.object);
    s.model.statuses.push_back(
        {name_of(*p.object), generation,
         parents_status("ancestors", "ancestorRef", ancestors, controller, generation)});
  }
}

}  // namespace gateproof::kubernetes::gateway
