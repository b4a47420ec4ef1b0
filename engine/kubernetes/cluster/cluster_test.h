// A store with what tests ask of it in one line.
#pragma once
#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster::testing {

inline Json json(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : Json("bad JSON: " + parsed.error().message);
}

struct Cluster {
  explicit Cluster(StoreOptions options = {}) : store(clock, random, std::move(options)) {}

  gateproof::testing::FakeClock clock;
  gateproof::testing::FakeRandom random;
  Store store;
  WriteOptions by = manager("test");

  static WriteOptions manager(std::string name) {
    WriteOptions o;
    o.field_manager = std::move(name);
    return o;
  }
  // "pods", "deployments.apps", "gateways.gateway.networking.k8s.io"
  Target at(std::string_view resource, std::string name = {}, Sub sub = Sub::none,
            std::string ns = "default") const {
    const size_t dot = resource.find('.');
    const std::string_view group =
        dot == std::string_view::npos ? std::string_view() : resource.substr(dot + 1);
    const TypePtr type = store.registry().find_plural(group, resource.substr(0, dot));
    if (!type) return {nullptr, "", "", std::move(name), sub};
    return {type, type->preferred()->name, type->namespaced ? std::move(ns) : std::string(),
            std::move(name), sub};
  }
  Reply<Written> create(std::string_view resource, std::string_view body) {
    return store.create(at(resource), json(body), by);
  }
  ObjectPtr find(std::string_view resource, std::string name, std::string ns = "default") const {
    const Target t = at(resource, std::move(name), Sub::none, std::move(ns));
    return t.type ? store.find(*t.type, t.ns, t.name) : nullptr;
  }
};

// "ok", or "422 Invalid: message".
template <class T>
std::string outcome(const Reply<T>& reply) {
  if (reply) return "ok";
  return std::to_string(reply.error().code) + " " + reply.error().reason + ": " +
         reply.error().message;
}

}  // namespace gateproof::kubernetes::cluster::testing
