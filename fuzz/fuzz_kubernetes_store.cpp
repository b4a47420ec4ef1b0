// Lines of {"do","at","name","sub","body"}: requests to a cluster with simulated controllers. Whatever they are: every answer
// is an object or a Status, the hooks come to rest, what a watch tells adds up to what a list has, and each object's text is its
// body.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/controllers.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

struct World {
  World() : store(clock, random, options()), controllers(store, clock, random, bounds()) {
    for (const auto& [key, type] : store.registry().all()) watch(type);
  }
  static StoreOptions options() {
    StoreOptions o;
    o.limits.object_bytes_max = 64u << 10;
    o.limits.settle_rounds_max = 200;
    return o;
  }
  static ControllerOptions bounds() {
    ControllerOptions o;
    o.pods_per_set_max = 4;
    return o;
  }
  void watch(const TypePtr& type) {
    auto w = store.watch(type, type->versions.front().name, "", {});
    require(w.has_value());
    watches.emplace_back(type, std::move(*w));
  }

  testing::FakeClock clock;
  testing::FakeRandom random;
  Store store;
  Controllers controllers;
  std::vector<std::pair<TypePtr, Watch>> watches;
  std::map<std::string, ObjectPtr> seen;

  void request(const Json& r) {
    const std::string_view at = r["at"].str();
    const size_t dot = std::min(at.find('.'), at.size());
    const TypePtr type =
        store.registry().find_plural(at.substr(std::min(dot + 1, at.size())), at.substr(0, dot));
    if (!type || !type->preferred()) return;
    Target t{type, type->preferred()->name, type->namespaced ? "default" : "",
             std::string(r["name"].str())};
    if (type->namespaced && r["ns"].is_string()) t.ns = r["ns"].str();
    const std::string_view sub = r["sub"].str();
    if (sub == "status") t.sub = Sub::status;
    if (sub == "scale") t.sub = Sub::scale;
    WriteOptions by;
    by.field_manager = r["as"].str();
    by.force = r["force"].boolean();
    by.dry_run = r["dry"].boolean();
    const std::string_view verb = r["do"].str();
    const Json& body = r["body"];
    if (verb == "create") answer(store.create(t, body, by));
    if (verb == "update") answer(store.update(t, body, by));
    if (verb == "merge") answer(store.patch(t, Patch::merge, body, by));
    if (verb == "json") answer(store.patch(t, Patch::json, body, by));
    if (verb == "strategic") answer(store.patch(t, Patch::strategic, body, by));
    if (verb == "apply") answer(store.patch(t, Patch::apply, body, by));
    if (verb == "delete") {
      const auto options = DeleteOptions::from_json(body);
      if (options) (void)store.remove(t, *options);
    }
  }
  static void answer(const Reply<Written>& reply) {
    if (reply) {
      require(reply->object != nullptr);
    } else {
      require(reply.error().code >= 400 && !reply.error().message.empty());
      (void)to_text(reply.error().to_json());
    }
  }

  void check() {
    std::map<std::string, ObjectPtr> all;
    for (auto& [type, w] : watches) {
      std::vector<Event> events;
      require(!store.next(w, events, SIZE_MAX / 2).value());
      for (const Event& e : events) {
        const std::string key = type->qualified() + "/" + e.object->ns + "/" + e.object->name;
        if (e.type == Event::removed) {
          require(seen.erase(key) == 1);
        } else {
          require((e.type == Event::added) == !seen.contains(key));
          seen[key] = e.object;
        }
      }
      for (const ObjectPtr& o : store.all(*type))
        all[type->qualified() + "/" + o->ns + "/" + o->name] = o;
    }
    require(all == seen);
    for (const auto& [key, o] : all) require(*parse_json(o->text()) == o->body);
    require(store.unsettled() == 0);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  World world;
  size_t left = 40;
  for (std::string_view line : text::split(text, '\n')) {
    JsonLimits limits;
    limits.depth_max = 40;
    const auto request = parse_json(line, limits);
    if (!request || left-- == 0) break;
    world.request(*request);
    world.clock.advance(std::chrono::milliseconds(700));
  }
  world.check();
  return 0;
}
