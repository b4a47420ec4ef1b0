// Whole exchanges in the direct arm: a chain of five middlewares, routing over N routers, a scripted host. Next to each stands
// the floor: five virtual calls, a hash-and-radix lookup, and building the same Exchange and its outcome.

#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/engine.h"
#include "engine/sim/messages.h"

#include "bench/floor.h"

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

// The floor: what any engine that is asked in this way has to do, and nothing else.
struct Step {
  virtual ~Step() = default;
  virtual int run(int x) = 0;
};
struct AddOne final : Step {
  int run(int x) override { return x + 1; }
};

// Host by hash, path by radix tree: the table of the engine, without the stages around it.
rules::RoutingTable floor_table(int routers) {
  std::vector<rules::Route> routes;
  for (int k = 0; k < routers; ++k) {
    const std::string n = std::to_string(k);
    rules::Route route;
    route.name = "r" + n;
    route.rule = *rules::parse_rule("Host(`h" + n + ".example.com`) && PathPrefix(`/p" + n + "`)",
                                    rules::Syntax::v3);
    route.priority = static_cast<int64_t>(route.rule.text.size());
    route.target = static_cast<size_t>(k);
    routes.push_back(std::move(route));
  }
  return rules::RoutingTable(std::move(routes));
}

// One round of it.
class Floor {
 public:
  explicit Floor(int routers)
      : world_(world(10, true)), table_(floor_table(routers)), request_(last_route(routers)) {
    for (int i = 0; i < 5; ++i) chain_.push_back(std::make_unique<AddOne>());
  }
  void operator()() {
    http::Exchange x(env_);
    sim::fill_exchange(x, request_);
    const http::Request& r = x.request;
    const rules::RequestFacts facts{r.host,     {},      r.url.raw, r.method,
                                    &r.headers, r.query, x.peer.ip, {}};
    int target = static_cast<int>(table_.match(facts)->target);
    for (auto& s : chain_) target = s->run(target);
    x.response.status = 200;
    x.response.headers.add("Content-Type", "text/plain");
    x.response.body = http::Body::text(body_);
    sim::Outcome out;
    out.status = x.response.status;
    out.headers = sim::fields_of(x.response.headers);
    out.body = body_;
    benchmark::DoNotOptimize(target);
    benchmark::DoNotOptimize(out.status);
  }

 private:
  sim::World& world_;
  const rules::RoutingTable table_;
  const sim::Request request_;
  const std::string body_ = std::string(100, 'x');
  std::vector<std::unique_ptr<Step>> chain_;
  sim::SeededRandom random_{1};
  testing::NoResolver resolver_;
  Env env_{
      world_.scheduler(), world_.scheduler().clock(), random_, world_.transport(), resolver_, "h"};
};

void BM_Floor(benchmark::State& state) {
  Floor floor(static_cast<int>(state.range(0)));
  for (auto _ : state) floor();
}
BENCHMARK(BM_Floor)->Arg(10)->Arg(10000);

// What world.send does, answer checked.
void send(benchmark::State& state, sim::Detail detail, bool chain) {
  const int routers = static_cast<int>(state.range(0));
  sim::World& w = world(routers, chain);
  const sim::Request request = last_route(routers);
  Floor floor(routers);
  const bench::AgainstFloor against(state, bench::floor_ns(floor));
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
  Floor floor(routers);
  const bench::AgainstFloor against(state, bench::floor_ns(floor));
  for (auto _ : state) {
    const sim::Outcome o = w.ask(request, sim::Detail::none);
    benchmark::DoNotOptimize(o.status);
  }
}
BENCHMARK(BM_Ask)->Arg(10)->Arg(10000);

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
