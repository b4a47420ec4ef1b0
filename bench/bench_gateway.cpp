// HTTPRoutes by the thousand: from objects to a model, to configuration, to a snapshot, and what a request then costs. Each step
// is to be linear in the routes, and a request flat.
#include <benchmark/benchmark.h>

#include "engine/kubernetes/gateway/model.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/gateway_controller.h"
#include "engine/sim/world.h"

namespace gateproof {
namespace {

namespace gw = kubernetes::gateway;

constexpr std::string_view api = "{\"apiVersion\": \"gateway.networking.k8s.io/v1\", \"kind\": ";

std::string route(int64_t number, const std::string& host, const std::string& service) {
  const std::string backend = "\"backendRefs\": [{\"name\": \"" + service + "\", \"port\": 80}]";
  return std::string(api) + "\"HTTPRoute\", \"metadata\": {\"name\": \"r" + std::to_string(number) +
         "\"}, \"spec\": {\"parentRefs\": [{\"name\": \"gw\"}], \"hostnames\": [\"" + host +
         "\"], \"rules\": [{\"matches\": [{\"path\": {\"type\": \"PathPrefix\", \"value\": "
         "\"/api\"}}], \"filters\": [{\"type\": \"RequestHeaderModifier\", "
         "\"requestHeaderModifier\": {\"set\": [{\"name\": \"X\", \"value\": \"y\"}]}}], " +
         backend + "}, {" + backend + "}]}}";
}

std::string slice(const std::string& service, const std::string& address) {
  return "{\"apiVersion\": \"discovery.k8s.io/v1\", \"kind\": \"EndpointSlice\", \"metadata\": "
         "{\"name\": \"" +
         service + "\", \"labels\": {\"kubernetes.io/service-name\": \"" + service +
         "\"}}, \"addressType\": \"IPv4\", \"ports\": [{\"port\": 3000}], \"endpoints\": "
         "[{\"addresses\": [\"" +
         address + "\"]}]}";
}

// A Gateway with one listener, `n` routes with a host, a header filter and two rules each, and a tenth as many Services.
std::string manifests(int64_t n) {
  std::string out =
      "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [" + std::string(api) +
      "\"GatewayClass\", \"metadata\": {\"name\": \"c\"}, \"spec\": "
      "{\"controllerName\": \"gateproof.dev/gateway-controller\"}}, " +
      std::string(api) +
      "\"Gateway\", \"metadata\": {\"name\": \"gw\"}, \"spec\": {\"gatewayClassName\": "
      "\"c\", \"listeners\": [{\"name\": \"http\", \"port\": 80, \"protocol\": "
      "\"HTTP\"}]}}";
  for (int64_t i = 0; i < std::max<int64_t>(n / 10, 1); ++i) {
    const std::string name = "s" + std::to_string(i);
    out += ", {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"" + name +
           "\"}, \"spec\": {\"ports\": [{\"port\": 80}]}}, " + slice(name, "10.0.0.1");
  }
  for (int64_t i = 0; i < n; ++i) {
    out += ", " + route(i, "h" + std::to_string(i) + ".test",
                        "s" + std::to_string(i % std::max<int64_t>(n / 10, 1)));
  }
  return out + "]}";
}

struct Loaded {
  explicit Loaded(int64_t n) {
    auto documents = config::parse_documents(manifests(n), "m.json", config::Format::json);
    store.add(std::move(*documents), findings);
    model = gw::resolve(store, {}, findings);
  }
  kubernetes::ObjectStore store;
  config::Findings findings;
  gw::Model model;
  config::DynamicConfig config() {
    return gw::to_config(model, middleware::middleware_types(), findings);
  }
};

void BM_Resolve(benchmark::State& state) {
  Loaded l(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(gw::resolve(l.store, {}, l.findings));
}
void BM_ToConfig(benchmark::State& state) {
  Loaded l(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(l.config());
}
void BM_Update(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, std::make_shared<config::StaticConfig>());
  const config::DynamicConfig config = l.config();
  for (auto _ : state) benchmark::DoNotOptimize(world.engine().update("kubernetesgateway", config));
}
// One route changes, all the way from the object to the snapshot: what is counted must not grow with the routes.
void BM_Change(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, std::make_shared<config::StaticConfig>());
  pipeline::GatewayController controller(world.engine(), {}, {});
  controller.reconcile(l.store, {});
  const gw::ObjectName name{std::string(kubernetes::gateway_group), "HTTPRoute", "default", "r7"};
  int64_t change = 0, built = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string text = route(7, "x" + std::to_string(++change) + ".test", "s0");
    auto parsed = config::parse_document(text, "m.json", config::Format::json);
    l.store.put(std::make_shared<const config::Document>(std::move(*parsed)), l.findings);
    state.ResumeTiming();
    controller.reconcile(l.store, {&name, 1});
    built += static_cast<int64_t>(world.engine().snapshot()->work.routers);
  }
  state.counters["routers_built"] =
      benchmark::Counter(static_cast<double>(built), benchmark::Counter::kAvgIterations);
}
// A pod of a Service comes and goes, which ten routes name.
void BM_Endpoint(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, std::make_shared<config::StaticConfig>());
  pipeline::GatewayController controller(world.engine(), {}, {});
  controller.reconcile(l.store, {});
  const gw::ObjectName name{std::string(kubernetes::discovery_group), "EndpointSlice", "default",
                            "s7"};
  int64_t change = 0, built = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto parsed =
        config::parse_document(slice("s7", "10.0.0." + std::to_string(++change % 200 + 1)),
                               "m.json", config::Format::json);
    l.store.put(std::make_shared<const config::Document>(std::move(*parsed)), l.findings);
    state.ResumeTiming();
    controller.reconcile(l.store, {&name, 1});
    built += static_cast<int64_t>(world.engine().snapshot()->work.routers);
  }
  state.counters["routers_built"] =
      benchmark::Counter(static_cast<double>(built), benchmark::Counter::kAvgIterations);
}
// The same from nothing.
void BM_Full(benchmark::State& state) {
  Loaded l(state.range(0));
  for (auto _ : state) {
    sim::World world(1, std::make_shared<config::StaticConfig>());
    pipeline::GatewayController controller(world.engine(), {}, {});
    controller.reconcile(l.store, {});
    benchmark::DoNotOptimize(world.engine().snapshot()->routers.size());
  }
}
void BM_Send(benchmark::State& state) {
  Loaded l(state.range(0));
  sim::World world(1, std::make_shared<config::StaticConfig>());
  world.engine().update("kubernetesgateway", l.config());
  sim::Host host;
  host.name = "s";
  host.script = [](const sim::HostRequest&) { return sim::HostAnswer(); };
  world.add_host("10.0.0.1:3000", std::move(host));
  sim::Request r;
  r.host = "h" + std::to_string(state.range(0) / 2) + ".test";
  r.target = "/api/x";
  r.entry_point = "127.80.0.1:80/tcp";
  for (auto _ : state) {
    const sim::Outcome o = world.send(r, sim::Arm::direct, sim::Detail::none);
    if (o.status != 200) state.SkipWithError("not served");
  }
}

BENCHMARK(BM_Resolve)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ToConfig)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Update)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Full)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Change)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Endpoint)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Send)->Arg(10)->Arg(10000);

}  // namespace
}  // namespace gateproof
