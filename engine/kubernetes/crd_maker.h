// IngressRoutes that change one by one: a changed one costs what it costs itself, whatever else there is.
#pragma once
#include <span>

#include "engine/config/patch.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

// The routers and services of all IngressRoutes, by the object that they came from.
class CrdRoutes {
 public:
  // Of all of them, into `out`; findings go to the context's.
  void make(const Context& c, config::DynamicConfig& out);

  struct Name {
    std::string group, kind, ns, name;
    auto operator<=>(const Name&) const = default;
  };
  // What is another one than in the last configuration, when of the store only the objects `changed` are. Nullopt: more depends on
  // them than their own routers; then everything is to be translated.
  std::optional<config::ConfigPatch> update(const Context& c, std::span<const Name> changed);

 private:
  struct Made {
    std::vector<std::string> routers, services;  // qualified names
    std::vector<size_t> certificates;            // hashes
    bool child = false;
  };
  using Key = std::pair<std::string, std::string>;  // namespace, name
  static Made read(const config::DynamicConfig& own, const Object& o);
  bool update(const Context& c, const Name& name, config::ConfigPatch& patch);
  bool is_free(const Made& made) const;
  void claim(const Made& made);
  void release(const Made& made);

  std::map<Key, Made> made_;
  std::map<std::string, size_t> routers_, services_;  // how many objects make one of that name
  size_t children_ = 0;                               // IngressRoutes with parents
  size_t collisions_ = 0;
};

}  // namespace gateproof::kubernetes
