// Each middleware alone and chains of 5 and 10, through Chain in the direct style; the floor is the same number of virtual
// calls that do nothing.
#include <benchmark/benchmark.h>

#include "engine/base/crypto.h"
#include "engine/middleware/plugin_host.h"
#include "engine/middleware/rig_test.h"

#include "bench/floor.h"

using namespace gateproof;
using namespace gateproof::middleware;
using middleware::testing::Rig;

namespace {

struct Config {
  const char *type, *yaml;
  int status = 200;
};

const Config configs[] = {
    {"addPrefix", "prefix: /pre"},
    {"basicAuth", "users: ['u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=']"},
    {"basicAuth", "users: ['u:$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm']"},
    {"compress", "minResponseBodyBytes: 1000000"},
    {"compress", "minResponseBodyBytes: 1"},
    {"headers",
     "{customRequestHeaders: {X-A: a}, customResponseHeaders: {X-B: b}, frameDeny: true}"},
    {"inFlightReq", "amount: 1000"},
    {"ipAllowList", "sourceRange: [10.0.0.0/8, 127.0.0.0/8]"},
    {"rateLimit", "{average: 1000000, burst: 1000000}"},
    {"redirectRegex", "{regex: '^http://old.test/(.*)', replacement: 'https://new.test/$1'}"},
    {"redirectScheme", "scheme: http"},
    {"replacePath", "path: /new"},
    {"replacePathRegex", "{regex: '^/api/(.*)', replacement: '/v2/$1'}"},
    {"stripPrefix", "prefixes: [/api]"},
    {"stripPrefixRegex", "regex: ['^/ap[a-z]']"},
    {"buffering", "maxRequestBodyBytes: 1000000"},
    {"circuitBreaker", "expression: NetworkErrorRatio() > 0.5"},
    {"contentType", "{}"},
    {"digestAuth", "users: ['u:traefik:a2688e031edb4be6a3797f3882655c05']", 401},
    {"encodedCharacters", "allowEncodedSlash: true"},
    {"errors", "{status: ['500-599'], service: pages}"},
    {"grpcWeb", "allowOrigins: ['*']"},
    {"headers", "{accessControlAllowOriginList: ['https://a.test'], addVaryHeader: true}"},
    {"ipWhiteList", "sourceRange: [10.0.0.0/8, 127.0.0.0/8]"},
    {"passTLSClientCert", "pem: true"},
    {"retry", "attempts: 2"},
    {"plugin", "{idle: {}}"},
};

// What the engine itself adds to a plugin: two calls that do nothing. bench/python_plugin.py measures one in Python.
class IdlePlugins final : public PluginHost {
 public:
  bool knows(std::string_view) const override { return true; }
  Result<std::unique_ptr<Plugin>> build(std::string_view, const config::Value&,
                                        std::string_view) const override {
    return std::unique_ptr<Plugin>(std::make_unique<Idle>());
  }

 private:
  struct Call final : PluginCall {
    Result<Flow> on_request(Exchange&) override { return Flow::next; }
    Result<void> on_response(Exchange&) override { return {}; }
  };
  struct Idle final : Plugin {
    std::unique_ptr<PluginCall> begin() const override { return std::make_unique<Call>(); }
  };
};

class FixedEnd final : public http::Handler {
 public:
  Task<void> handle(Exchange& x) override {
    x.response.status = 200;
    x.response.body = http::Body::view("a body of some forty bytes, as answers go");
    co_return;
  }
};

void fill(Exchange& x) {
  x.reset();
  x.request.method = "GET";
  x.request.url.path = "/api/users";
  x.request.host = "x.test";
  x.request.headers.add_static("Accept-Encoding", "gzip, br");
  x.request.headers.add_static("Authorization", "Basic dTpwYXNzd29yZA==");
  x.peer = {IpAddress::v4(127, 0, 0, 1), 5000};
}

// The floor: as many virtual calls in and out, on the same exchange.
class Nothing final : public SyncFilter {
 public:
  Flow on_request(Exchange& x) override {
    ++x.attempts;
    return Flow::next;
  }
  void on_response(Exchange& x) override { --x.attempts; }
};

class Floor {
 public:
  Floor(Rig& rig, size_t steps) : x_(rig.world.env) {
    for (size_t i = 0; i < steps; ++i) steps_.push_back(std::make_unique<Nothing>());
  }
  void operator()() {
    fill(x_);
    for (const auto& m : steps_) benchmark::DoNotOptimize(m->on_request(x_));
    for (const auto& m : steps_) m->on_response(x_);
    benchmark::DoNotOptimize(x_.attempts);
  }

 private:
  std::vector<std::unique_ptr<Middleware>> steps_;
  Exchange x_;
};

void floor_virtual_calls(benchmark::State& state) {
  Rig rig;
  Floor floor(rig, static_cast<size_t>(state.range(0)));
  for (auto _ : state) floor();
}
BENCHMARK(floor_virtual_calls)->Arg(0)->Arg(1)->Arg(5)->Arg(10);

void run(benchmark::State& state, Rig& rig, std::vector<std::unique_ptr<Middleware>> steps,
         int status = 200) {
  Floor floor(rig, steps.size());
  const Chain chain(std::move(steps), std::make_shared<FixedEnd>());
  Exchange x(rig.world.env);
  const bench::AgainstFloor against(state, bench::floor_ns(floor));
  for (auto _ : state) {
    fill(x);
    auto task = chain.run(x, 0);
    if (!task.start_root(rig.world.scheduler, "bench")) state.SkipWithError("it waited");
    benchmark::DoNotOptimize(x.response.status);
    if (x.response.status != status) state.SkipWithError("another status");
  }
}

void alone(benchmark::State& state, const Config& config) {
  Rig rig;
  rig.service = [](const std::string&) -> Result<std::shared_ptr<http::Handler>> {
    return std::make_shared<FixedEnd>();
  };
  const IdlePlugins plugins;
  rig.plugins = &plugins;
  auto made = rig.build(config.type, config.yaml);
  if (!made) {
    state.SkipWithError(made.error().message.c_str());
    return;
  }
  std::vector<std::unique_ptr<Middleware>> steps;
  steps.push_back(std::move(*made));
  run(state, rig, std::move(steps), config.status);
}

// A usual list, repeated to the wanted length.
void chain_of(benchmark::State& state) {
  const Config usual[] = {configs[7], configs[5], configs[13], configs[0], configs[10]};
  Rig rig;
  std::vector<std::unique_ptr<Middleware>> steps;
  for (int64_t i = 0; i < state.range(0); ++i) {
    const Config& c = usual[i % 5];
    steps.push_back(std::move(*rig.build(c.type, c.yaml)));
  }
  run(state, rig, std::move(steps));
}
BENCHMARK(chain_of)->Arg(0)->Arg(5)->Arg(10);

[[maybe_unused]] const bool registered = [] {
  int n = 0;
  for (const Config& c : configs) {
    benchmark::RegisterBenchmark((std::string(c.type) + "/" + std::to_string(n++)).c_str(),
                                 [&c](benchmark::State& state) { alone(state, c); });
  }
  return true;
}();

}  // namespace
