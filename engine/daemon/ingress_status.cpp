#include "engine/daemon/ingress_status.h"

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/kubernetes/core_objects.h"
#include "engine/kubernetes/ingress.h"
#include "engine/providers/kube_json.h"

namespace gateproof::daemon {

using config::Value;
using kubernetes::items_at;
using providers::json_text;
using providers::KubeLevel;

namespace {

std::string text_at(const Value& v, std::string_view path) {
  const Value* found = v.at(path);
  return found ? std::string(found->str()) : std::string();
}

std::string entry(const std::string& ip, const std::string& hostname, const std::string& ports) {
  std::vector<std::string> parts;
  if (!hostname.empty()) parts.push_back("\"hostname\":" + json_text(hostname));
  if (!ip.empty()) parts.push_back("\"ip\":" + json_text(ip));
  if (!ports.empty()) parts.push_back("\"ports\":" + ports);
  return "{" + text::join(parts, ",") + "}";
}

std::string list(const std::vector<std::string>& entries) {
  return "[" + text::join(entries, ",") + "]";
}

std::string ports_of(const kubernetes::Object& service, const char* number) {
  std::vector<std::string> ports;
  for (const Value& p : items_at(service.at("spec"), "ports")) {
    const std::string protocol = text_at(p, "protocol");
    ports.push_back("{\"port\":" + std::to_string(kubernetes::integer_at(&p, number)) +
                    ",\"protocol\":" + json_text(protocol.empty() ? "TCP" : protocol) + "}");
  }
  return ports.empty() ? "" : list(ports);
}

std::vector<std::string> balancer(const kubernetes::Object& service) {
  std::vector<std::string> entries;
  for (const Value& i : items_at(service.at("status.loadBalancer"), "ingress")) {
    const Value* ports = i.find("ports");
    entries.push_back(entry(text_at(i, "ip"), text_at(i, "hostname"),
                            ports && !ports->items.empty() ? providers::json_of(*ports) : ""));
  }
  return entries;
}

// Addresses and names of a status, whatever the order; what else an entry says is not compared (Traefik).
std::multiset<std::string> named_in(const Value* entries) {
  std::multiset<std::string> out;
  for (const Value& e : entries ? entries->items : std::vector<Value>())
    out.insert(text_at(e, "hostname") + text_at(e, "ip"));
  return out;
}

}  // namespace

Result<std::string> nginx_addresses(const config::NginxProviderConfig& options,
                                    const kubernetes::ObjectStore& store) {
  std::vector<std::string> entries;
  for (const config::Text& t : options.publish_addresses) {
    const bool ip = IpAddress::parse(t.value).has_value();
    entries.push_back(entry(ip ? t.value : "", ip ? "" : t.value, ""));
  }
  if (!entries.empty()) return list(entries);
  const std::string& name = options.publish_service.value;
  const std::vector<std::string_view> parts = text::split(name, '/');
  if (parts.size() != 2)
    return Error(Code::invalid,
                 "parsing publishService, 'namespace/service' format expected: " + name);
  const kubernetes::Object* service =
      store.find(kubernetes::core_group, "Service", parts[0], parts[1]);
  if (!service) return Error(Code::not_found, "getting service: missing service " + name);
  const std::string type = text_at(*service->root, "spec.type");
  const std::vector<Value>& external = items_at(service->at("spec"), "externalIPs");
  if (type == "ExternalName") {
    entries.push_back(entry("", text_at(*service->root, "spec.externalName"), ""));
  } else if (type == "LoadBalancer") {
    entries = balancer(*service);
    const auto there = named_in(service->at("status.loadBalancer.ingress"));
    for (const Value& ip : external) {
      if (!there.contains(std::string(ip.str())))
        entries.push_back(entry(std::string(ip.str()), "", ""));
    }
  } else if (type == "NodePort" && !external.empty()) {
    for (const Value& ip : external) entries.push_back(entry(std::string(ip.str()), "", ""));
  } else {
    entries.push_back(entry(text_at(*service->root, "spec.clusterIP"), "", ""));
  }
  return list(entries);
}

std::optional<std::string> NginxStatus::addresses() {
  Result<std::string> made = nginx_addresses(options_, source_.store());
  if (made) {
    told_.clear();
    return std::move(*made);
  }
  const std::string line = "status of Ingresses: " + made.error().message;
  if (line != std::exchange(told_, line)) log_(KubeLevel::error, line);
  return std::nullopt;
}

void NginxStatus::want(const providers::KubeKey& ingress, const std::string& addresses) {
  const Result<Value> wanted = providers::read_kube_json(addresses, "a status");
  if (!wanted) return;
  providers::KubeStatusMaker make =
      [addresses, names = named_in(&*wanted)](const Value& object) -> std::optional<std::string> {
    if (named_in(object.at("status.loadBalancer.ingress")) == names) return std::nullopt;
    return "{\"loadBalancer\":{\"ingress\":" + addresses + "}}";
  };
  source_.want_status(ingress, std::move(make));
}

void NginxStatus::served(const std::vector<const kubernetes::Object*>& ingresses) {
  served_.clear();
  for (const kubernetes::Object* o : ingresses) served_.insert({o->group, o->kind, o->ns, o->name});
  const auto told = addresses();
  if (!told) return;
  for (const providers::KubeKey& key : served_) want(key, *told);
}

void NginxStatus::changed(const std::vector<providers::KubeChange>& changes) {
  const bool any = std::any_of(changes.begin(), changes.end(), [this](const auto& c) {
    return c.object && served_.contains(c.key);
  });
  const auto told = any ? addresses() : std::nullopt;
  if (!told) return;
  for (const providers::KubeChange& c : changes) {
    if (c.object && served_.contains(c.key)) want(c.key, *told);
  }
}

Result<std::string> ingress_addresses(const config::KubernetesProviderConfig::StatusAddress& where,
                                      const kubernetes::ObjectStore& store,
                                      const std::vector<const Value*>& nodes) {
  if (where.service.empty()) {
    if (where.ip.empty() && where.hostname.empty())
      return Error(Code::invalid, "publishedService or ip or hostname must be defined");
    return list({entry(where.ip, where.hostname, "")});
  }
  const std::vector<std::string_view> parts = text::split(where.service, '/');
  if (parts.size() != 2) {
    return Error(
        Code::invalid,
        "invalid publishedService format (expected 'namespace/service' format): " + where.service);
  }
  const kubernetes::Object* service =
      store.find(kubernetes::core_group, "Service", parts[0], parts[1]);
  if (!service) return Error(Code::not_found, "missing service: " + where.service);
  const std::string type = text_at(*service->root, "spec.type");
  std::vector<std::string> entries;
  if (type == "LoadBalancer") {
    entries = balancer(*service);
    if (entries.empty())
      return Error(Code::unavailable, "service " + where.service + " has no status yet");
  } else if (type == "ExternalName") {
    entries.push_back(entry("", text_at(*service->root, "spec.externalName"), ""));
  } else if (type == "NodePort") {
    const std::string ports = ports_of(*service, "nodePort");
    for (const Value* node : nodes) {
      for (const Value& a : items_at(node->find("status"), "addresses")) {
        if (text_at(a, "type") == "ExternalIP")
          entries.push_back(entry(text_at(a, "address"), "", ports));
      }
    }
  } else if (type == "ClusterIP" || type.empty()) {
    const std::string ports = ports_of(*service, "port");
    for (const Value& ip : items_at(service->at("spec"), "externalIPs"))
      entries.push_back(entry(std::string(ip.str()), "", ports));
  } else {
    return Error(Code::invalid, "unsupported service type: " + type);
  }
  return list(entries);
}

void IngressStatus::want(const kubernetes::Object& ingress, const std::string& addresses) {
  const Result<Value> wanted = providers::read_kube_json(addresses, "a status");
  if (!wanted) return;
  const uint64_t digest = wanted->items.empty() ? 0 : providers::content_digest(*wanted);
  providers::KubeStatusMaker make = [addresses,
                                     digest](const Value& object) -> std::optional<std::string> {
    const Value* now = object.at("status.loadBalancer.ingress");
    const uint64_t have = now && !now->items.empty() ? providers::content_digest(*now) : 0;
    if (have == digest) return std::nullopt;
    return "{\"loadBalancer\":{\"ingress\":" + addresses + "}}";
  };
  source_.want_status({ingress.group, ingress.kind, ingress.ns, ingress.name}, std::move(make));
}

void IngressStatus::changed(const std::vector<providers::KubeChange>& changes) {
  const Result<std::string> addresses =
      ingress_addresses(*options_.status_address, source_.store(), source_.documents("", "Node"));
  if (!addresses) {
    const bool early = addresses.error().code == Code::unavailable;
    const std::string line = "status of Ingresses: " + addresses.error().message;
    if (line != std::exchange(told_, line)) log_(early ? KubeLevel::debug : KubeLevel::error, line);
    return;
  }
  told_.clear();
  config::Findings ignored;
  const kubernetes::Context context{source_.store(), options_, kubernetes::ingress_provider,
                                    "providers.kubernetesIngress", ignored};
  const bool all = std::any_of(changes.begin(), changes.end(), [](const auto& c) {
    return c.key.kind != "Ingress" && c.key.kind != "EndpointSlice" && c.key.kind != "Secret" &&
           c.content_changed();
  });
  if (all) {
    for (const kubernetes::Object* o : context.list(kubernetes::networking_group, "Ingress")) {
      if (kubernetes::ingress_taken(context, *o)) want(*o, *addresses);
    }
    return;
  }
  for (const providers::KubeChange& c : changes) {
    if (c.key.kind != "Ingress" || !c.object) continue;
    const kubernetes::Object* o = context.find(c.key.group, c.key.kind, c.key.ns, c.key.name);
    if (o && kubernetes::ingress_taken(context, *o)) want(*o, *addresses);
  }
}

}  // namespace gateproof::daemon
