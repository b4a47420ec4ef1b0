// IngressRoutes by the thousand, stage by stage: from an API server's text to objects, to configuration, to a snapshot; and one
// that changes.
#include <benchmark/benchmark.h>

#include "engine/kubernetes/crd_maker.h"
#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"

namespace gateproof {
namespace {

using kubernetes::CrdMaker;

std::string slice(const std::string& service, const std::string& address) {
  return R"({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": ")" +
         service + R"(", "namespace": "default", "labels": {"kubernetes.io/service-name": ")" +
         service +
         R"("}}, "addressType": "IPv4", "ports": [{"port": 3000}], "endpoints": [{"addresses": [")" +
         address + R"("]}]})";
}

std::vector<std::string> manifests(int64_t n) {
  std::vector<std::string> out;
  for (int64_t i = 0; i < std::max<int64_t>(n / 10, 1); ++i) {
    const std::string name = "s" + std::to_string(i);
    out.push_back(R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": ")" + name +
                  R"(", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}})");
    out.push_back(slice(name, "10.0.0.1"));
  }
  return out;
}

std::string route(int64_t number, const std::string& host, const std::string& service) {
  return R"({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "r)" +
         std::to_string(number) +
         R"(", "namespace": "default"}, "spec": {"entryPoints": ["web"], "routes": [{"kind": )" +
         R"("Rule", "match": "Host(`)" + host +
         R"j(`) && PathPrefix(`/`)", "services": [{"name": ")j" + service +
         R"(", "port": 80}]}]}})";
}

std::shared_ptr<const config::Document> document(const std::string& text) {
  return std::make_shared<const config::Document>(
      *config::parse_document(text, "m.json", config::Format::json));
}

struct Loaded {
  explicit Loaded(int64_t n) {
    for (const std::string& text : manifests(n)) store.put(document(text), findings);
    for (int64_t i = 0; i < n; ++i)
      store.put(document(route(i, "h" + std::to_string(i) + ".test",
                               "s" + std::to_string(i % std::max<int64_t>(n / 10, 1)))),
                findings);
  }
  kubernetes::Context context() {
    return {store, options, kubernetes::crd_provider, "providers.kubernetesCRD", findings};
  }
  config::DynamicConfig translate() { return maker.make(context()); }
  kubernetes::ObjectStore store;
  config::KubernetesProviderConfig options;
  config::Findings findings;
  CrdMaker maker{middleware::middleware_types()};
};

std::shared_ptr<const config::StaticConfig> statics() {
  auto s = std::make_shared<config::StaticConfig>();
  config::EntryPointConfig& e = s->entry_points["web"];
  e.name = "web";
  e.address.value = ":80";
  return s;
}

void BM_Put(benchmark::State& state) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < state.range(0); ++i)
    texts.push_back(route(i, "h" + std::to_string(i) + ".test", "s1"));
  for (auto _ : state) {
    kubernetes::ObjectStore store;
    config::Findings findings;
    for (const std::string& text : texts) store.put(document(text), findings);
    benchmark::DoNotOptimize(store.all().size());
  }
}
void BM_Translate(benchmark::State& state) {
  Loaded l(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(l.translate().routers.size());
}
void BM_Update(benchmark::State& state) {
  Loaded l(state.range(0));
  const config::DynamicConfig config = l.translate();
  sim::World world(1, statics());
  for (auto _ : state) benchmark::DoNotOptimize(world.engine().update("kubernetescrd", config));
}
void BM_Change(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, statics());
  world.engine().update("kubernetescrd", l.translate());
  const std::vector<CrdMaker::Name> names = {
      {std::string(kubernetes::traefik_group), "IngressRoute", "default", "r7"}};
  int64_t change = 0, built = 0;
  for (auto _ : state) {
    l.store.put(document(route(7, "x" + std::to_string(++change) + ".test", "s0")), l.findings);
    const auto patch = l.maker.update(l.context(), names);
    if (!patch) return state.SkipWithError("no patch");
    const auto snapshot = world.engine().patch("kubernetescrd", patch->patch);
    built += static_cast<int64_t>(snapshot->work.routers);
  }
  state.counters["routers_built"] =
      benchmark::Counter(static_cast<double>(built), benchmark::Counter::kAvgIterations);
}

// A pod of a Service comes and goes, which ten routes name.
void BM_Endpoint(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, statics());
  world.engine().update("kubernetescrd", l.translate());
  const std::vector<CrdMaker::Name> names = {
      {std::string(kubernetes::discovery_group), "EndpointSlice", "default", "s7"}};
  int64_t change = 0, built = 0;
  for (auto _ : state) {
    l.store.put(document(slice("s7", "10.0.0." + std::to_string(++change % 200 + 1))), l.findings);
    const auto patch = l.maker.update(l.context(), names);
    if (!patch) return state.SkipWithError("no patch");
    const auto snapshot = world.engine().patch("kubernetescrd", patch->patch);
    built += static_cast<int64_t>(snapshot->work.routers);
  }
  state.counters["routers_built"] =
      benchmark::Counter(static_cast<double>(built), benchmark::Counter::kAvgIterations);
}

BENCHMARK(BM_Put)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Translate)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Update)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Change)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Endpoint)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace gateproof
