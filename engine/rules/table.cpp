#include "engine/rules/table.h"

#include <numeric>

#include "engine/rules/explain.h"
#include "engine/rules/index.h"

namespace gateproof::rules {

struct RoutingTable::Index {
  RouteIndex routes;
};

namespace {

// Traefik leaves routers of equal priority and provider in no order; the name makes ours the same on every run.
bool before(const Route& a, const Route& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.precedence != b.precedence) return a.precedence < b.precedence;
  return a.name < b.name;
}

std::vector<Route> ordered(std::vector<Route> routes) {
  std::vector<uint32_t> at(routes.size());
  std::iota(at.begin(), at.end(), 0u);
  std::stable_sort(at.begin(), at.end(),
                   [&](uint32_t a, uint32_t b) { return before(routes[a], routes[b]); });
  std::vector<Route> out;
  out.reserve(routes.size());
  for (uint32_t i : at) out.push_back(std::move(routes[i]));
  return out;
}

}  // namespace

RoutingTable::RoutingTable(std::vector<Route> routes) : routes_(ordered(std::move(routes))) {
  auto index = std::make_unique<Index>();
  for (size_t i = 0; i < routes_.size(); ++i) {
    index->routes.add(static_cast<uint32_t>(i), index_alternatives(routes_[i].rule.root));
  }
  index->routes.finish();
  index_ = std::move(index);
}

RoutingTable::~RoutingTable() = default;
RoutingTable::RoutingTable(RoutingTable&&) noexcept = default;

const Route* RoutingTable::match(const RequestFacts& facts) const {
  if (!index_) return nullptr;  // moved from
  const auto ask = [&](uint32_t i) { return routes_[i].rule.matches(facts); };
  uint32_t found = index_->routes.lowest(facts.host, facts.path, ask);
  if (!facts.flat_host.empty() && facts.flat_host != facts.host) {
    const std::string flat = text::to_lower(facts.flat_host);
    found = std::min(found, index_->routes.lowest(flat, facts.path, ask));
  }
  return found == RouteIndex::none ? nullptr : &routes_[found];
}

std::vector<Loser> RoutingTable::losers(const RequestFacts& facts, const Route* winner) const {
  std::vector<Loser> out;
  out.reserve(routes_.size());
  for (const Route& r : routes_) {
    if (&r == winner) continue;
    Loser l;
    l.route = &r;
    l.failed = r.rule.first_failure(facts);
    if (l.failed) {
      l.span = r.rule_span.at(l.failed->offset, l.failed->length);
      l.why = explain_failure(*l.failed, facts);
    } else {
      l.span = r.rule_span;
      l.beaten_by = winner;
      l.why = winner ? explain_defeat(r, *winner) : "the rule matches";
    }
    out.push_back(std::move(l));
  }
  return out;
}

}  // namespace gateproof::rules
