// Ahead: what thousands of routers and services become by themselves, whatever else there is: made by whoever comes first, the
// builder or somebody elsewhere meanwhile (env/pieces.h).
#pragma once
#include <span>
#include <unordered_map>

#include "engine/env/pieces.h"
#include "engine/pipeline/objects.h"
#include "engine/rules/matcher.h"
#include "engine/upstream/load_balancer.h"

namespace gateproof::pipeline {

// Objects of a kind that are looked at in one go, here or elsewhere.
inline constexpr size_t piece_objects = 64;

class Ahead {
 public:
  using ParsedRule = boost::system::result<rules::Rule, rules::RuleError>;
  // Nullopt: it depends on other objects.
  using MadeBalancer = std::optional<Result<std::shared_ptr<upstream::LoadBalancer>>>;
  // Each may be called for several objects at the same time.
  struct Makers {
    std::function<ParsedRule(const config::RouterConfig&)> rule;
    std::function<MadeBalancer(const std::string& name, const config::ServiceConfig&)> balancer;
  };
  // The objects outlive it.
  Ahead(const pipeline::Objects& objects, Makers makers, Offload& elsewhere);

  // Each once; nullopt afterwards, and of objects that are not among them.
  std::optional<ParsedRule> rule(const config::RouterConfig& router);
  MadeBalancer balancer(const config::ServiceConfig& service);

 private:
  template <class T>
  struct Object {
    const std::string* name;
    const T* config;
  };
  template <class T>
  using Objects = std::vector<Object<T>>;
  struct Piece {
    std::vector<std::optional<ParsedRule>> rules;  // of a part of all routers
    std::vector<MadeBalancer> balancers;           // of a part of all services
  };
  struct Place {
    size_t piece = 0, entry = 0;
  };
  using Places = std::unordered_map<const void*, Place>;

  template <class T>
  static Objects<T> all_of(const SharedMap<T>& objects);
  template <class T>
  std::span<const Object<T>> part(const Objects<T>& all, size_t piece) const;
  template <class T>
  Places places_of(const Objects<T>& all) const;
  Piece make(size_t piece) const;
  Piece& taken(size_t piece);

  const Makers makers_;
  const Objects<config::RouterConfig> routers_;
  const Objects<config::ServiceConfig> services_;
  const size_t count_;    // of pieces
  Pieces<Piece> pieces_;  // begins when all of the above is there
  std::vector<std::optional<Piece>> taken_;
  const Places router_places_, service_places_;
};

}  // namespace gateproof::pipeline
