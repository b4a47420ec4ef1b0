// GatewayClasses and Gateways.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/features.h"
#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

std::optional<Problem> class_parameters(const Object& o) {
  const Value* ref = member(o.at("spec"), "parametersRef");
  if (!ref) return std::nullopt;
  return Problem{"GP0817", "InvalidParameters",
                 "parameters of kind " + text_at(ref, "kind") + " in group \"" +
                     text_at(ref, "group") + "\" are not understood",
                 "remove spec.parametersRef", span_of(*ref, "name")};
}

std::optional<Problem> gateway_parameters(const Object& o, const Object& gateway_class) {
  if (const auto problem = class_parameters(gateway_class)) {
    return Problem{"GP0817", "InvalidParameters",
                   "GatewayClass " + gateway_class.name + " is not accepted: " + problem->message,
                   "remove spec.parametersRef of the GatewayClass",
                   span_of(*o.at("spec"), "gatewayClassName")};
  }
  const Value* ref = member(member(o.at("spec"), "infrastructure"), "parametersRef");
  if (!ref) return std::nullopt;
  return Problem{"GP0817", "InvalidParameters",
                 "parameters of kind " + text_at(ref, "kind") + " in group \"" +
                     text_at(ref, "group") + "\" are not understood",
                 "remove spec.infrastructure.parametersRef", span_of(*ref, "name")};
}

std::shared_ptr<const Frontend> read_frontend(State& s, const Object& gateway, const Value* tls) {
  const Value* validation = member(tls, "validation");
  if (!validation) return nullptr;
  auto out = std::make_shared<Frontend>();
  out->validation.insecure_fallback = text_at(validation, "mode") == "AllowInsecureFallback";
  for (const Value& ref : items_at(validation, "caCertificateRefs")) {
    Text pem;
    auto problem = s.index.read_authorities(gateway, ref, "InvalidCACertificateRef",
                                            "InvalidCACertificateKind", pem);
    if (!problem) {
      out->validation.cas.push_back(std::move(pem));
    } else if (!out->problem) {
      out->problem = std::move(problem);
    }
  }
  if (out->validation.cas.empty() && !out->problem) {
    out->problem =
        Problem{"GP0816", "InvalidCACertificateRef",
                "certificates of clients are checked against no authority",
                "write caCertificateRefs with a ConfigMap that has ca.crt", validation->span};
  }
  return out;
}

void read_tls(State& s, GatewayWork& work, Gateway& g) {
  const Value* tls = member(g.object->at("spec"), "tls");
  const Value* frontend = member(tls, "frontend");
  work.default_frontend = read_frontend(s, *g.object, member(frontend, "default"));
  const auto insecure = [](const std::shared_ptr<const Frontend>& f) {
    return f && f->validation.insecure_fallback;
  };
  work.insecure_frontend = insecure(work.default_frontend);
  for (const Value& v : items_at(frontend, "perPort")) {
    auto f = read_frontend(s, *g.object, member(&v, "tls"));
    work.insecure_frontend = work.insecure_frontend || insecure(f);
    work.port_frontends.emplace(integer_at(&v, "port"), std::move(f));
  }
  const Value* client = member(member(tls, "backend"), "clientCertificateRef");
  if (!client) return;
  KeyPair pair;
  if (auto problem =
          s.index.read_key_pair(*g.object, *client, "InvalidClientCertificateRef", pair)) {
    s.index.report(*g.object, *problem, "tls.backend.clientCertificateRef: ");
    work.not_resolved = std::move(problem);
  } else {
    g.client_certificate = std::move(pair);
  }
}

// Null when the Gateway's class is somebody else's; one that is nowhere is reported.
const Object* our_class(State& s, const Object& gateway) {
  const Value* spec = gateway.at("spec");
  const std::string name = text_at(spec, "gatewayClassName");
  const Object* found = s.index.store.find(gateway_group, "GatewayClass", "", name);
  if (!found) {
    s.index.findings.add(
        "GP0808", spec ? span_of(*spec, "gatewayClassName") : gateway.span, gateway.label(),
        "no GatewayClass `" + name + "` exists: the Gateway is not taken",
        "add a GatewayClass with spec.controllerName: " + s.index.options.controller_name);
    return nullptr;
  }
  return text_at(found->at("spec"), "controllerName") == s.index.options.controller_name ? found
                                                                                         : nullptr;
}

// ListenersNotValid: True as long as some listener is accepted, False when none is.
void judge_listeners_of(State& s, size_t gateway) {
  const GatewayWork& work = s.gateways[gateway];
  std::vector<std::string> bad;
  for (size_t i = 0; i < work.own; ++i) {
    if (work.listeners[i].not_accepted) bad.push_back(s.model.gateways[gateway].listeners[i].name);
  }
  const bool some_set = work.attached_sets > 0;
  if (work.not_accepted || (bad.size() < work.own) || (work.own == 0 && some_set)) return;
  const Object& o = *s.model.gateways[gateway].object;
  Problem p{
      "GP0804", "ListenersNotValid",
      work.own == 0 ? "it has no listener" : "no listener is accepted: " + text::join(bad, ", "),
      "mend one of the listeners", o.span};
  s.gateways[gateway].not_accepted = std::move(p);
}

}  // namespace

void resolve_classes(State& s) {
  const Options& options = s.index.options;
  const auto features = supported_features(options.bundle_version);
  for (const Object* o : s.index.store.list(gateway_group, "GatewayClass")) {
    if (text_at(o->at("spec"), "controllerName") != options.controller_name) continue;
    std::vector<Condition> conditions;
    if (const auto problem = class_parameters(*o)) {
      s.index.report(*o, *problem);
      conditions.push_back({"Accepted", "False", problem->reason, problem->text()});
    } else {
      conditions.push_back({"Accepted", "True", "Accepted", "the class is served"});
    }
    if (supported_version(options.bundle_version)) {
      conditions.push_back({"SupportedVersion", "True", "SupportedVersion",
                            "Gateway API " + options.bundle_version + " is supported"});
    } else {
      conditions.push_back({"SupportedVersion", "False", "UnsupportedVersion",
                            "Gateway API " + options.bundle_version +
                                " is served as far as it is like 1.6 and 1.7"});
    }
    const int64_t generation = generation_of(*o);
    s.model.statuses.push_back(
        {name_of(*o), generation, class_status(conditions, features, generation)});
  }
}

void read_gateways(State& s) {
  for (const Object* o : by_age(s.index.store.list(gateway_group, "Gateway"))) {
    const Object* gateway_class = our_class(s, *o);
    if (!gateway_class) continue;
    const size_t at = s.model.gateways.size();
    s.gateway_at.emplace(path_of(o->ns, o->name), at);
    s.model.gateways.emplace_back().object = o;
    GatewayWork& work = s.gateways.emplace_back();
    const Value* sets = member(member(o->at("spec"), "allowedListeners"), "namespaces");
    work.allowed_sets = NamespaceRule(sets, NamespaceRule::From::none, o->ns);
    if (auto problem = gateway_parameters(*o, *gateway_class)) {
      s.index.report(*o, *problem);
      work.not_accepted = std::move(problem);
    }
    read_tls(s, work, s.model.gateways[at]);
    read_listeners(s, at, *o);
    s.gateways[at].own = s.gateways[at].listeners.size();
    find_conflicts(s, at, 0);
  }
}

void judge_gateways(State& s) {
  for (size_t g = 0; g < s.gateways.size(); ++g) {
    judge_listeners_of(s, g);
    find_overlaps(s, g);
  }
  assign_addresses(s);
  for (size_t g = 0; g < s.gateways.size(); ++g) {
    for (size_t l = 0; l < s.gateways[g].listeners.size(); ++l) judge_listener(s, g, l);
  }
}

}  // namespace gateproof::kubernetes::gateway
