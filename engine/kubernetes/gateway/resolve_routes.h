// Routes of a model: all of them, or one that changed among thousands that did not.
#pragma once
#include "engine/kubernetes/gateway/resolve_rules.h"

namespace gateproof::kubernetes::gateway {

struct RouteResult {
  Route route;
  StatusUpdate status;
  bool told = false;  // a parent of it is ours
};

bool is_route(const ObjectName& name);

class Routes {
 public:
  Routes(State& s, Policies& policies);
  void resolve_all();
  // A route that was written or deleted. Nothing but routes may have changed since the last call.
  void update(const ObjectName& name);
  // Of the model; null: it is not served.
  const Route* find(const ObjectName& name) const;
  // Gateways whose counts changed since the last call.
  std::unordered_set<size_t> take_touched() { return std::exchange(touched_, {}); }

 private:
  struct Known {
    std::string age;
    bool told = false, served = false;
  };
  void put(const Object& o, bool was_told = false);
  bool drop(const std::string& key);
  void count(const Route& route, int64_t change);
  void reached(const Backend& b, size_t gateway, int64_t change);

  State& s_;
  Policies& policies_;
  Rules rules_;
  std::vector<std::string> order_;  // beside Model::routes
  std::unordered_map<std::string, Known> known_;
  std::unordered_set<size_t> touched_;
};

}  // namespace gateproof::kubernetes::gateway
