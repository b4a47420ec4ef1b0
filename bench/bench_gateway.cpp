// HTTPRoutes by the thousand: from objects to a model, to configuration, to a snapshot, and what a request then costs. Each step
// is to be linear in the routes, and a request flat.
#include <benchmark/benchmark.h>

#include "engine/kubernetes/gateway/model.h"
#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"

namespace gateproof {
namespace {

namespace gw = kubernetes::gateway;

// A Gateway with one listener, `n` routes with a host, a header filter and two rules each, and a tenth as many Services.
std::string manifests(int64_t n) {
  const std::string api = "{\"apiVersion\": \"gateway.networking.k8s.io/v1\", \"kind\": ";
  std::string out =
      "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [" + api +
      "\"GatewayClass\", \"metadata\": {\"name\": \"c\"}, \"spec\": "
      "{\"controllerName\": \"gateproof.dev/gateway-controller\"}}, " +
      api +
      "\"Gateway\", \"metadata\": {\"name\": \"gw\"}, \"spec\": {\"gatewayClassName\": "
      "\"c\", \"listeners\": [{\"name\": \"http\", \"port\": 80, \"protocol\": "
      "\"HTTP\"}]}}";
  for (int64_t i = 0; i < std::max<int64_t>(n / 10, 1); ++i) {
    const std::string name = "s" + std::to_string(i);
    out += ", {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"" + name +
           "\"}, \"spec\": {\"ports\": [{\"port\": 80}]}}, {\"apiVersion\": "
           "\"discovery.k8s.io/v1\", \"kind\": \"EndpointSlice\", \"metadata\": {\"name\": \"" +
           name + "\", \"labels\": {\"kubernetes.io/service-name\": \"" + name +
           "\"}}, \"addressType\": \"IPv4\", \"ports\": [{\"port\": 3000}], \"endpoints\": "
           "[{\"addresses\": [\"10.0.0.1\"]}]}";
  }
  for (int64_t i = 0; i < n; ++i) {
    const std::string number = std::to_string(i);
    const std::string backend = "\"backendRefs\": [{\"name\": \"s" +
                                std::to_string(i % std::max<int64_t>(n / 10, 1)) +
                                "\", \"port\": 80}]";
    out += ", " + api + "\"HTTPRoute\", \"metadata\": {\"name\": \"r" + number +
           "\"}, \"spec\": {\"parentRefs\": [{\"name\": \"gw\"}], \"hostnames\": [\"h" + number +
           ".test\"], \"rules\": [{\"matches\": [{\"path\": {\"type\": \"PathPrefix\", \"value\": "
           "\"/api\"}}], \"filters\": [{\"type\": \"RequestHeaderModifier\", "
           "\"requestHeaderModifier\": {\"set\": [{\"name\": \"X\", \"value\": \"y\"}]}}], " +
           backend + "}, {" + backend + "}]}}";
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
BENCHMARK(BM_Send)->Arg(10)->Arg(10000);

}  // namespace
}  // namespace gateproof
