// Rules: parsing, and routing against the number of routers, with the raw floors beside them.
#include <memory>
#include <unordered_map>

#include <benchmark/benchmark.h>
#include <re2/re2.h>

#include "engine/rules/table.h"

#include "bench/floor.h"

namespace {

using namespace gateproof;
using namespace gateproof::rules;

enum Shape { many_hosts, many_paths, headers };

std::string number(int64_t i) { return std::to_string(1000000 + i); }
std::string host_of(Shape s, int64_t i) {
  return s == many_hosts ? "h" + number(i) + ".example.com" : "shop.example.com";
}
std::string path_of(Shape s, int64_t i) {
  return s == many_paths ? "/api/v1/p" + number(i) : "/api/v1";
}

RoutingTable make_table(Shape shape, int64_t count) {
  std::vector<Route> routes(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    Route& r = routes[static_cast<size_t>(i)];
    const std::string rule =
        "Host(`" + host_of(shape, i) + "`) && PathPrefix(`" + path_of(shape, i) + "`)";
    r.rule = std::move(*parse_rule(rule, Syntax::v3));
    r.name = "r" + number(i) + "@file";
    r.priority = static_cast<int64_t>(rule.size());
  }
  return RoutingTable(std::move(routes));
}

enum Where { first, last, miss };

void match(benchmark::State& state, Shape shape, Where where) {
  const int64_t count = state.range(0);
  const RoutingTable table = make_table(shape, count);
  const int64_t i = where == first ? 0 : where == last ? count - 1 : count + 5;
  const std::string host = host_of(shape, i);
  const std::string path =
      where == miss && shape == many_hosts ? "/other" : path_of(shape, i) + "/items/7";
  RequestFacts facts;
  facts.host = host;
  facts.path = path;
  facts.method = "GET";
  const Route* found = nullptr;
  std::unordered_map<std::string, int> map;
  for (int64_t k = 0; k < count; ++k) map.emplace(host_of(many_hosts, k), 1);
  const bench::AgainstFloor against(
      state, bench::floor_ns([&] { benchmark::DoNotOptimize(map.find(host)); }));
  for (auto _ : state) {
    benchmark::DoNotOptimize(facts);
    found = table.match(facts);
    benchmark::DoNotOptimize(found);
  }
  if ((found == nullptr) != (where == miss)) state.SkipWithError("wrong answer");
}
BENCHMARK_CAPTURE(match, hosts_hit_first, many_hosts, first)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);
BENCHMARK_CAPTURE(match, hosts_hit_last, many_hosts, last)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);
BENCHMARK_CAPTURE(match, hosts_miss, many_hosts, miss)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);
BENCHMARK_CAPTURE(match, paths_hit_first, many_paths, first)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);
BENCHMARK_CAPTURE(match, paths_hit_last, many_paths, last)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);
BENCHMARK_CAPTURE(match, paths_miss, many_paths, miss)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000);

// Requests spread over all routers: what the caches of the processor make of a large table.
void match_spread(benchmark::State& state, Shape shape) {
  const int64_t count = state.range(0);
  const RoutingTable table = make_table(shape, count);
  std::vector<std::pair<std::string, std::string>> requests;
  for (int64_t i = 0; i < 4096; ++i) {
    const int64_t k = i * 7919 % count;
    requests.emplace_back(host_of(shape, k), path_of(shape, k) + "/items/7");
  }
  RequestFacts facts;
  facts.method = "GET";
  size_t at = 0;
  for (auto _ : state) {
    const auto& [host, path] = requests[at++ & 4095];
    facts.host = host;
    facts.path = path;
    benchmark::DoNotOptimize(table.match(facts));
  }
}
BENCHMARK_CAPTURE(match_spread, hosts, many_hosts)->Arg(10)->Arg(10000)->Arg(100000);
BENCHMARK_CAPTURE(match_spread, paths, many_paths)->Arg(10)->Arg(10000)->Arg(100000);

void table_build(benchmark::State& state) {
  const int64_t count = state.range(0);
  const std::vector<RoutePtr> routes = make_table(many_hosts, count).routes();
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<RoutePtr> copy = routes;
    state.ResumeTiming();
    RoutingTable table(std::move(copy));
    benchmark::DoNotOptimize(table.size());
  }
}
// One route of many is another one.
void table_patch(benchmark::State& state) {
  const RoutingTable table = make_table(many_hosts, state.range(0));
  const std::vector<RoutePtr> some = {table.routes().front()};
  for (auto _ : state) benchmark::DoNotOptimize(RoutingTable(table, some, some).size());
}
BENCHMARK(table_patch)->Arg(10)->Arg(10000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(table_build)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);

void rule_parse(benchmark::State& state) {
  const std::string rule =
      "Host(`shop.example.com`) && (PathPrefix(`/api`) || PathPrefix(`/v2`)) && !Method(`DELETE`)";
  for (auto _ : state) {
    auto r = parse_rule(rule, Syntax::v3);
    benchmark::DoNotOptimize(r);
  }
}
BENCHMARK(rule_parse);

// Floors.
void floor_hash_lookup(benchmark::State& state) {
  std::unordered_map<std::string, int> map;
  for (int64_t i = 0; i < state.range(0); ++i) map.emplace(host_of(many_hosts, i), 1);
  const std::string key = host_of(many_hosts, 0);
  for (auto _ : state) benchmark::DoNotOptimize(map.find(key));
}
BENCHMARK(floor_hash_lookup)->Arg(10)->Arg(10000)->Arg(100000);

void floor_re2(benchmark::State& state) {
  const re2::RE2 re("^/api/v[0-9]+/");
  const std::string path = "/api/v1/items/7";
  for (auto _ : state) benchmark::DoNotOptimize(re2::RE2::PartialMatch(path, re));
}
BENCHMARK(floor_re2);

struct Step {
  virtual ~Step() = default;
  virtual int run(int x) const = 0;
};
struct Add final : Step {
  int run(int x) const override { return x + 1; }
};
void floor_five_virtual_calls(benchmark::State& state) {
  std::vector<std::unique_ptr<Step>> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(std::make_unique<Add>());
  for (auto _ : state) {
    int x = 0;
    for (const auto& s : chain) {
      benchmark::DoNotOptimize(s);
      x = s->run(x);
    }
    benchmark::DoNotOptimize(x);
  }
}
BENCHMARK(floor_five_virtual_calls);

}  // namespace
