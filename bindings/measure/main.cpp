// gateproof-measure: measures for `gateproof bench`, which chooses the request, computes intervals and shows them.
//
//   gateproof-measure --path FILE --entry-point web --host a.test --target / [--OPTION VALUE ...]
//
// Standard output has lines of fields apart by tabs: router, request, stopped, variant, status, sample. Standard error has one
// line for each finished round. Exit code 2, and `error` with its reason: nothing could be measured.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "engine/net/clock.h"
#include "engine/net/files.h"

#include "bindings/measure/chain_cost.h"

namespace gateproof::measure {
namespace {

struct Arguments {
  std::vector<std::string> paths;
  std::map<std::string, std::string, std::less<>> environment;
  Plan plan;
};

size_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

std::pair<std::string, std::string> pair_of(const std::string& text, char mark) {
  const size_t at = text.find(mark);
  return {text.substr(0, at), at == std::string::npos ? "" : text.substr(at + 1)};
}

// False: not an option of ours.
bool take(const std::string& name, const std::string& value, Arguments& a) {
  sim::Request& r = a.plan.request;
  if (name == "--path")
    a.paths.push_back(value);
  else if (name == "--env")
    a.environment.insert(pair_of(value, '='));
  else if (name == "--assembly")
    a.plan.assembly = number(value);
  else if (name == "--router")
    a.plan.router = value;
  else if (name == "--entry-point")
    r.entry_point = value;
  else if (name == "--method")
    r.method = value;
  else if (name == "--host")
    r.host = value;
  else if (name == "--target")
    r.target = value;
  else if (name == "--tls")
    r.tls = value == "1";
  else if (name == "--header")
    r.headers.push_back(pair_of(value, ':'));
  else if (name == "--body")
    r.body = value;
  else if (name == "--sample")
    a.plan.sample = value == "1";
  else if (name == "--leave-one-out")
    a.plan.leave_one_out = value == "1";
  else if (name == "--rounds")
    a.plan.rounds = number(value);
  else if (name == "--exchanges")
    a.plan.exchanges = number(value);
  else if (name == "--pause-ns")
    a.plan.pause = Duration(static_cast<int64_t>(number(value)));
  else
    return false;
  return true;
}

int fail(const std::string& why) {
  std::printf("error\t%s\n", why.c_str());
  return 2;
}

void print(const Report& report) {
  const sim::Request& r = report.request;
  std::printf("router\t%s\n", report.router.c_str());
  std::printf("request\t%s\t%s://%s%s\t%s\n", r.method.c_str(), r.tls ? "https" : "http",
              r.host.c_str(), r.target.c_str(), r.entry_point.c_str());
  if (!report.stopped_by.empty()) std::printf("stopped\t%s\n", report.stopped_by.c_str());
  for (size_t i = 0; i < report.variants.size(); ++i) {
    const Variant& v = report.variants[i];
    std::printf("variant\t%zu\t%s\t%s\n", i, v.without ? v.without->name.c_str() : "",
                v.without ? v.without->owner.c_str() : "");
    for (const auto& [status, count] : v.statuses)
      std::printf("status\t%zu\t%d\t%zu\n", i, status, count);
    for (const Sample& s : v.samples)
      std::printf("sample\t%zu\t%.1f\t%.3f\t%.1f\n", i, s.ns, s.allocations, s.bytes);
  }
}

int run(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!take(argv[i], argv[i + 1], a)) return fail(std::string("unknown option ") + argv[i]);
  }
  if (a.plan.rounds == 0 || a.plan.exchanges == 0) return fail("rounds and exchanges begin at 1");
  net::RealFiles files;
  const net::RealClock clock;
  const check::ConfigSet set = check::load_config_set(
      a.paths, files, {}, std::make_shared<MapEnvironment>(std::move(a.environment)));
  const auto report = chain_cost(set, a.plan, files, clock, [](size_t round) {
    std::fprintf(stderr, "%zu\n", round);
    std::fflush(stderr);
  });
  if (!report) return fail(report.error().message);
  print(*report);
  return 0;
}

}  // namespace
}  // namespace gateproof::measure

int main(int argc, char** argv) { return gateproof::measure::run(argc, argv); }
