// Chain: a router's middlewares and the service at their end. The chain that runs is the chain that explains: with a trace
// attached it writes, after each step, what the step changed.
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

// For one that asks (x.look_beyond): the answer of `m` is kept as what would happen, so that the walk can go on as if the
// request had been let through.
void look_beyond(Exchange& x, const Middleware& m);

class Watch;

class Chain final : public http::Handler {
 public:
  Chain(std::vector<std::unique_ptr<Middleware>> steps, std::shared_ptr<http::Handler> end);
  Task<void> handle(Exchange& x) override { return run(x, 0); }
  // Steps from `from` on, then the end.
  Task<void> run(Exchange& x, size_t from) const;
  // The same, without a coroutine of the chain's own where it would only pass the exchange on.
  Task<void> rest(Exchange& x, size_t from) const;
  size_t size() const { return steps_.size(); }
  bool leaves_request(size_t from) const { return from == steps_.size() && end_->leaves_request(); }

 private:
  Flow traced_request(Exchange& x, size_t i, Watch& watch) const;
  Flow pass(Exchange& x, size_t& i) const;
  std::vector<std::unique_ptr<Middleware>> steps_;
  std::shared_ptr<http::Handler> end_;
};

}  // namespace gateproof::middleware
