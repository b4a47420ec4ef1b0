#include "bindings/cpp/tcp_values.h"

#include "engine/base/text.h"

namespace gateproof::bindings {
namespace {

py::dict candidate(const pipeline::Candidate& c) {
  using Kind = pipeline::Candidate::Kind;
  py::dict d;
  d["router"] = c.router;
  d["kind"] = c.kind == Kind::no_match ? "no match" : c.kind == Kind::beaten ? "beaten" : "aside";
  d["why"] = text_of(c.why);
  d["file"] = std::string(c.span.file_name());
  d["line"] = c.span.line;
  d["column"] = c.span.column;
  d["priority"] = c.priority;
  d["matches"] = c.matches;
  d["would_win"] = c.would_win;
  return d;
}

py::list steps_of(const http::ExchangeTrace& trace) {
  py::list out;
  for (const http::TraceStep& s : trace)
    out.append(py::make_tuple(text_of(s.stage), text_of(s.action), text_of(s.detail), s.at_ns));
  return out;
}

// What a router of TCP would do behind its rule, short of asking a server. `d` gets steps, service and server.
void follow_target(const pipeline::TcpTarget& target, const IpAddress& peer, py::dict& d) {
  py::list steps;
  d["failure"] = "";
  for (const auto& m : target.middlewares) {
    std::string why;
    const bool in = m->enter(peer, &why);
    if (in) m->leave(peer);
    steps.append(py::make_tuple(m->stage, (in ? "pass: " : "close: ") + why));
    if (!in && py::len(d["failure"]) == 0) d["failure"] = "refused by " + m->stage;
  }
  if (target.way == pipeline::TcpTarget::Way::broken)
    d["failure"] = "the router's TLS options do not exist";
  if (target.way == pipeline::TcpTarget::Way::terminate)
    d["failure"] = "TLS that ends here is not acted on yet";
  if (target.service) {
    upstream::TcpService::Notes notes;
    const auto choice = target.service->choose(&notes);
    for (const auto& [service, why] : notes)
      steps.append(py::make_tuple("service " + service, why));
    if (choice) {
      d["service"] = std::string(choice->service);
      d["server"] = choice->server->address;
    } else if (py::len(d["failure"]) == 0) {
      d["failure"] = "no available server";
    }
  }
  d["steps"] = steps;
}

}  // namespace

SocketAddress peer_of(const std::string& text) {
  if (const auto ip = IpAddress::parse(text)) return SocketAddress{*ip, 50000};
  const auto address = SocketAddress::parse(text);
  if (!address)
    throw py::value_error("client address is neither an IP address nor ip:port: " + text);
  return *address;
}

py::dict stream_objects_of(const pipeline::Snapshot& snapshot) {
  py::dict out;
  py::list tcp, udp, services;
  for (const auto& [name, r] : snapshot.tcp_routers) {
    py::dict d = object_info(*r);
    d["rule"] = r->rule;
    d["service"] = r->service;
    d["priority"] = r->priority;
    d["tls"] = r->tls;
    d["entry_points"] = r->entry_points;
    d["middlewares"] = r->middlewares;
    tcp.append(d);
  }
  for (const auto& [name, r] : snapshot.udp_routers) {
    py::dict d = object_info(*r);
    d["service"] = r->service;
    d["entry_points"] = r->entry_points;
    udp.append(d);
  }
  for (const auto& [name, info] : snapshot.tcp_services) {
    py::dict d = object_info(info);
    py::dict servers;
    const auto health = snapshot.tcp_server_health.find(name);
    if (health != snapshot.tcp_server_health.end() && health->second) {
      for (const upstream::ServerStatus& s : health->second->statuses())
        servers[py::str(s.url)] = s.up ? "UP" : "DOWN";
    }
    d["servers"] = servers;
    services.append(d);
  }
  out["tcp_routers"] = tcp;
  out["tcp_services"] = services;
  out["tcp_middlewares"] = objects_of(snapshot.tcp_middlewares);
  out["udp_routers"] = udp;
  out["udp_services"] = objects_of(snapshot.udp_services);
  return out;
}

sim::TcpCall tcp_call(const std::string& entry_point, const std::string& peer,
                      const std::vector<py::bytes>& sends, bool half_close, int64_t patience_ns,
                      bool hold) {
  sim::TcpCall c;
  c.entry_point = entry_point;
  if (!peer.empty()) c.peer = peer_of(peer);
  for (const py::bytes& b : sends) c.sends.emplace_back(b);
  c.half_close = half_close;
  c.patience = Duration(patience_ns);
  c.hold = hold;
  return c;
}

py::dict tcp_outcome(const sim::TcpOutcome& o) {
  py::dict d;
  d["received"] = py::bytes(o.received);
  d["closed"] = o.closed;
  d["reset"] = o.reset;
  d["taker"] = o.record.taker;
  d["why"] = o.record.why;
  d["router"] = o.record.router;
  d["service"] = o.record.service;
  d["server"] = o.record.server;
  d["failure"] = o.record.failure;
  d["server_name"] = text_of(o.record.server_name);
  py::list upstream;
  for (const auto& [name, bytes] : o.upstream)
    upstream.append(py::make_tuple(name, py::bytes(bytes)));
  d["upstream"] = upstream;
  d["trace"] = steps_of(o.record.trace);
  d["elapsed_ns"] = o.finished_ns - o.started_ns;
  return d;
}

py::dict connection_answer(const pipeline::Snapshot& snapshot, const std::string& entry_point,
                           const std::string& kind, const std::string& server_name,
                           const std::vector<std::string>& alpn, const std::string& peer) {
  using Question = pipeline::ConnectionQuestion;
  Question q;
  q.kind = kind == "plain"      ? Question::plain
           : kind == "postgres" ? Question::postgres
                                : Question::tls;
  q.server_name = text::to_lower(server_name);
  q.alpn = alpn;
  q.client_ip = peer_of(peer).ip;
  const auto answer = pipeline::answer_connection(snapshot, entry_point, q);
  if (!answer) throw py::value_error("no TCP entry point is called " + entry_point);
  py::dict d;
  d["taker"] = answer->taker;
  d["why"] = answer->why;
  for (const char* key : {"router", "service", "server", "failure", "rule", "place"})
    d[key] = py::str();
  d["priority"] = 0;
  d["steps"] = py::list();
  if (answer->route) {
    d["router"] = answer->route->name;
    d["rule"] = answer->route->rule.text;
    d["priority"] = answer->route->priority;
    if (answer->route->rule_span.known()) d["place"] = answer->route->rule_span.to_string();
  }
  if (answer->target) follow_target(*answer->target, q.client_ip, d);
  py::list others;
  for (const pipeline::Candidate& c : answer->candidates) others.append(candidate(c));
  d["candidates"] = others;
  return d;
}

py::dict datagram_answer(const pipeline::Snapshot& snapshot, const std::string& entry_point) {
  const auto found = snapshot.udp_entry_points.find(entry_point);
  if (found == snapshot.udp_entry_points.end())
    throw py::value_error("no UDP entry point is called " + entry_point);
  py::dict d;
  for (const char* key : {"router", "service", "server", "failure"}) d[key] = py::str();
  d["steps"] = py::list();
  if (!found->second.router) {
    d["failure"] = "no UDP router takes this entry point: datagrams are dropped";
    return d;
  }
  d["router"] = found->second.router->name;
  upstream::TcpService::Notes notes;
  const auto choice = found->second.service->choose(&notes);
  py::list steps;
  for (const auto& [service, why] : notes) steps.append(py::make_tuple("service " + service, why));
  d["steps"] = steps;
  if (choice) {
    d["service"] = std::string(choice->service);
    d["server"] = choice->server->address;
  } else {
    d["failure"] = "no available server: datagrams are dropped";
  }
  return d;
}

}  // namespace gateproof::bindings
