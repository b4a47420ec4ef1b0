// GatewayClass, Gateway and its listeners.
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

using config::Value;

std::string Condition::to_string() const { return type + (status ? "=True " : "=False ") + reason; }

namespace {

constexpr std::string_view controller_name = "traefik.io/gateway-controller";

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
  Listeners(const Context& c, const EntryPointsView& entry_points, const Object& gateway)
      : c_(c), entry_points_(entry_points), gateway_(gateway), report_(c.findings, gateway, "") {}

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
  bool fail(ListenerView& l, std::string type, bool status, std::string reason,
            std::string_view code, const SourceSpan& at, const std::string& message,
            std::string remedy) {
    l.conditions.push_back({std::move(type), status, reason});
    report_(code, at, "listener " + l.name + ": " + reason + ": " + message, std::move(remedy));
    return false;
  }

  bool check(const Value& v, ListenerView& l) {
    if (!entry_point(v, l)) return false;
    allowed_namespaces(v, l);
    if (!route_kinds(v, l)) return false;
    const std::string key = l.protocol + "|" + l.hostname.value + "|" + std::to_string(l.port);
    if (!taken_.insert(key).second) {
      return fail(l, "Conflicted", true, "DuplicateListener", "GP0805", l.span,
                  "a listener with the same protocol, port and hostname already exists",
                  "give the listener another hostname, or remove it");
    }
    const Value* tls = member(&v, "tls");
    if (l.protocol == "HTTP" || l.protocol == "TCP") {
      if (!tls) return true;
      return fail(l, "Accepted", false, "InvalidTLSConfiguration", "GP0806", tls->span,
                  "a listener of protocol " + l.protocol + " has no TLS",
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
    return fail(l, "Accepted", false, "PortUnavailable", "GP0801", port ? port->span : l.span,
                "no matching entryPoint for port " + std::to_string(l.port) + " and protocol \"" +
                    l.protocol + "\"; the listener is not served",
                "write the port of an entry point (" + all + ")");
  }

  void allowed_namespaces(const Value& v, ListenerView& l) {
    const Value* namespaces = member(member(&v, "allowedRoutes"), "namespaces");
    const std::string from = text_at(namespaces, "from");
    if (from == "All") {
      l.any_namespace = true;
    } else if (from == "Selector") {
      // A namespace that is in use but in no file has labels that nobody knows: it is given the benefit of the doubt.
      std::set<std::string> unknown;
      for (const Object& o : c_.store.all()) {
        if (!o.ns.empty()) unknown.insert(o.ns);
      }
      for (const Object* ns : c_.list(core_group, "Namespace")) {
        unknown.erase(ns->name);
        if (selector_matches(member(namespaces, "selector"), ns->at("metadata.labels")))
          l.namespaces.push_back(ns->name);
      }
      l.namespaces.insert(l.namespaces.end(), unknown.begin(), unknown.end());
    } else {
      l.namespaces.push_back(gateway_.ns);
    }
  }

  bool route_kinds(const Value& v, ListenerView& l) {
    std::vector<std::string> supported;
    const Value* protocol = member(&v, "protocol");
    const SourceSpan at = protocol ? protocol->span : l.span;
    if (l.protocol == "HTTP" || l.protocol == "HTTPS") {
      supported = {"HTTPRoute", "GRPCRoute"};
    } else if (l.protocol == "TLS") {
      supported = {"TLSRoute"};
    } else if (l.protocol == "TCP") {
      return fail(l, "Conflicted", true, "ProtocolConflict", "GP0804", at,
                  "protocol TCP requires the experimental channel support to be enabled",
                  "set " + c_.option("experimentalChannel"));
    } else {
      return fail(l, "Accepted", false, "UnsupportedProtocol", "GP0804", at,
                  "unsupported listener protocol \"" + l.protocol + "\"",
                  "write HTTP, HTTPS or TLS");
    }
    const std::vector<Value>& wanted = items_at(member(&v, "allowedRoutes"), "kinds");
    if (wanted.empty()) l.kinds = supported;
    bool ok = true;
    for (const Value& k : wanted) {
      const std::string kind = text_at(&k, "kind"), group = text_at(&k, "group");
      const bool known = std::find(supported.begin(), supported.end(), kind) != supported.end();
      if (known && (group.empty() || group == gateway_group)) {
        if (std::find(l.kinds.begin(), l.kinds.end(), kind) == l.kinds.end())
          l.kinds.push_back(kind);
        continue;
      }
      ok = fail(l, "ResolvedRefs", false, "InvalidRouteKinds", "GP0807", k.span,
                "protocol " + l.protocol + " does not support routes of kind " + kind,
                "allowed for this protocol: " + text::join(supported, ", "));
    }
    return ok;
  }

  bool certificates(const Value* tls, const Value& v, ListenerView& l) {
    if (!tls) {
      return fail(l, "Accepted", false, "InvalidTLSConfiguration", "GP0806", v.span,
                  "no TLS configuration for protocol " + l.protocol,
                  "write tls with certificateRefs");
    }
    const Text mode = located_at(tls, "mode");
    if (mode.value == "Passthrough") {
      if (l.protocol != "HTTPS") return true;
      return fail(l, "Accepted", false, "UnsupportedProtocol", "GP0804", mode.span,
                  "HTTPS protocol is not supported with TLS mode Passthrough",
                  "write protocol: TLS, or mode: Terminate");
    }
    const std::vector<Value>& refs = items_at(tls, "certificateRefs");
    if (refs.empty()) {
      return fail(l, "ResolvedRefs", false, "InvalidCertificateRef", "GP0802", tls->span,
                  "one TLS certificateRef is required in Terminate mode",
                  "name a Secret of type kubernetes.io/tls");
    }
    bool ok = true;
    for (const Value& ref : refs) ok = certificate(ref, l) && ok;
    if (!ok) l.conditions.push_back({"Programmed", false, "Invalid"});
    return ok;
  }

  bool certificate(const Value& ref, ListenerView& l) {
    const Text name = located_at(&ref, "name");
    const std::string kind = text_at(&ref, "kind"), group = text_at(&ref, "group");
    if ((!kind.empty() && kind != "Secret") || (!group.empty() && group != "core")) {
      return fail(l, "ResolvedRefs", false, "InvalidCertificateRef", "GP0802", name.span,
                  "unsupported TLS certificateRef group/kind: " + group + "/" + kind,
                  "name a Secret");
    }
    std::string ns = text_at(&ref, "namespace");
    if (ns.empty()) ns = gateway_.ns;
    const std::string path = ns + "/" + name.value;
    if (!reference_granted(c_, "Gateway", gateway_.ns, "core", "Secret", ns, name.value)) {
      return fail(l, "ResolvedRefs", false, "RefNotPermitted", "GP0803", name.span,
                  "cannot reference certificateRef " + path +
                      ": missing ReferenceGrant; the listener is not served",
                  "add a ReferenceGrant in namespace " + ns + " from Gateways of " + gateway_.ns +
                      " to Secrets");
    }
    const Object* secret = c_.find(core_group, "Secret", ns, name.value);
    if (!secret) {
      return fail(
          l, "ResolvedRefs", false, "InvalidCertificateRef", "GP0802", name.span,
          "cannot load certificateRef " + path +
              ": the Secret does not exist; the listener is not served",
          where_else(c_, core_group, "Secret", ns, name.value) + " with type kubernetes.io/tls");
    }
    const Secret data = read_secret(*secret, c_.findings);
    for (const char* key : {"tls.crt", "tls.key"}) {
      const auto entry = data.data.find(key);
      if (entry != data.data.end() && !entry->second.value.empty()) continue;
      return fail(l, "ResolvedRefs", false, "InvalidCertificateRef", "GP0802", name.span,
                  "cannot load certificateRef " + path + ": " + key +
                      " is missing; the listener is not served",
                  "put the certificate into tls.crt and its key into tls.key");
    }
    return true;
  }

  const Context& c_;
  const EntryPointsView& entry_points_;
  const Object& gateway_;
  Report report_;
  std::set<std::string> taken_;
};

// Whether a Gateway's class is Traefik's; a class that is nowhere is reported.
bool ours(const Context& c, const Object& gateway) {
  const Text name = located_at(gateway.at("spec"), "gatewayClassName");
  const Object* found = c.find(gateway_group, "GatewayClass", "", name.value);
  // The class is of the cluster, which `namespaces` does not hide.
  if (!found) found = c.store.find(gateway_group, "GatewayClass", "", name.value);
  if (found) return text_at(found->at("spec"), "controllerName") == controller_name;
  c.findings.add("GP0808", name.span.known() ? name.span : gateway.span, gateway.label(),
                 "no GatewayClass `" + name.value + "` exists: the Gateway is not taken",
                 "add a GatewayClass with spec.controllerName: " + std::string(controller_name));
  return false;
}

}  // namespace

std::vector<GatewayView> read_gateways(const Context& c, const EntryPointsView& entry_points) {
  std::vector<GatewayView> out;
  for (const Object* o : c.list(gateway_group, "Gateway")) {
    if (!ours(c, *o)) continue;
    GatewayView view;
    view.object = o;
    Listeners listeners(c, entry_points, *o);
    for (const Value& v : items_at(o->at("spec"), "listeners"))
      view.listeners.push_back(listeners.one(v));
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
