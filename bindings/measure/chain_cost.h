// Where the time of an exchange goes: the whole chain of a router, and the chain without each of its middlewares, in turns.
#pragma once
#include "engine/check/config_set.h"
#include "engine/sim/world.h"

namespace gateproof::measure {

struct Plan {
  size_t assembly = 0;  // which static configuration
  sim::Request request;
  std::string router;   // the one that has to take the request; "": whichever does
  bool sample = false;  // the request is made from the router's rule
  bool leave_one_out = false;
  size_t rounds = 200;
  size_t exchanges = 25;  // of each variant in each round
  Duration pause{0};      // virtual time between two exchanges, so that limiters let them pass
};

// A middleware in the list of an entry point or of a router.
struct Step {
  std::string name;   // qualified
  std::string owner;  // "web", "app@file"
  bool of_entry_point = false;
  size_t index = 0;
};

// What one round of one variant took, for one exchange.
struct Sample {
  double ns = 0, allocations = 0, bytes = 0;
};

// The configuration as it is, or without one step.
struct Variant {
  std::optional<Step> without;
  std::unique_ptr<sim::World> world;
  std::map<int, size_t> statuses;
  std::vector<Sample> samples;
};

struct Report {
  std::string router;
  sim::Request request;
  std::string stopped_by;  // the middleware that answered instead of the server; "" if none did
  std::vector<Variant> variants;  // the whole first
};

// `progress` is told of every finished round. Errors: no such router, the request goes elsewhere, nothing takes it.
Result<Report> chain_cost(const check::ConfigSet& set, const Plan& plan, Files& files,
                          const Clock& clock, const std::function<void(size_t round)>& progress);

}  // namespace gateproof::measure
