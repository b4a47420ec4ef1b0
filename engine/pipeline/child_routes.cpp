#include "engine/pipeline/child_routes.h"

#include "engine/http/url.h"

namespace gateproof::pipeline {

namespace {
// Notes of children that did not match, in one exchange and layer; the rest is counted.
constexpr size_t losers_noted_max = 20;
}  // namespace

http::Response not_found() {
  http::Response r = http::Response::make(404, "404 page not found\n", "text/plain; charset=utf-8");
  r.headers.add_static("X-Content-Type-Options", "nosniff");
  return r;
}

rules::RequestFacts facts_of(const http::Exchange& x) {
  rules::RequestFacts f;
  f.host = x.canonical_host;
  f.flat_host = x.flat_host;
  f.path = x.routing_path;
  f.method = x.request.method;
  f.headers = &x.request.headers;
  f.query = x.request.query;
  f.client_ip = x.peer.ip;
  return f;
}

ChildRoutes::ChildRoutes(std::string parent, std::vector<rules::Route> routes,
                         std::vector<RouteTarget> targets)
    : stage_("router " + parent), table_(std::move(routes)), targets_(std::move(targets)) {}

void ChildRoutes::note(http::Exchange& x, const rules::RequestFacts& facts,
                       const rules::Route* route) const {
  if (route) {
    x.note(stage_, "child",
           route->name + ": " + targets_[route->target].router->rule + " (priority " +
               std::to_string(route->priority) + ")");
  } else {
    x.note(stage_, "answer", "404: no child matches, and no other router is asked");
  }
  size_t told = 0, left = 0;
  for (const rules::Loser& l : table_.losers(facts, route)) {
    if (told == losers_noted_max) {
      ++left;
      continue;
    }
    ++told;
    x.note(stage_, "passed over", l.route->name + ": " + l.why);
  }
  if (left) x.note(stage_, "passed over", std::to_string(left) + " more");
}

Task<void> ChildRoutes::handle(http::Exchange& x) {
  // The host stays as it was at the entry point; the path is what the parent's middlewares made of it (observed).
  x.routing_path = http::routing_path(x.request.url.escaped());
  const rules::RequestFacts facts = facts_of(x);
  const rules::Route* route = table_.match(facts);
  if (x.trace) note(x, facts, route);
  if (!route) {
    x.response = not_found();
    co_return;
  }
  std::string path = std::string(x.router) + " -> " + route->name;
  x.router_path = std::move(path);
  x.router = x.router_path;
  co_await targets_[route->target].handler->handle(x);
}

}  // namespace gateproof::pipeline
