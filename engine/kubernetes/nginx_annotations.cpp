// Annotations of ingress-nginx, and the servers of its backends.
#include "engine/base/text.h"
#include "engine/kubernetes/backends.h"
#include "engine/kubernetes/nginx.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr std::string_view prefix = "nginx.ingress.kubernetes.io/";

// Go's intstr.IntOrString.IntValue() of a target port; a Service that says none has its port there.
int64_t target_port(const Value& port) {
  const Value* target = member(&port, "targetPort");
  if (!target) return integer_at(&port, "port");
  return config::parse_decimal(target->str()).value_or(0);
}

struct Found {
  ServicePort port;
  int64_t target = 0;
};

// A backend without a port takes the first one.
std::optional<Found> find_port(const Service& service, const Value* port) {
  const std::string name = text_at(port, "name");
  const int64_t number = integer_at(port, "number");
  const std::vector<Value>& written = items_at(service.object->at("spec"), "ports");
  for (size_t i = 0; i < service.ports.size(); ++i) {
    const ServicePort& p = service.ports[i];
    const bool any = number == 0 && name.empty();
    if (any || number == p.number || (!p.name.empty() && p.name == name))
      return Found{p, i < written.size() ? target_port(written[i]) : p.number};
  }
  if (service.type != "ExternalName") return std::nullopt;
  return Found{{}, config::parse_decimal(nginx_port_text(port)).value_or(0)};
}

}  // namespace

std::optional<Text> NginxAnnotations::text(std::string_view name) const {
  const Value* v = ingress_->annotation(std::string(prefix) + std::string(name));
  if (!v || v->kind == Value::null) return std::nullopt;
  return Text{std::string(v->str()), v->span};
}

std::string NginxAnnotations::text_or(std::string_view name, std::string otherwise) const {
  auto found = text(name);
  return found ? found->value : otherwise;
}

bool NginxAnnotations::flag(std::string_view name, bool otherwise) const {
  const auto found = text(name);
  return found ? text::iequals(found->value, "true") : otherwise;
}

std::optional<int64_t> NginxAnnotations::number(std::string_view name) const {
  const auto found = text(name);
  return found ? text::parse_int(found->value) : std::nullopt;
}

std::optional<std::vector<Text>> NginxAnnotations::list(std::string_view name) const {
  const auto found = text(name);
  if (!found) return std::nullopt;
  std::vector<Text> out;
  for (const std::string_view part : text::split(found->value, ','))
    out.push_back({std::string(text::trim(part)), found->span});
  return out;
}

std::string_view nginx_scheme(const NginxAnnotations& a) {
  const std::string protocol = text::to_lower(a.text_or("backend-protocol", "http"));
  if (protocol == "https" || protocol == "grpcs") return "https";
  return protocol == "grpc" ? "h2c" : "http";
}

std::string nginx_port_text(const Value* port) {
  const std::string name = text_at(port, "name");
  return name.empty() ? std::to_string(integer_at(port, "number")) : name;
}

std::optional<int64_t> nginx_bytes(std::string_view text) {
  text = text::trim(text);
  int64_t unit = 1;
  if (!text.empty() && !text::is_digit(text.back())) {
    const char letter = text::lower(text.back());
    if (letter == 'k') unit = 1024;
    if (letter == 'm') unit = 1024 * 1024;
    if (letter == 'g') unit = 1024 * 1024 * 1024;
    if (unit == 1 && letter != 'b') return std::nullopt;
    text = text::trim(text.substr(0, text.size() - 1));
  }
  if (text.empty() || !std::all_of(text.begin(), text.end(), text::is_digit)) return std::nullopt;
  const auto n = text::parse_int(text);
  if (!n || *n > INT64_MAX / unit) return std::nullopt;
  return *n * unit;
}

namespace {

std::optional<std::vector<config::ServerConfig>> no_service(const NginxContext& n,
                                                            std::string_view ns, const Text& name,
                                                            const Report& report) {
  report("GP0710", name.span, "service not found: " + std::string(ns) + "/" + name.value,
         where_else(n.c, core_group, "Service", ns, name.value));
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<config::ServerConfig>> nginx_servers(const NginxContext& n,
                                                               std::string_view ns,
                                                               const Value& service,
                                                               const NginxAnnotations& a,
                                                               const Report& report) {
  const Text name = located_at(&service, "name");
  const Object* found = n.c.find(core_group, "Service", ns, name.value);
  if (!found) return no_service(n, ns, name, report);
  const Service s = read_service(*found);
  const bool external = s.type == "ExternalName";
  if (external && n.options.disable_external_name) {
    report("GP0714", name.span, "externalName services not allowed",
           "leave " + n.c.option("disableSvcExternalName") + " out");
    return std::nullopt;
  }
  const auto port = find_port(s, member(&service, "port"));
  if (!port) {
    report("GP0711", name.span, "service port not found", "ports of the Service: " + ports_text(s));
    return std::nullopt;
  }
  const auto one = [&](const std::string& host, int64_t number) {
    config::ServerConfig server;
    server.url = {server_url("http", host, number), found->span};
    return std::vector{std::move(server)};
  };
  if (external) return one(s.external_name, port->target);
  if (a.flag("service-upstream")) return one(s.cluster_ip, port->port.number);
  auto servers = endpoint_servers(n.c, s, port->port, "http");
  // Where there is nobody, the annotation's Service answers.
  const auto other = a.text("default-backend");
  if (!servers.empty() || !other || other->value.empty() || other->value == name.value)
    return servers;
  const Object* fallback = n.c.find(core_group, "Service", ns, other->value);
  if (!fallback) return no_service(n, ns, *other, report);
  const Service f = read_service(*fallback);
  if (f.ports.empty() || (f.type == "ExternalName" && n.options.disable_external_name)) {
    report("GP0711", other->span, "fallback service port not found", "name another Service");
    return std::nullopt;
  }
  return endpoint_servers(n.c, f, f.ports.front(), "http");
}

}  // namespace gateproof::kubernetes
