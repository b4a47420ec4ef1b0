// GatewayClass, Gateway and its listeners.
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

using config::Value;

std::string Condition::to_string() const { return type + (status ? "=True " : "=False ") + reason; }

namespace {

bool requirement_holds(const Value& requirement, const Value* labels) {
  const std::string key = text_at(&requirement, "key"), op = text_at(&requirement, "operator");
  const Value* have = member(labels, key);
  if (op == "Exists") return have != nullptr;
  if (op == "DoesNotExist") return have == nullptr;
  const std::vector<Value>& values = items_at(&requirement, "values");
  const bool in = have && std::any_of(values.begin(), values.end(),
                                      [&](const Value& v) { return v.str() == have->str(); });
  return op == "In" ? in : !in;
}

bool selector_matches(const Value* selector, const Value* labels) {
  if (const Value* wanted = member(selector, "matchLabels")) {
    for (const Value::Member& m : wanted->members) {
      const Value* have = member(labels, m.key);
      if (!have || have->str() != m.value.str()) return false;
    }
  }
  for (const Value& r : items_at(selector, "matchExpressions")) {
    if (!requirement_holds(r, labels)) return false;
  }
  return true;
}

class Listeners {
 public:
  Listeners(const Context& c, const GatewaySetting& setting, const Object& gateway)
      : c_(c),
        setting_(setting),
        entry_points_(setting.entry_points),
        gateway_(gateway),
        report_(c.findings, gateway, "") {}

  ListenerView one(const Value& v) {
    ListenerView l;
    l.name = text_at(&v, "name");
    l.protocol = text_at(&v, "protocol");
    l.port = integer_at(&v, "port");
    l.hostname = located_at(&v, "hostname");
    l.span = member(&v, "name") ? member(&v, "name")->span : v.span;
    l.sound = check(v, l);
    return l;
  }

 private:
  bool fail(ListenerView& l, Condition told, std::string_view code, const SourceSpan& at,
            const std::string& message, std::string remedy) {
    report_(code, at, "listener " + l.name + ": " + told.reason + ": " + message,
            std::move(remedy));
    l.conditions.push_back(std::move(told));
    return false;
  }

  bool check(const Value& v, ListenerView& l) {
    std::vector<std::string> supported;
    if (!supported_kinds(v, l, supported) || !entry_point(v, l) || !allowed_namespaces(v, l) ||
        !route_kinds(v, l, supported))
      return false;
    const std::string key = l.protocol + "|" + l.hostname.value + "|" + std::to_string(l.port);
    if (!taken_.insert(key).second) {
      return fail(l,
                  {"Conflicted", true, "DuplicateListener",
                   "A listener with same protocol, port and hostname already exists"},
                  "GP0805", l.span,
                  "a listener with the same protocol, port and hostname already exists",
                  "give the listener another hostname, or remove it");
    }
    const Value* tls = member(&v, "tls");
    if (l.protocol == "HTTP" || l.protocol == "TCP") {
      if (!tls) return true;
      return fail(l,
                  {"Accepted", false, "InvalidTLSConfiguration",
                   "TLS configuration must no be defined when using HTTP or TCP protocol"},
                  "GP0806", tls->span, "a listener of protocol " + l.protocol + " has no TLS",
                  "write protocol: HTTPS, or remove tls");
    }
    return certificates(tls, v, l);
  }

  bool entry_point(const Value& v, ListenerView& l) {
    if (!entry_points_.known) return true;
    const std::string suffix = ":" + std::to_string(l.port);
    std::string all;
    for (const EntryPointsView::One& e : entry_points_.list) {
      all += (all.empty() ? "" : ", ") + e.name + " " + e.address;
      if (!e.address.ends_with(suffix) || (l.protocol == "HTTP" && e.tls)) continue;
      l.entry_point = e.name;
      return true;
    }
    const Value* port = member(&v, "port");
    const std::string what = "no matching entryPoint for port " + std::to_string(l.port) +
                             " and protocol \"" + l.protocol + "\"";
    return fail(
        l, {"Accepted", false, "PortUnavailable", "Cannot find entryPoint for Gateway: " + what},
        "GP0801", port ? port->span : l.span, what + "; the listener is not served",
        "write the port of an entry point (" + all + ")");
  }

  bool allowed_namespaces(const Value& v, ListenerView& l) {
    const Value* namespaces = member(member(&v, "allowedRoutes"), "namespaces");
    const Text from = located_at(namespaces, "from");
    if (from.value == "All") {
      l.any_namespace = true;
    } else if (from.value == "Selector") {
      std::set<std::string> unknown;
      if (!setting_.whole_cluster) {
        // A namespace that is in use but in no file has labels that nobody knows.
        for (const Object& o : c_.store.all()) {
          if (!o.ns.empty()) unknown.insert(o.ns);
        }
      }
      for (const Object* ns : c_.list(core_group, "Namespace")) {
        unknown.erase(ns->name);
        if (selector_matches(member(namespaces, "selector"), ns->at("metadata.labels")))
          l.namespaces.push_back(ns->name);
      }
      l.namespaces.insert(l.namespaces.end(), unknown.begin(), unknown.end());
    } else if (from.value.empty() || from.value == "Same") {
      l.namespaces.push_back(gateway_.ns);
    } else {
      const std::string what = "unsupported RouteSelectType: \"" + from.value + "\"";
      return fail(l,
                  {"ResolvedRefs", false, "InvalidRouteNamespacesSelector",
                   "Invalid route namespaces selector: " + what},
                  "GP0807", from.span, what, "write All, Same or Selector");
    }
    return true;
  }

  bool supported_kinds(const Value& v, ListenerView& l, std::vector<std::string>& supported) {
    const Value* protocol = member(&v, "protocol");
    const SourceSpan at = protocol ? protocol->span : l.span;
    if (l.protocol == "HTTP" || l.protocol == "HTTPS") {
      supported = {"HTTPRoute", "GRPCRoute"};
    } else if (l.protocol == "TLS") {
      supported = {"TLSRoute"};
    } else if (l.protocol == "TCP" && c_.options.experimental_channel) {
      supported = {"TCPRoute"};
    } else if (l.protocol == "TCP") {
      return fail(l,
                  {"Conflicted", true, "ProtocolConflict",
                   "Protocol \"TCP\" requires the experimental channel support to be enabled, "
                   "please use the `experimentalChannel` option"},
                  "GP0804", at,
                  "protocol TCP requires the experimental channel support to be enabled",
                  "set " + c_.option("experimentalChannel"));
    } else {
      const std::string what = "nsupported listener protocol \"" + l.protocol + "\"";
      return fail(l, {"Accepted", false, "UnsupportedProtocol", "U" + what}, "GP0804", at,
                  "u" + what, "write HTTP, HTTPS or TLS");
    }
    return true;
  }

  bool route_kinds(const Value& v, ListenerView& l, const std::vector<std::string>& supported) {
    const std::vector<Value>& wanted = items_at(member(&v, "allowedRoutes"), "kinds");
    if (wanted.empty()) l.kinds = supported;
    bool ok = true;
    for (const Value& k : wanted) {
      const std::string kind = text_at(&k, "kind");
      std::string group = text_at(&k, "group");
      if (!member(&k, "group")) group = gateway_group;
      const bool known = std::find(supported.begin(), supported.end(), kind) != supported.end();
      if (known && group == gateway_group) {
        if (std::find(l.kinds.begin(), l.kinds.end(), kind) == l.kinds.end())
          l.kinds.push_back(kind);
        continue;
      }
      ok = fail(l,
                {"ResolvedRefs", false, "InvalidRouteKinds",
                 "Listener protocol \"" + l.protocol + "\" does not support RouteGroupKind " +
                     group + "/" + kind},
                "GP0807", k.span,
                "protocol " + l.protocol + " does not support routes of kind " + kind,
                "allowed for this protocol: " + text::join(supported, ", "));
    }
    return ok;
  }

  bool certificates(const Value* tls, const Value& v, ListenerView& l) {
    if (!tls) {
      return fail(l,
                  {"Accepted", false, "InvalidTLSConfiguration",
                   "No TLS configuration for Gateway Listener " + l.name + ":" +
                       std::to_string(l.port) + " and protocol \"" + l.protocol + "\""},
                  "GP0806", v.span, "no TLS configuration for protocol " + l.protocol,
                  "write tls with certificateRefs");
    }
    const Text mode = located_at(tls, "mode");
    if (mode.value == "Passthrough") {
      l.passthrough = true;
      if (l.protocol != "HTTPS") return true;
      const std::string what = "HTTPS protocol is not supported with TLS mode Passthrough";
      return fail(l, {"Accepted", false, "UnsupportedProtocol", what}, "GP0804", mode.span, what,
                  "write protocol: TLS, or mode: Terminate");
    }
    const std::vector<Value>& refs = items_at(tls, "certificateRefs");
    if (refs.empty()) {
      return fail(l,
                  {"ResolvedRefs", false, "InvalidCertificateRef",
                   "One TLS CertificateRef is required in Terminate mode"},
                  "GP0802", tls->span, "one TLS certificateRef is required in Terminate mode",
                  "name a Secret of type kubernetes.io/tls");
    }
    bool ok = true;
    for (const Value& ref : refs) ok = certificate(ref, l) && ok;
    if (!ok) l.conditions.push_back({"Programmed", false, "Invalid", "Invalid CertificateRefs"});
    return ok;
  }

  bool certificate(const Value& ref, ListenerView& l) {
    const Text name = located_at(&ref, "name");
    const std::string kind = text_at(&ref, "kind"), group = text_at(&ref, "group");
    if ((!kind.empty() && kind != "Secret") || (!group.empty() && group != "core")) {
      const std::string what = "nsupported TLS CertificateRef group/kind: " + group + "/" + kind;
      return fail(l, {"ResolvedRefs", false, "InvalidCertificateRef", "U" + what}, "GP0802",
                  name.span, "unsupported TLS certificateRef group/kind: " + group + "/" + kind,
                  "name a Secret");
    }
    std::string ns = text_at(&ref, "namespace");
    if (ns.empty()) ns = gateway_.ns;
    const std::string path = ns + "/" + name.value;
    if (!reference_granted(c_, "Gateway", gateway_.ns, "core", "Secret", ns, name.value)) {
      return fail(l,
                  {"ResolvedRefs", false, "RefNotPermitted",
                   "Cannot reference CertificateRef " + path + ": missing ReferenceGrant"},
                  "GP0803", name.span,
                  "cannot reference certificateRef " + path +
                      ": missing ReferenceGrant; the listener is not served",
                  "add a ReferenceGrant in namespace " + ns + " from Gateways of " + gateway_.ns +
                      " to Secrets");
    }
    const Object* secret = c_.find(core_group, "Secret", ns, name.value);
    if (!secret) {
      return fail(
          l,
          {"ResolvedRefs", false, "InvalidCertificateRef",
           "Cannot load CertificateRef " + path + ": getting secret: secret \"" + name.value +
               "\" not found"},
          "GP0802", name.span,
          "cannot load certificateRef " + path +
              ": the Secret does not exist; the listener is not served",
          where_else(c_, core_group, "Secret", ns, name.value) + " with type kubernetes.io/tls");
    }
    return pair(read_secret(*secret, c_.findings), path, name, l);
  }

  bool pair(const Secret& secret, const std::string& path, const Text& name, ListenerView& l) {
    const auto told = [&path](const std::string& why) {
      return Condition{"ResolvedRefs", false, "InvalidCertificateRef",
                       "Cannot load CertificateRef " + path + ": " + why};
    };
    std::string missing, empty;
    for (const char* key : {"tls.crt", "tls.key"}) {
      const auto entry = secret.data.find(key);
      std::string* lacks = nullptr;
      if (entry == secret.data.end()) {
        lacks = &missing;
      } else if (entry->second.value.empty()) {
        lacks = &empty;
      }
      if (lacks) *lacks += (lacks->empty() ? "" : ", ") + std::string(key);
    }
    if (!missing.empty() || !empty.empty()) {
      const std::string what =
          "secret " + path +
          (missing.empty() ? " contains the following empty TLS data entries: " + empty
                           : " is missing the following TLS data entries: " + missing);
      const std::string& first = missing.empty() ? empty : missing;
      return fail(l, told("getting certificate blocks: " + what), "GP0802", name.span,
                  "cannot load certificateRef " + path + ": " + first.substr(0, 7) +
                      " is missing; the listener is not served",
                  "put the certificate into tls.crt and its key into tls.key");
    }
    const Secret::Entry& certificate = secret.data.at("tls.crt");
    const Secret::Entry& key = secret.data.at("tls.key");
    const std::string fault = key_pair_fault(certificate.value, key.value);
    if (!fault.empty()) {
      const std::string why = "unable to parse TLS certificate: " + fault;
      return fail(
          l, told("validating certificate: " + why), "GP0802", name.span,
          "cannot load certificateRef " + path + ": " + why + "; the listener is not served",
          "put the certificate into tls.crt and its key into tls.key");
    }
    l.certificates.push_back({{certificate.value, certificate.span}, {key.value, key.span}, {}});
    return true;
  }

  const Context& c_;
  const GatewaySetting& setting_;
  const EntryPointsView& entry_points_;
  const Object& gateway_;
  Report report_;
  std::set<std::string> taken_;
};

// Whether the option `gateways`, which names some, leaves it out.
bool chosen(const Context& c, const Object& gateway) {
  const auto& only = c.options.gateways;
  return only.empty() || std::any_of(only.begin(), only.end(), [&gateway](const auto& g) {
           return g.ns == gateway.ns && g.name == gateway.name;
         });
}

// Whether a Gateway's class is Traefik's; a class that is nowhere is reported.
bool ours(const Context& c, const Object& gateway) {
  const Text name = located_at(gateway.at("spec"), "gatewayClassName");
  const Object* found = c.find(gateway_group, "GatewayClass", "", name.value);
  // The class is of the cluster, which `namespaces` does not hide.
  if (!found) found = c.find_in_cluster(gateway_group, "GatewayClass", name.value);
  if (found) return text_at(found->at("spec"), "controllerName") == traefik_gateway_controller;
  c.findings.add(
      "GP0808", name.span.known() ? name.span : gateway.span, gateway.label(),
      "no GatewayClass `" + name.value + "` exists: the Gateway is not taken",
      "add a GatewayClass with spec.controllerName: " + std::string(traefik_gateway_controller));
  return false;
}

}  // namespace

std::vector<GatewayView> read_gateways(const Context& c, const GatewaySetting& setting) {
  std::vector<GatewayView> out;
  for (const Object* o : c.list(gateway_group, "Gateway")) {
    if (!chosen(c, *o) || !ours(c, *o)) continue;
    GatewayView view;
    view.object = o;
    Listeners listeners(c, setting, *o);
    for (const Value& v : items_at(o->at("spec"), "listeners"))
      view.listeners.push_back(listeners.one(v));
    for (ListenerView& l : view.listeners) {
      if (!l.sound) continue;
      l.conditions = {{"Accepted", true, "Accepted", "No error found"},
                      {"ResolvedRefs", true, "ResolvedRefs", "No error found"},
                      {"Programmed", true, "Programmed", "No error found"}};
    }
    out.push_back(std::move(view));
  }
  return out;
}

bool reference_granted(const Context& c, std::string_view from_kind, std::string_view from_ns,
                       std::string_view to_group, std::string_view to_kind, std::string_view to_ns,
                       std::string_view to_name) {
  if (from_ns == to_ns) return true;
  const auto same_group = [](std::string group, std::string_view wanted) {
    if (group.empty()) group = "core";
    return group == wanted;
  };
  for (const Object* o : c.list(gateway_group, "ReferenceGrant")) {
    if (o->ns != to_ns) continue;
    bool from = false, to = false;
    for (const Value& f : items_at(o->at("spec"), "from")) {
      from = from || (text_at(&f, "group") == gateway_group && text_at(&f, "kind") == from_kind &&
                      text_at(&f, "namespace") == from_ns);
    }
    for (const Value& t : items_at(o->at("spec"), "to")) {
      const std::string name = text_at(&t, "name");
      to = to || (same_group(text_at(&t, "group"), to_group) && text_at(&t, "kind") == to_kind &&
                  (name.empty() || name == to_name));
    }
    if (from && to) return true;
  }
  return false;
}

}  // namespace gateproof::kubernetes
