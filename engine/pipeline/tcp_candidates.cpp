#include "engine/pipeline/tcp_candidates.h"

#include "engine/base/text.h"

namespace gateproof::pipeline {
namespace {

using Taker = TcpDecision::Taker;

TcpDecision decide(const EntryPoint& entry, const ConnectionQuestion& q,
                   const rules::RequestFacts& facts) {
  // Routers without TLS look at the peer alone where they decide before the first byte.
  rules::RequestFacts silent;
  silent.client_ip = facts.client_ip;
  if (const auto early = decide_silent(entry, silent)) return *early;
  switch (q.kind) {
    case ConnectionQuestion::plain: return decide_plain(entry, facts);
    case ConnectionQuestion::tls: return decide_tls(entry, facts);
    case ConnectionQuestion::postgres: return decide_postgres(entry, facts);
  }
  return {};
}

// Routers of the table that was asked, in order; a match that lost says to whom. `steps`: TLS, where the catch-all waits for all
// others whatever its priority.
void add_losers(const rules::RoutingTable& table, const rules::RequestFacts& facts,
                const TcpDecision& d, bool steps, std::vector<Candidate>& out) {
  const rules::Route* winner = d.taker == Taker::tcp ? d.route : nullptr;
  for (const rules::Loser& l : table.losers(facts, winner)) {
    Candidate c;
    c.router = l.route->name;
    c.matches = !l.failed;
    c.kind = c.matches ? Candidate::Kind::beaten : Candidate::Kind::no_match;
    c.why = c.matches && !winner ? std::string(d.why) : l.why;
    if (c.matches && winner && steps && rules::is_catch_all(l.route->rule.root))
      c.why = "the catch-all comes after all others";
    c.priority = l.route->priority;
    c.span = l.span;
    out.push_back(std::move(c));
  }
}

void add_aside(const Snapshot& snapshot, std::string_view entry_point, bool tls,
               const rules::RequestFacts& facts, std::vector<Candidate>& out) {
  for (const auto& [name, r] : snapshot.tcp_routers) {
    Candidate c;
    c.router = name;
    c.kind = Candidate::Kind::aside;
    c.priority = r->priority;
    c.span = r->rule_span.known() ? r->rule_span : r->span;
    c.matches = r->route && r->route->rule.matches(facts);
    const bool here = std::find(r->entry_points.begin(), r->entry_points.end(), entry_point) !=
                      r->entry_points.end();
    if (r->status == Status::disabled) {
      c.why = "disabled: " + text::join(r->errors, "; ");
    } else if (!here) {
      c.why = "listens on " + text::join(r->entry_points, ", ") + ", not on " +
              std::string(entry_point);
    } else if (r->tls != tls) {
      c.why =
          tls ? "has no tls, and this connection is TLS" : "has tls, and this connection is plain";
    } else {
      continue;
    }
    out.push_back(std::move(c));
  }
}

}  // namespace

std::string_view to_string(Taker t) {
  switch (t) {
    case Taker::tcp: return "tcp";
    case Taker::http: return "http";
    case Taker::https: return "https";
    case Taker::acme: return "acme";
    case Taker::nobody: return "nobody";
  }
  return "";
}

std::optional<ConnectionAnswer> answer_connection(const Snapshot& snapshot,
                                                  std::string_view entry_point,
                                                  const ConnectionQuestion& q) {
  const auto found = snapshot.entry_points.find(entry_point);
  if (found == snapshot.entry_points.end()) return std::nullopt;
  const EntryPoint& entry = *found->second;
  rules::RequestFacts facts;
  facts.host = q.server_name;
  facts.alpn = q.alpn;
  facts.client_ip = q.client_ip;
  const TcpDecision d = decide(entry, q, facts);
  ConnectionAnswer a;
  a.taker = to_string(d.taker);
  a.why = d.why;
  a.route = d.route;
  a.target = d.target;
  const bool secure = d.target ? d.target->router->tls : q.kind != ConnectionQuestion::plain;
  add_losers(secure ? *entry.tcp.secure : *entry.tcp.plain, facts, d,
             q.kind == ConnectionQuestion::tls, a.candidates);
  // A broken router stands in a table although it is disabled: it is told once.
  std::vector<Candidate> aside;
  add_aside(snapshot, entry_point, secure, facts, aside);
  for (Candidate& c : aside) {
    const bool told = std::any_of(a.candidates.begin(), a.candidates.end(),
                                  [&](const Candidate& o) { return o.router == c.router; });
    if (!told && !(d.taker == Taker::tcp && d.route->name == c.router))
      a.candidates.push_back(std::move(c));
  }
  return a;
}

}  // namespace gateproof::pipeline
