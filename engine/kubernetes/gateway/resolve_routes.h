// Routes of a model: all of them, or one that changed among thousands that did not.
#pragma once
#include "engine/env/offload.h"
#include "engine/kubernetes/gateway/resolve_rules.h"

namespace gateproof::kubernetes::gateway {

struct RouteResult {
  Route route;
  StatusUpdate status;
  bool told = false;               // a parent of it is ours
  std::set<std::string> services;  // that it names
  std::string age;                 // age_key() of its object
};

bool is_route(const ObjectName& name);

class Routes {
 public:
  Routes(State& s, Policies& policies);
  // `elsewhere` takes its share.
  void resolve_all(Offload& elsewhere);
  // A route that was written or deleted, or whose backends have changed. Nothing but routes and what renewed() was told may have
  // changed since the last call.
  void update(const ObjectName& name);
  // The Service, "namespace/name", or one of its EndpointSlices has changed: the routes that are to be updated.
  std::vector<ObjectName> renewed(const std::string& service);
  // Of the model; null: it is not served.
  const Route* find(const ObjectName& name) const;
  // Gateways whose counts changed since the last call.
  std::unordered_set<size_t> take_touched() { return std::exchange(touched_, {}); }

 private:
  struct Known {
    std::string age;
    bool told = false, served = false;
    std::set<std::string> services;  // that it names
  };
  struct Part;
  Part judge(std::span<const Object* const> routes);
  bool apart() const;
  void put(RouteResult r, bool was_told);
  void drop(const std::string& key);
  std::vector<Route>::iterator place_of(const Known& known);
  void forget_users(const std::string& key, const Known& known);
  void count(const Route& route, int64_t change);
  void reached(const Backend& b, size_t gateway, int64_t change);

  State& s_;
  Policies& policies_;
  Rules rules_;
  std::vector<std::string> order_;                                // beside Model::routes
  std::unordered_map<std::string, Known> known_;                  // by "kind/namespace/name"
  std::unordered_map<std::string, std::set<std::string>> users_;  // of Services: keys of routes
  std::unordered_set<size_t> touched_;
};

}  // namespace gateproof::kubernetes::gateway
