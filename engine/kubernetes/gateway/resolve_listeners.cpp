// Listeners of Gateways and ListenerSets: what each asks for, which of them conflict, and their conditions.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

std::vector<std::string> kinds_of(std::string_view protocol) {
  if (protocol == "HTTP" || protocol == "HTTPS") return {"HTTPRoute", "GRPCRoute"};
  if (protocol == "TLS") return {"TLSRoute"};
  if (protocol == "TCP") return {"TCPRoute"};
  if (protocol == "UDP") return {"UDPRoute"};
  return {};
}

class Reader {
 public:
  Reader(State& s, size_t gateway, const Object& owner, const Value& v)
      : s_(s), gateway_(gateway), owner_(owner), v_(v) {
    l_.owner = &owner;
    l_.name = text_at(&v, "name");
    l_.protocol = text_at(&v, "protocol");
    l_.span = span_of(v, "name");
    if (l_.protocol != "TCP" && l_.protocol != "UDP")
      l_.hostname = lower_case(text_at(&v, "hostname"));
  }

  void read() {
    const Value* allowed = member(&v_, "allowedRoutes");
    w_.namespaces =
        NamespaceRule(member(allowed, "namespaces"), NamespaceRule::From::same, owner_.ns);
    port();
    if (kinds_of(l_.protocol).empty()) {
      not_accepted("GP0804", "UnsupportedProtocol", span_of(v_, "protocol"),
                   "protocol " + text::quote(l_.protocol) + " is not supported",
                   "write HTTP, HTTPS, TLS, TCP or UDP");
    } else {
      tls();
      kinds(allowed);
    }
    s_.model.gateways[gateway_].listeners.push_back(std::move(l_));
    s_.gateways[gateway_].listeners.push_back(std::move(w_));
  }

 private:
  void tell(const Problem& p) { s_.index.report(owner_, p, "listener " + l_.name + ": "); }
  void not_accepted(std::string_view code, std::string reason, SourceSpan at, std::string message,
                    std::string remedy) {
    Problem p{code, std::move(reason), std::move(message), std::move(remedy), std::move(at)};
    tell(p);
    if (!w_.not_accepted) w_.not_accepted = std::move(p);
  }
  void not_resolved(Problem p) {
    tell(p);
    if (!w_.not_resolved) w_.not_resolved = std::move(p);
  }

  void port() {
    const int64_t number = integer_at(&v_, "port");
    if (number >= 1 && number <= 65535) {
      l_.port = uint16_t(number);
      return;
    }
    not_accepted("GP0801", "PortUnavailable", span_of(v_, "port"),
                 "there is no port " + std::to_string(number), "write a port from 1 to 65535");
  }

  void kinds(const Value* allowed) {
    const std::vector<std::string> possible = kinds_of(l_.protocol);
    const std::vector<Value>& wanted = items_at(allowed, "kinds");
    if (wanted.empty()) l_.supported_kinds = possible;
    for (const Value& k : wanted) {
      const std::string kind = text_at(&k, "kind");
      const bool ours = !member(&k, "group") || text_at(&k, "group") == gateway_group;
      if (ours && std::find(possible.begin(), possible.end(), kind) != possible.end()) {
        if (std::find(l_.supported_kinds.begin(), l_.supported_kinds.end(), kind) ==
            l_.supported_kinds.end())
          l_.supported_kinds.push_back(kind);
        continue;
      }
      not_resolved({"GP0807", "InvalidRouteKinds",
                    "a listener of protocol " + l_.protocol + " cannot have routes of kind " + kind,
                    "write " + text::join(possible, " or "), span_of(k, "kind")});
    }
  }

  void tls() {
    const Value* tls = member(&v_, "tls");
    const std::string mode = text_at(tls, "mode");
    if (l_.protocol != "HTTPS" && l_.protocol != "TLS") {
      if (tls) {
        not_accepted("GP0806", "UnsupportedValue", span_of(v_, "tls"),
                     "a listener of protocol " + l_.protocol + " has no TLS",
                     "remove tls, or write protocol: HTTPS or TLS");
      }
      return;
    }
    if (mode == "Passthrough" && l_.protocol == "TLS") {
      l_.tls = ListenerTls::passthrough;
      return;
    }
    l_.tls = ListenerTls::terminate;
    if (!mode.empty() && mode != "Terminate") {
      not_accepted("GP0806", "UnsupportedValue", span_of(*tls, "mode"),
                   "a listener of protocol " + l_.protocol + " cannot have TLS mode " + mode,
                   l_.protocol == "HTTPS" ? "write mode: Terminate, or protocol: TLS"
                                          : "write mode: Terminate or Passthrough");
      return;
    }
    certificates(tls);
    if (l_.protocol == "HTTPS") client_validation();
  }

  void certificates(const Value* tls) {
    const std::vector<Value>& refs = items_at(tls, "certificateRefs");
    if (refs.empty()) {
      not_resolved({"GP0802", "InvalidCertificateRef", "TLS is terminated without a certificate",
                    "write tls.certificateRefs with a Secret of type kubernetes.io/tls",
                    span_of(v_, "tls")});
    }
    for (const Value& ref : refs) {
      KeyPair pair;
      if (auto problem = s_.index.read_key_pair(owner_, ref, "InvalidCertificateRef", pair)) {
        not_resolved(std::move(*problem));
      } else {
        l_.certificates.push_back(std::move(pair));
      }
    }
  }

  void client_validation() {
    const GatewayWork& g = s_.gateways[gateway_];
    const auto by_port = g.port_frontends.find(l_.port);
    const std::shared_ptr<const Frontend>& f =
        by_port == g.port_frontends.end() ? g.default_frontend : by_port->second;
    if (!f) return;
    l_.client_validation = f->validation;
    if (!f->problem) return;
    not_resolved(*f->problem);
    if (f->validation.cas.empty()) {
      not_accepted(
          "GP0816", "NoValidCACertificate", f->problem->span,
          "no authority is left to check certificates of clients with: " + f->problem->message,
          f->problem->remedy);
    }
  }

  State& s_;
  size_t gateway_;
  const Object& owner_;
  const Value& v_;
  Listener l_;
  ListenerWork w_;
};

// Listeners that share a port have to be told apart by one way of looking at the first bytes.
std::string_view protocol_class(std::string_view protocol) {
  if (protocol == "HTTPS" || protocol == "TLS") return "TLS";
  return protocol;
}

std::string port_key(const Listener& l) {
  return std::to_string(l.port) + (l.protocol == "UDP" ? "/udp" : "/tcp");
}

}  // namespace

void read_listeners(State& s, size_t gateway, const Object& owner) {
  std::unordered_set<std::string> names;
  for (const Value& v : items_at(owner.at("spec"), "listeners")) {
    Reader(s, gateway, owner, v).read();
    const Listener& l = s.model.gateways[gateway].listeners.back();
    if (names.insert(l.name).second) continue;
    Problem p{"GP0805", "UnsupportedValue", "another listener has the name " + l.name,
              "give each listener a name of its own", l.span};
    s.index.report(owner, p, "listener " + l.name + ": ");
    s.gateways[gateway].listeners.back().not_accepted = std::move(p);
  }
}

// Earlier objects win: a Gateway's own listeners, then ListenerSets by age. Within one object the API lets nobody win: all
// listeners that are not distinct are conflicted.
void find_conflicts(State& s, size_t gateway, size_t first) {
  const std::vector<Listener>& listeners = s.model.gateways[gateway].listeners;
  std::vector<ListenerWork>& work = s.gateways[gateway].listeners;
  const auto conflict = [&](size_t i, std::string reason, const Listener& with) {
    const Listener& l = listeners[i];
    const bool protocols = reason == "ProtocolConflict";
    Problem p{"GP0805", std::move(reason),
              (protocols ? "protocol " + l.protocol + " on port " + std::to_string(l.port)
                         : "port " + std::to_string(l.port) + " with hostname " +
                               text::quote(l.hostname)) +
                  " is taken by listener " + with.name,
              protocols ? "use another port" : "use another port or hostname", l.span};
    s.index.report(*l.owner, p, "listener " + l.name + ": ");
    work[i].conflicted = true;
    work[i].not_accepted = std::move(p);
  };
  // port -> class, and port and hostname -> listener; of objects before this one
  std::unordered_map<std::string, size_t> ports, hosts;
  const auto host_key = [&](const Listener& l) { return port_key(l) + "/" + l.hostname; };
  const auto counts = [&](size_t i) { return !work[i].not_accepted && !work[i].conflicted; };
  for (size_t i = 0; i < first; ++i) {
    if (!counts(i)) continue;
    ports.emplace(port_key(listeners[i]), i);
    hosts.emplace(host_key(listeners[i]), i);
  }
  for (size_t i = first; i < listeners.size(); ++i) {
    if (!counts(i)) continue;
    const auto port = ports.find(port_key(listeners[i]));
    if (port == ports.end()) continue;
    const Listener& holder = listeners[port->second];
    if (protocol_class(holder.protocol) != protocol_class(listeners[i].protocol)) {
      conflict(i, "ProtocolConflict", holder);
    } else if (const auto host = hosts.find(host_key(listeners[i])); host != hosts.end()) {
      conflict(i, "HostnameConflict", listeners[host->second]);
    }
  }
  // Two of one object that are told apart by nothing; of a port or host the first listener and the first that differs from it.
  struct Pair {
    size_t first, second = SIZE_MAX;
  };
  std::unordered_map<std::string, Pair> same_port, same_host;
  const auto class_of = [&](size_t i) { return protocol_class(listeners[i].protocol); };
  for (size_t i = first; i < listeners.size(); ++i) {
    if (!counts(i)) continue;
    Pair& port = same_port.try_emplace(port_key(listeners[i]), Pair{i}).first->second;
    if (port.second == SIZE_MAX && class_of(i) != class_of(port.first)) port.second = i;
    Pair& host = same_host.try_emplace(host_key(listeners[i]), Pair{i}).first->second;
    if (host.second == SIZE_MAX && host.first != i) host.second = i;
  }
  for (size_t i = first; i < listeners.size(); ++i) {
    if (!counts(i)) continue;
    const Pair& port = same_port.at(port_key(listeners[i]));
    const Pair& host = same_host.at(host_key(listeners[i]));
    if (port.second != SIZE_MAX) {
      const bool differs = class_of(i) != class_of(port.first);
      conflict(i, "ProtocolConflict", listeners[differs ? port.first : port.second]);
    } else if (host.second != SIZE_MAX) {
      conflict(i, "HostnameConflict", listeners[host.first == i ? host.second : host.first]);
    }
  }
}

// Connections that clients reuse may reach the wrong one of two TLS listeners whose hostnames overlap.
void find_overlaps(State& s, size_t gateway) {
  const std::vector<Listener>& listeners = s.model.gateways[gateway].listeners;
  std::vector<ListenerWork>& work = s.gateways[gateway].listeners;
  std::unordered_map<std::string, size_t> patterns;  // port and hostname -> listener
  const auto counts = [&](size_t i) {
    return listeners[i].tls == ListenerTls::terminate && !work[i].not_accepted;
  };
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (counts(i)) patterns.emplace(port_key(listeners[i]) + "/" + listeners[i].hostname, i);
  }
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (!counts(i) || listeners[i].hostname.empty()) continue;
    const std::string_view host = listeners[i].hostname;
    // Every wildcard above the hostname, and the listener of all hosts.
    for (size_t dot = host.find('.', host.starts_with("*.") ? 2 : 0);;
         dot = host.find('.', dot + 1)) {
      const bool last = dot == std::string_view::npos;
      const auto above = patterns.find(port_key(listeners[i]) + "/" +
                                       (last ? "" : "*" + std::string(host.substr(dot))));
      if (above != patterns.end()) {
        work[i].overlaps = listeners[above->second].name;
        work[above->second].overlaps = listeners[i].name;
      }
      if (last) break;
    }
  }
}

bool usable(const Listener& l, const ListenerWork& w) {
  if (w.not_accepted || l.supported_kinds.empty()) return false;
  return l.tls != ListenerTls::terminate || !l.certificates.empty();
}

void judge_listener(State& s, size_t gateway, size_t listener) {
  Listener& l = s.model.gateways[gateway].listeners[listener];
  const GatewayWork& g = s.gateways[gateway];
  const ListenerWork& w = g.listeners[listener];
  l.serves = usable(l, w) && !g.not_accepted && !g.not_programmed;
  const auto add = [&l](const char* type, const std::optional<Problem>& problem,
                        const char* good_message) {
    if (problem) {
      l.conditions.push_back({type, "False", problem->reason, problem->text()});
    } else {
      l.conditions.push_back({type, "True", type, good_message});
    }
  };
  add("Accepted", w.not_accepted, "the listener is valid");
  if (l.serves) {
    l.conditions.push_back({"Programmed", "True", "Programmed", "the listener serves"});
  } else {
    const std::optional<Problem>& why = w.not_accepted   ? w.not_accepted
                                        : w.not_resolved ? w.not_resolved
                                        : g.not_accepted ? g.not_accepted
                                                         : g.not_programmed;
    l.conditions.push_back({"Programmed", "False", w.conflicted ? why->reason : "Invalid",
                            why ? why->text() : "the listener cannot serve"});
  }
  add("ResolvedRefs", w.not_resolved, "all references resolve");
  if (w.conflicted)
    l.conditions.push_back({"Conflicted", "True", w.not_accepted->reason, w.not_accepted->text()});
  if (!w.overlaps.empty()) {
    l.conditions.push_back(
        {"OverlappingTLSConfig", "True", "OverlappingHostnames",
         "hostnames overlap with those of listener " + w.overlaps + " on the same port"});
  }
}

}  // namespace gateproof::kubernetes::gateway
