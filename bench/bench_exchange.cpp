// Whole exchanges in the direct arm: a chain of five middlewares, routing over N routers, a scripted host. Next to each stands
// the floor: five virtual calls, a hash-and-prefix lookup, and building the Exchange. Ratios are printed as counters.
#include <unordered_map>

#include <benchmark/benchmark.h>

#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/engine.h"
#include "engine/sim/world.h"

namespace gateproof {
namespace {

std::shared_ptr<const config::StaticConfig> web() {
  auto s = std::make_shared<config::StaticConfig>();
  config::EntryPointConfig e;
  e.name = "web";
  e.address.value = ":80";
  s->entry_points["web"] = e;
  return s;
}

std::string table_text(int routers, bool chain) {
  std::string t =
      "http:\n  services:\n    app: {loadBalancer: {servers: [{url: "
      "\"http://127.0.0.1:18080\"}]}}\n";
  if (chain) {
    t += "  middlewares:\n"
         "    head: {headers: {customRequestHeaders: {X-A: '1'}, customResponseHeaders: {X-B: "
         "'2'}}}\n"
         "    strip: {stripPrefix: {prefixes: [/none, /p]}}\n"
         "    add: {addPrefix: {prefix: /add}}\n"
         "    rate: {rateLimit: {average: 1000000000, burst: 1000000000}}\n"
         "    allow: {ipAllowList: {sourceRange: [127.0.0.0/8, 10.0.0.0/8]}}\n";
  }
  t += "  routers:\n";
  for (int k = 0; k < routers; ++k) {
    const std::string n = std::to_string(k);
    t += "    r" + n + ": {rule: \"Host(`h" + n + ".example.com`) && PathPrefix(`/p" + n +
         "`)\", service: app" + (chain ? ", middlewares: [head, strip, add, rate, allow]}" : "}") +
         "\n";
  }
  return t;
}

config::DynamicConfig decode(const std::string& text) {
  config::Findings findings;
  const auto doc = config::parse_document(text, "bench.yml", config::Format::yaml);
  return config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings).value();
}

sim::World& world(int routers, bool chain) {
  static std::map<std::pair<int, bool>, std::unique_ptr<sim::World>> worlds;
  auto& w = worlds[{routers, chain}];
  if (!w) {
    w = std::make_unique<sim::World>(1, web());
    w->engine().update("file", decode(table_text(routers, chain)));
    sim::Host host;
    host.name = "app";
    sim::HostAnswer answer;
    answer.headers = {{"Content-Type", "text/plain"}};
    answer.body = std::string(100, 'x');
    host.script = [answer](const sim::HostRequest&) { return answer; };
    w->add_host("127.0.0.1:18080", std::move(host));
  }
  return *w;
}

sim::Request last_route(int routers) {
  const std::string n = std::to_string(routers - 1);
  sim::Request r;
  r.host = "h" + n + ".example.com";
  r.target = "/p" + n + "/x";
  r.entry_point = "web";
  r.headers = {{"Accept", "*/*"}};
  return r;
}

// What world.send does, answer checked.
void send(benchmark::State& state, sim::Detail detail, bool chain) {
  const int routers = static_cast<int>(state.range(0));
  sim::World& w = world(routers, chain);
  const sim::Request request = last_route(routers);
  for (auto _ : state) {
    const sim::Outcome o = w.send(request, sim::Arm::direct, detail);
    if (o.status != 200) state.SkipWithError("not answered");
    benchmark::DoNotOptimize(o.body.data());
  }
}

void BM_Send_NoChain(benchmark::State& s) { send(s, sim::Detail::none, false); }
void BM_Send_ChainOfFive(benchmark::State& s) { send(s, sim::Detail::none, true); }
void BM_Send_ChainOfFive_Traced(benchmark::State& s) { send(s, sim::Detail::trace, true); }
BENCHMARK(BM_Send_NoChain)->Arg(10)->Arg(10000);
BENCHMARK(BM_Send_ChainOfFive)->Arg(10)->Arg(10000);
BENCHMARK(BM_Send_ChainOfFive_Traced)->Arg(10)->Arg(10000);

void BM_Ask(benchmark::State& state) {
  const int routers = static_cast<int>(state.range(0));
  sim::World& w = world(routers, true);
  const sim::Request request = last_route(routers);
  for (auto _ : state) {
    const sim::Outcome o = w.ask(request, sim::Detail::none);
    benchmark::DoNotOptimize(o.status);
  }
}
BENCHMARK(BM_Ask)->Arg(10)->Arg(10000);

// The floor: the data structures that any engine would need, and nothing else.
struct Step {
  virtual ~Step() = default;
  virtual int run(int x) = 0;
};
struct AddOne final : Step {
  int run(int x) override { return x + 1; }
};

void BM_Floor(benchmark::State& state) {
  const int routers = static_cast<int>(state.range(0));
  std::unordered_map<std::string, std::pair<std::string, int>> table;
  for (int k = 0; k < routers; ++k) {
    table["h" + std::to_string(k) + ".example.com"] = {"/p" + std::to_string(k), k};
  }
  std::vector<std::unique_ptr<Step>> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(std::make_unique<AddOne>());
  sim::World& w = world(10, true);
  const sim::Request request = last_route(routers);
  sim::SeededRandom random(1);
  testing::NoResolver resolver;
  Env env{w.scheduler(), w.scheduler().clock(), random, w.transport(), resolver, "h"};
  for (auto _ : state) {
    http::Exchange x(env);
    x.request.method = request.method;
    x.request.host = request.host;
    x.request.url.path = request.target;
    for (const auto& [name, value] : request.headers) x.request.headers.add(name, value);
    const auto found = table.find(x.request.host);
    int target = found != table.end() && x.request.url.path.starts_with(found->second.first)
                     ? found->second.second
                     : -1;
    for (auto& s : chain) target = s->run(target);
    x.response.status = 200;
    x.response.headers.add("Content-Type", "text/plain");
    x.response.body = http::Body::text(std::string(100, 'x'));
    benchmark::DoNotOptimize(target);
    benchmark::DoNotOptimize(x.response.status);
  }
}
BENCHMARK(BM_Floor)->Arg(10)->Arg(10000);

void BM_SnapshotBuild(benchmark::State& state) {
  const auto objects = decode(table_text(static_cast<int>(state.range(0)), true));
  sim::World w(1, web());
  for (auto _ : state) w.engine().update("file", objects);
}
BENCHMARK(BM_SnapshotBuild)->Arg(10000)->Unit(benchmark::kMillisecond);

void BM_DecodeDynamic(benchmark::State& state) {
  const std::string text = table_text(static_cast<int>(state.range(0)), true);
  for (auto _ : state) benchmark::DoNotOptimize(decode(text).routers.size());
}
BENCHMARK(BM_DecodeDynamic)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gateproof
