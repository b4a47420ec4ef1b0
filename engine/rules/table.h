// RoutingTable: routers in order of priority, indexed by host and path so that ten thousand cost about what ten do, and the
// reasons of the losers on request. The index must equal the definition: the first router, in order, whose rule matches.
// A table never changes. One that differs in few routes is made of another one, and shares the rest with it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/span.h"
#include "engine/rules/matcher.h"
#include "engine/rules/priority.h"

namespace gateproof::rules {

struct Route {
  std::string name;  // qualified
  Rule rule;
  int64_t priority = 0;   // effective: explicit, or the rule's length in bytes
  bool automatic = true;  // whether the priority came from the length
  int precedence = 0;     // rank of the provider; smaller wins a tie
  std::string
      order;  // among those of equal priority and provider: smaller wins; "": the name decides
  SourceSpan rule_span;            // of the rule's text
  size_t target = 0;               // the owner's index of what the route leads to
  std::shared_ptr<const void> to;  // or that itself, where routes outlive the owner's index
};
using RoutePtr = std::shared_ptr<const Route>;

// The order of evaluation: priority descending, precedence, order, then name. Traefik leaves routers of equal priority and
// provider in no order; the name makes ours the same on every run.
bool comes_before(const Route& a, const Route& b);

// Routes that a table may differ in from the one it was made of; with more the index is made anew, over all of them.
inline constexpr size_t table_patch_max = 256;

// Why a router did not take a request.
struct Loser {
  const Route* route = nullptr;
  const RuleNode* failed = nullptr;  // the first matcher that failed; null if the rule matched too
  const Route* beaten_by = nullptr;  // set when the rule matched: the winner
  SourceSpan span;                   // of the matcher that failed, or of the rule
  std::string why;  // one line: "PathPrefix(`/x`) does not match path /api" or "priority 10 < 43"
};

class RoutingTable {
 public:
  explicit RoutingTable(std::vector<Route> routes);
  explicit RoutingTable(std::vector<RoutePtr> routes);
  // `from` without some of its routes and with others. Costs what they cost, not what the table has.
  RoutingTable(const RoutingTable& from, const std::vector<RoutePtr>& without,
               const std::vector<RoutePtr>& with);
  ~RoutingTable();
  RoutingTable(RoutingTable&&) noexcept;

  // The winner, or null.
  const Route* match(const RequestFacts& facts) const;
  // Every router but the winner, in order of priority. The same matchers run as in match().
  std::vector<Loser> losers(const RequestFacts& facts, const Route* winner) const;
  // In order of evaluation.
  std::vector<RoutePtr> routes() const;
  size_t size() const;
  bool empty() const { return size() == 0; }
  // Whether most of it is another table's.
  bool patched() const { return more_ != nullptr || gone_count_ > 0; }

 private:
  struct Part;  // routes in order, and their index
  static std::shared_ptr<const Part> part_of(std::vector<RoutePtr> routes);
  bool gone(size_t route) const { return gone_count_ && (gone_[route / 64] >> route % 64 & 1); }

  std::shared_ptr<const Part> main_;
  std::vector<uint64_t> gone_;  // a bit for each route of main_ that is none of this table's
  size_t gone_count_ = 0;
  std::shared_ptr<const Part> more_;  // routes that main_ has not; null: none
};

}  // namespace gateproof::rules
