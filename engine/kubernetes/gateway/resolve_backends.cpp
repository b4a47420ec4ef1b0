#include "engine/kubernetes/gateway/resolve_backends.h"

#include <algorithm>

#include "engine/base/address.h"
#include "engine/kubernetes/backends.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

constexpr int64_t weight_max = 1'000'000;

bool http_kind(const Object& route) {
  return route.kind == "HTTPRoute" || route.kind == "GRPCRoute";
}

bool known_app_protocol(std::string_view p) {
  static constexpr std::string_view known[] = {
      "", "http", "https", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"};
  return std::find(std::begin(known), std::end(known), p) != std::end(known);
}

Problem not_found(std::string message, std::string remedy) {
  return {"GP0812", "BackendNotFound", std::move(message), std::move(remedy), {}};
}

}  // namespace

std::optional<Problem> Backends::resolve(const Object& route, const Value& ref, Backend& out,
                                         bool grpc) {
  std::string ns = text_at(&ref, "namespace");
  if (ns.empty()) ns = route.ns;
  std::string kind = text_at(&ref, "kind");
  if (kind.empty()) kind = "Service";
  const std::string name = text_at(&ref, "name"), group = text_at(&ref, "group");
  out.service = {group, kind, ns, name};
  out.port = integer_at(&ref, "port");
  out.weight = std::clamp<int64_t>(integer_at(&ref, "weight", 1), 0, weight_max);
  out.ref = &ref;
  out.error_status = 500;
  if (!group.empty() || kind != "Service") {
    return Problem{"GP0813", "InvalidKind",
                   "a backend cannot be of group \"" + group + "\" and kind " + kind,
                   "name a Service", span_of(ref, "kind")};
  }
  if (!index_.granted(route.kind, route.ns, "Service", ns, name)) {
    return Problem{
        "GP0803", "RefNotPermitted",
        "Service " + ns + "/" + name +
            " is in another namespace, and no ReferenceGrant there allows it to be named",
        "add a ReferenceGrant in namespace " + ns + " from " + route.kind + "s of " + route.ns +
            " to Services",
        span_of(ref, "name")};
  }
  const Port& p = port(ns, name, out.port, route.kind == "UDPRoute" ? "UDP" : "TCP");
  out.app_protocol = p.app_protocol;
  if (p.problem) {
    Problem problem = *p.problem;
    problem.span = span_of(ref, "name");
    return problem;
  }
  const bool as_grpc = grpc && p.app_protocol == "grpc";
  if (route.kind == "HTTPRoute" && !as_grpc && !known_app_protocol(p.app_protocol)) {
    return Problem{"GP0814", "UnsupportedProtocol",
                   "port " + std::to_string(out.port) + " of Service " + ns + "/" + name +
                       " has appProtocol " + p.app_protocol,
                   "write http, https, kubernetes.io/h2c, kubernetes.io/ws or kubernetes.io/wss",
                   span_of(ref, "port")};
  }
  out.error_status = 0;
  out.endpoints = p.endpoints;
  if (http_kind(route) || route.kind == "TLSRoute") out.tls = p.tls;
  return std::nullopt;
}

const Backends::Port& Backends::port(const std::string& ns, const std::string& name, int64_t number,
                                     std::string_view protocol) {
  std::string path = path_of(ns, name);
  asked_.insert(path);
  const auto [at, fresh] = ports_[std::move(path)].try_emplace({number, std::string(protocol)});
  Port& out = at->second;
  if (!fresh) return out;
  const Object* service = index_.store.find(core_group, "Service", ns, name);
  if (!service) {
    out.problem = not_found("Service " + ns + "/" + name + " does not exist",
                            "create the Service, or name another");
  } else {
    read_port(*service, number, protocol, out);
  }
  return out;
}

void Backends::read_port(const Object& object, int64_t number, std::string_view protocol,
                         Port& out) {
  const Service service = read_service(object);
  const std::string label = "Service " + object.ns + "/" + object.name;
  if (service.type == "ExternalName") {
    out.problem = not_found(label + " is of type ExternalName, which names no endpoints",
                            "name a Service with endpoints");
    return;
  }
  const ServicePort* found = nullptr;
  bool other_protocol = false;
  for (const ServicePort& p : service.ports) {
    if (p.number != number) continue;
    if (p.protocol == protocol) {
      found = &p;
      break;
    }
    other_protocol = true;
  }
  if (!found) {
    const std::string what = label + " has no port " + std::to_string(number);
    out.problem = other_protocol
                      ? Problem{"GP0814",
                                "UnsupportedProtocol",
                                what + " of protocol " + std::string(protocol),
                                "name a port of that protocol",
                                {}}
                      : not_found(number == 0 ? label + " is named without a port" : what,
                                  "ports of the Service: " + ports_text(service));
    return;
  }
  // Names that IANA gives are written in any case.
  out.app_protocol = lower_case(found->app_protocol);
  read_endpoints(object, *found, out);
  out.tls = policies_.tls(object.ns, object.name, found->name);
}

// Slices are matched by the name of the port, whatever its number: that of the Service is no number of an endpoint.
void Backends::read_endpoints(const Object& service, const ServicePort& port, Port& out) {
  std::unordered_set<std::string> seen;
  for (const Object* slice : index_.store.slices_of(service.ns, service.name)) {
    const Value* slice_port = nullptr;
    for (const Value& p : items_at(slice->root, "ports")) {
      std::string protocol = text_at(&p, "protocol");
      if (protocol.empty()) protocol = "TCP";
      if (text_at(&p, "name") == port.name && protocol == port.protocol) slice_port = &p;
    }
    const int64_t number = integer_at(slice_port, "port");
    if (number < 1 || number > 65535) continue;
    if (out.app_protocol.empty()) out.app_protocol = lower_case(text_at(slice_port, "appProtocol"));
    for (const Value& e : items_at(slice->root, "endpoints")) {
      if (!boolean_at(member(&e, "conditions"), "ready").value_or(true)) continue;
      // The addresses of one endpoint are one and the same server: the API asks for the first.
      const std::vector<Value>& addresses = items_at(&e, "addresses");
      if (addresses.empty()) continue;
      std::string ip(addresses.front().str());
      if (!IpAddress::parse(ip)) continue;
      if (seen.insert(ip + " " + std::to_string(number)).second)
        out.endpoints.push_back({std::move(ip), number});
    }
  }
}

}  // namespace gateproof::kubernetes::gateway
