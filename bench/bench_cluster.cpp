// The cluster's object store: what a write costs, and that it does not cost more among many.
#include <benchmark/benchmark.h>

#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/controllers.h"

namespace {

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

struct World {
  gateproof::testing::FakeClock clock;
  gateproof::testing::FakeRandom random;
  Store store{clock, random};
  Controllers controllers{store, clock, random};
  TypePtr ingresses = store.registry().find_kind("networking.k8s.io", "Ingress");
  WriteOptions by{.field_manager = "bench"};

  static Json ingress(int64_t n) {
    const std::string i = std::to_string(n);
    return *parse_json(R"({"metadata":{"name":"shop-)" + i +
                       R"(","labels":{"app":"shop"}},"spec":{"rules":[{"host":"h)" + i +
                       R"(.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":
                       {"service":{"name":"web","port":{"number":80}}}}]}}]}})");
  }
  void create(int64_t n) {
    if (!store.create({ingresses, "v1", "default", ""}, ingress(n), by)) std::abort();
  }
};

void create_ingresses(benchmark::State& state) {
  for (auto _ : state) {
    World w;
    for (int64_t n = 0; n < state.range(0); ++n) w.create(n);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(create_ingresses)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

void patch_one_of(benchmark::State& state) {
  World w;
  for (int64_t n = 0; n < state.range(0); ++n) w.create(n);
  const Json patches[] = {*parse_json(R"({"spec":{"ingressClassName":"a"}})"),
                          *parse_json(R"({"spec":{"ingressClassName":"b"}})")};
  size_t i = 0;
  for (auto _ : state) {
    Target at{w.ingresses, "v1", "default", "shop-7"};
    if (!w.store.patch(at, Patch::merge, patches[i++ % 2], w.by)) std::abort();
  }
}
BENCHMARK(patch_one_of)->Arg(10)->Arg(10000);

void status_of_one_of(benchmark::State& state) {
  World w;
  for (int64_t n = 0; n < state.range(0); ++n) w.create(n);
  int64_t i = 0;
  for (auto _ : state) {
    Target at{w.ingresses, "v1", "default", "shop-7", Sub::status};
    Json patch;
    patch.make("status.loadBalancer").set("x", Json(++i));
    if (!w.store.patch(at, Patch::merge, patch, w.by)) std::abort();
  }
}
BENCHMARK(status_of_one_of)->Arg(10)->Arg(10000);

void list_text_of(benchmark::State& state) {
  World w;
  for (int64_t n = 0; n < state.range(0); ++n) w.create(n);
  for (auto _ : state) {
    size_t bytes = 0;
    for (const ObjectPtr& o : w.store.all(*w.ingresses)) bytes += o->text().size();
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK(list_text_of)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
