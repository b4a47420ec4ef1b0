// RoutingTable: routers in order of priority, indexed by host and path so that ten thousand cost about what ten do, and the
// reasons of the losers on request. The index must equal the definition: the first router, in order, whose rule matches.
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
  SourceSpan rule_span;   // of the rule's text
  size_t target = 0;      // the owner's index of what the route leads to
};

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
  ~RoutingTable();
  RoutingTable(RoutingTable&&) noexcept;

  // The winner, or null.
  const Route* match(const RequestFacts& facts) const;
  // Every router but the winner, in order of priority. The same matchers run as in match().
  std::vector<Loser> losers(const RequestFacts& facts, const Route* winner) const;
  // In order of evaluation: priority descending, precedence, then name.
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  struct Index;
  std::unique_ptr<const Index> index_;
};

}  // namespace gateproof::rules
