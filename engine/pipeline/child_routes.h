// ChildRoutes: the end of a parent router's chain. Its children are asked with the request as the parent's middlewares left it.
#pragma once
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

// Go's http.NotFound (catalogue 4.7).
http::Response not_found();
rules::RequestFacts facts_of(const http::Exchange& x);

class ChildRoutes final : public http::Handler {
 public:
  // `targets` are indexed by Route::target.
  ChildRoutes(std::string parent, std::vector<rules::Route> routes,
              std::vector<RouteTarget> targets);
  // 404 if no child matches: no other root is asked (catalogue 1.7).
  Task<void> handle(http::Exchange& x) override;

 private:
  void note(http::Exchange& x, const rules::RequestFacts& facts, const rules::Route* route) const;
  std::string stage_;
  rules::RoutingTable table_;
  std::vector<RouteTarget> targets_;
};

}  // namespace gateproof::pipeline
