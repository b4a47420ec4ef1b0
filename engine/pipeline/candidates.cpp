#include "engine/pipeline/candidates.h"

namespace gateproof::pipeline {
namespace {

Candidate of_loser(const rules::Loser& l) {
  Candidate c;
  c.router = l.route->name;
  c.kind = l.beaten_by ? Candidate::Kind::beaten : Candidate::Kind::no_match;
  c.why = l.why;
  c.priority = l.route->priority;
  c.matches = l.beaten_by != nullptr;
  c.span = l.route->rule_span;
  if (l.failed && c.span.known()) c.span = c.span.at(l.failed->offset, l.failed->length);
  return c;
}

// Why a router is in another table or in none; empty: it is in this one.
std::string why_aside(const RouterInfo& r, std::string_view entry_point, bool tls) {
  if (!r.parents.empty()) return "asked only inside " + text::join(r.parents, ", ");
  if (r.status == Status::disabled && !r.served) {
    return "disabled: " +
           (r.errors.empty() ? std::string("see its findings") : text::join(r.errors, "; "));
  }
  if (std::find(r.entry_points.begin(), r.entry_points.end(), entry_point) ==
      r.entry_points.end()) {
    return "listens on " + text::join(r.entry_points, ", ") + ", not on " +
           std::string(entry_point);
  }
  if (r.tls && !tls) return "takes TLS requests only, and this one is plain";
  if (!r.tls && tls) return "takes plain requests only, and this one came over TLS";
  return {};
}

std::optional<Candidate> of_router(const RouterInfo& r, std::string_view entry_point, bool tls,
                                   const rules::RequestFacts& facts, const rules::Route* winner) {
  Candidate c;
  c.why = why_aside(r, entry_point, tls);
  if (c.why.empty()) return std::nullopt;
  c.router = r.name;
  c.kind = Candidate::Kind::aside;
  c.span = r.rule_span.known() ? r.rule_span : r.span;
  c.priority = r.priority;
  if (!r.route || !r.parents.empty()) return c;
  c.matches = r.route->rule.matches(facts);
  if (!c.matches) return c;
  c.would_win = !winner || rules::comes_before(*r.route, *winner);
  if (winner) {
    const std::string numbers = std::to_string(r.priority) + (c.would_win ? " > " : " <= ") +
                                std::to_string(winner->priority) + " of " + winner->name;
    c.why += c.would_win
                 ? "; its rule matches, and were it served here it would win: priority " + numbers
                 : "; its rule matches, and were it served here it would lose: priority " + numbers;
  } else {
    c.why += "; its rule matches, and were it served here it would take the request";
  }
  return c;
}

}  // namespace

std::vector<Candidate> candidates(const Snapshot& snapshot, std::string_view entry_point, bool tls,
                                  const rules::RequestFacts& facts,
                                  const rules::RoutingTable& table, const rules::Route* winner) {
  std::vector<Candidate> out;
  const auto port = snapshot.entry_points.find(entry_point);
  if (port != snapshot.entry_points.end() && port->second->listeners) {
    // The table is that of a listener behind the port, whose routers take requests with and without TLS alike.
    for (const Listener& l : port->second->listeners->all()) {
      if (l.entry->plain.get() == &table) entry_point = l.name;
    }
    tls = false;
  }
  for (const rules::Loser& l : table.losers(facts, winner)) out.push_back(of_loser(l));
  for (const auto& [name, router] : snapshot.routers) {
    if (auto c = of_router(*router, entry_point, tls, facts, winner)) out.push_back(std::move(*c));
  }
  return out;
}

}  // namespace gateproof::pipeline
