// BackendTLSPolicies, as far as Traefik acts on them: authorities and the server's name.
#include "engine/kubernetes/gateway/resolve_index.h"
#include "engine/kubernetes/gateway_backends.h"

namespace gateproof::kubernetes {

using config::Value;

BackendIndex::BackendIndex(const Context& c, const std::vector<GatewayView>& gateways,
                           const GatewaySetting& s)
    : setting(s) {
  for (size_t i = 0; i < gateways.size(); ++i)
    gateways_.emplace(gateways[i].object->ns + "/" + gateways[i].object->name, i);
  for (const Object* o : gateway::by_age(c.list(gateway_group, "BackendTLSPolicy"))) {
    for (const Value& ref : items_at(o->at("spec"), "targetRefs")) {
      const std::string group = text_at(&ref, "group");
      if (text_at(&ref, "kind") != "Service" || (!group.empty() && group != "core")) continue;
      policies_[o->ns + "/" + text_at(&ref, "name")].push_back({o, text_at(&ref, "sectionName")});
    }
  }
}

namespace {

// The member `ca.crt` of a ConfigMap or a Secret.
std::optional<Text> authority(const Context& c, const Object& o) {
  if (o.kind == "Secret") {
    const Secret secret = read_secret(o, c.findings);
    const auto entry = secret.data.find("ca.crt");
    if (entry == secret.data.end() || entry->second.value.empty()) return std::nullopt;
    return Text{entry->second.value, entry->second.span};
  }
  const Text data = located_at(o.at("data"), "ca.crt");
  if (data.value.empty()) return std::nullopt;
  return data;
}

}  // namespace

const std::vector<BackendIndex::Targeted>& BackendIndex::policies(const Object& service) const {
  static const std::vector<Targeted> none;
  const auto found = policies_.find(service.ns + "/" + service.name);
  return found == policies_.end() ? none : found->second;
}

std::optional<size_t> BackendIndex::gateway(const std::string& ns, const std::string& name) const {
  const auto found = gateways_.find(ns + "/" + name);
  if (found == gateways_.end()) return std::nullopt;
  return found->second;
}

PolicyTls policy_tls(const Context& c, const Object& policy) {
  PolicyTls out;
  const Value* validation = policy.at("spec.validation");
  out.tls.server_name = text_at(validation, "hostname");
  for (const Value& ref : items_at(validation, "caCertificateRefs")) {
    const std::string kind = text_at(&ref, "kind"), name = text_at(&ref, "name");
    if (kind != "ConfigMap" && kind != "Secret") {
      out.reason = "InvalidKind";
      out.fault = "Only ConfigMaps and Secrets are supported";
      return out;
    }
    const std::string path = policy.ns + "/" + name;
    const Object* o = c.find(core_group, kind, policy.ns, name);
    const std::optional<Text> pem = o ? authority(c, *o) : std::nullopt;
    if (!pem) {
      const std::string low = kind == "Secret" ? "secret" : "configmap";
      out.reason = "InvalidCACertificateRef";
      out.fault = o ? kind + " " + path + " does not have a ca.crt"
                    : "getting " + low + " " + path + ": " + low + " \"" + name + "\" not found";
      return out;
    }
    out.tls.root_cas.push_back(*pem);
  }
  return out;
}

}  // namespace gateproof::kubernetes
