// From the resolved model to configuration: an entry point for each address, port and layer-4 protocol, with its listeners.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/config_maker.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {

std::string qualified(const std::string& name) { return config::qualify(name, gateway_provider); }

config::Text located(std::string value, const SourceSpan& span) {
  config::Text t;
  t.value = std::move(value);
  t.span = span;
  return t;
}

std::string rule_text(const std::string& value) {
  const bool plain = value.find('`') == std::string::npos && value.find('\r') == std::string::npos;
  return plain ? "`" + value + "`" : text::quote(value);
}

std::string listener_name(const Listener& l) {
  return text::to_lower(l.owner->kind) + "/" + l.owner->ns + "/" + l.owner->name + "/" + l.name;
}

std::string port_name(const Gateway& gateway, const Listener& l) {
  const bool v6 = gateway.address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + gateway.address + "]" : gateway.address;
  return host + ":" + std::to_string(l.port) + (l.protocol == "UDP" ? "/udp" : "/tcp");
}

HostRank host_rank(std::string_view hostname) {
  return {!hostname.empty() && !hostname.starts_with("*"), hostname.size()};
}

std::vector<std::string> each_once(std::vector<std::string> hostnames) {
  std::sort(hostnames.begin(), hostnames.end());
  hostnames.erase(std::unique(hostnames.begin(), hostnames.end()), hostnames.end());
  return hostnames;
}

HostRank original_rank(const Route& route, std::string_view hostname) {
  HostRank best;
  for (const config::Value& h : items_at(route.object->at("spec"), "hostnames")) {
    const std::string written = text::to_lower(h.str());
    const bool covers =
        written == hostname || (written.starts_with("*.") && hostname.ends_with(written.substr(1)));
    if (covers) best = std::max(best, host_rank(written));
  }
  return best;
}

namespace {

using Protocol = config::ListenerConfig::Protocol;

Protocol protocol_of(const Listener& l) {
  if (l.protocol == "HTTPS") return Protocol::https;
  if (l.protocol == "TLS") return Protocol::tls;
  if (l.protocol == "TCP") return Protocol::tcp;
  return Protocol::http;
}

config::ListenerConfig listener_config(const Listener& l) {
  config::ListenerConfig c;
  c.name = listener_name(l);
  c.protocol = protocol_of(l);
  c.hostname = l.hostname;
  c.span = l.span;
  if (l.tls != ListenerTls::terminate) return c;
  for (const KeyPair& pair : l.certificates) {
    config::CertificateConfig one;
    one.cert_file = pair.certificate;
    one.key_file = pair.key;
    c.certificates.push_back(std::move(one));
  }
  if (!l.client_validation) return c;
  c.client_authorities = l.client_validation->cas;
  c.any_client = l.client_validation->insecure_fallback;
  return c;
}

}  // namespace

void add_entry_points(const Model& model, config::DynamicConfig& out) {
  std::map<std::string, std::shared_ptr<config::EntryPointConfig>> ports;
  for (const Gateway& g : model.gateways) {
    if (g.address.empty()) continue;
    for (const Listener& l : g.listeners) {
      if (!l.serves) continue;
      const std::string name = port_name(g, l);
      auto& port = ports[name];
      if (!port) {
        port = std::make_shared<config::EntryPointConfig>();
        port->name = name;
        port->address = located(name, l.span);
        port->sanitize_path = false;
        port->span = l.span;
      }
      if (l.protocol != "UDP") port->listeners.push_back(listener_config(l));
    }
  }
  for (auto& [name, port] : ports) out.entry_points[name] = std::move(port);
}

config::DynamicConfig to_config(const Model& model, const config::MiddlewareTypes& types,
                                config::Findings& findings) {
  return ConfigMaker().make(model, types, findings);
}

}  // namespace gateproof::kubernetes::gateway
