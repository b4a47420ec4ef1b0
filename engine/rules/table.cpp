#include "engine/rules/table.h"

#include <algorithm>
#include <iterator>

#include "engine/rules/explain.h"
#include "engine/rules/index.h"

namespace gateproof::rules {

struct RoutingTable::Part {
  std::vector<RoutePtr> routes;
  RouteIndex index;
};

namespace {

bool before(const RoutePtr& a, const RoutePtr& b) { return comes_before(*a, *b); }

std::vector<RoutePtr> shared(std::vector<Route> routes) {
  std::vector<RoutePtr> out;
  out.reserve(routes.size());
  for (Route& r : routes) out.push_back(std::make_shared<const Route>(std::move(r)));
  return out;
}

// Where the route stands; `routes.size()` if it is not there. Several may have one name and one priority.
size_t place_of(const std::vector<RoutePtr>& routes, const RoutePtr& route) {
  auto [at, end] = std::equal_range(routes.begin(), routes.end(), route, before);
  at = std::find(at, end, route);
  return static_cast<size_t>((at == end ? routes.end() : at) - routes.begin());
}

}  // namespace

bool comes_before(const Route& a, const Route& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.precedence != b.precedence) return a.precedence < b.precedence;
  if (a.order != b.order) return a.order < b.order;
  return a.name < b.name;
}

std::shared_ptr<const RoutingTable::Part> RoutingTable::part_of(std::vector<RoutePtr> routes) {
  auto part = std::make_shared<Part>();
  std::stable_sort(routes.begin(), routes.end(), before);
  part->routes = std::move(routes);
  for (size_t i = 0; i < part->routes.size(); ++i) {
    part->index.add(static_cast<uint32_t>(i), index_alternatives(part->routes[i]->rule.root));
  }
  part->index.finish();
  return part;
}

RoutingTable::RoutingTable(std::vector<Route> routes) : RoutingTable(shared(std::move(routes))) {}
RoutingTable::RoutingTable(std::vector<RoutePtr> routes) : main_(part_of(std::move(routes))) {}

RoutingTable::RoutingTable(const RoutingTable& from, const std::vector<RoutePtr>& without,
                           const std::vector<RoutePtr>& with)
    : main_(from.main_), gone_(from.gone_), gone_count_(from.gone_count_) {
  std::vector<RoutePtr> more;
  if (from.more_) more = from.more_->routes;
  gone_.resize((main_->routes.size() + 63) / 64);
  for (const RoutePtr& r : without) {
    if (const size_t at = place_of(more, r); at < more.size()) {
      more.erase(more.begin() + static_cast<ptrdiff_t>(at));
    } else if (const size_t old = place_of(main_->routes, r);
               old < main_->routes.size() && !gone(old)) {
      gone_[old / 64] |= uint64_t{1} << old % 64;
      ++gone_count_;
    }
  }
  for (const RoutePtr& r : with)
    more.insert(std::upper_bound(more.begin(), more.end(), r, before), r);
  if (!more.empty()) more_ = part_of(std::move(more));
  if (gone_count_ + (more_ ? more_->routes.size() : 0) <= table_patch_max) return;
  main_ = part_of(routes());
  gone_.clear();
  gone_count_ = 0;
  more_.reset();
}

RoutingTable::~RoutingTable() = default;
RoutingTable::RoutingTable(RoutingTable&&) noexcept = default;

size_t RoutingTable::size() const {
  if (!main_) return 0;  // moved from
  return main_->routes.size() - gone_count_ + (more_ ? more_->routes.size() : 0);
}

std::vector<RoutePtr> RoutingTable::routes() const {
  std::vector<RoutePtr> mine;
  if (!main_) return mine;
  mine.reserve(size());
  for (size_t i = 0; i < main_->routes.size(); ++i) {
    if (!gone(i)) mine.push_back(main_->routes[i]);
  }
  if (!more_) return mine;
  std::vector<RoutePtr> out;
  out.reserve(size());
  std::merge(mine.begin(), mine.end(), more_->routes.begin(), more_->routes.end(),
             std::back_inserter(out), before);
  return out;
}

const Route* RoutingTable::match(const RequestFacts& facts) const {
  if (!main_) return nullptr;  // moved from
  std::string flat;
  if (!facts.flat_host.empty() && facts.flat_host != facts.host)
    flat = text::to_lower(facts.flat_host);
  const auto first = [&](const Part& part, const auto& ask) -> const Route* {
    uint32_t found = part.index.lowest(facts.host, facts.path, ask);
    if (!flat.empty()) found = std::min(found, part.index.lowest(flat, facts.path, ask));
    return found == RouteIndex::none ? nullptr : part.routes[found].get();
  };
  const Route* best =
      first(*main_, [&](uint32_t i) { return !gone(i) && main_->routes[i]->rule.matches(facts); });
  if (!more_) return best;
  const Route* other =
      first(*more_, [&](uint32_t i) { return more_->routes[i]->rule.matches(facts); });
  return !best || (other && comes_before(*other, *best)) ? other : best;
}

std::vector<Loser> RoutingTable::losers(const RequestFacts& facts, const Route* winner) const {
  std::vector<Loser> out;
  out.reserve(size());
  for (const RoutePtr& shared : routes()) {
    const Route& r = *shared;
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
