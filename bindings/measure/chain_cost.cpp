#include "bindings/measure/chain_cost.h"

#include <set>

#include "engine/base/text.h"
#include "engine/check/sample.h"
#include "engine/http/url.h"

#include "bindings/measure/counting_new.h"

namespace gateproof::measure {
namespace {

// Before anything is counted: pools and caches fill.
constexpr size_t warm_up_exchanges = 200;
// Bytes of the body that every server answers with.
constexpr size_t answer_bytes = 100;

struct Objects {
  std::shared_ptr<const config::StaticConfig> statics;
  std::map<std::string, config::DynamicConfig> providers;
};

// Addresses of all servers that the configuration names.
std::set<std::string> server_addresses(const Objects& o) {
  std::set<std::string> out;
  for (const auto& [provider, objects] : o.providers) {
    for (const auto& [name, service] : objects.services) {
      if (!service.load_balancer) continue;
      for (const config::ServerConfig& server : service.load_balancer->servers) {
        const auto parts = http::split_url(server.url.value);
        if (!parts || parts->host.empty()) continue;
        std::string host(parts->host);
        const size_t bracket = host.rfind(']');
        const size_t colon = host.rfind(':');
        const bool has_port =
            colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
        if (!has_port) host += parts->scheme == "https" ? ":443" : ":80";
        out.insert(std::move(host));
      }
    }
  }
  return out;
}

std::unique_ptr<sim::World> world_of(const Objects& o, Files& files) {
  auto world = std::make_unique<sim::World>(1, o.statics);
  world->engine().set_files(files);
  for (const auto& [provider, objects] : o.providers) world->engine().update(provider, objects);
  sim::HostAnswer answer;
  answer.headers = {{"Content-Type", "text/plain"}};
  answer.body = std::string(answer_bytes, 'x');
  for (const std::string& address : server_addresses(o)) {
    sim::Host host;
    host.name = address;
    host.script = [answer](const sim::HostRequest&) { return answer; };
    world->add_host(address, std::move(host));
  }
  return world;
}

const config::RouterConfig* find_router(const Objects& o, const std::string& name) {
  for (const auto& [provider, objects] : o.providers) {
    const auto found = objects.routers.find(name);
    if (found != objects.routers.end()) return &found->second;
  }
  return nullptr;
}

// The configured name behind a name in the snapshot: a copy for one entry point has that one's name in front.
std::string configured_name(const Objects& o, const std::string& name) {
  if (find_router(o, name)) return name;
  for (const auto& [entry_point, config] : o.statics->entry_points) {
    if (!name.starts_with(entry_point + "-")) continue;
    std::string rest = name.substr(entry_point.size() + 1);
    if (find_router(o, rest)) return rest;
  }
  return {};
}

std::vector<Step> steps_of(const Objects& o, const std::string& taker,
                           const std::string& entry_point) {
  std::vector<Step> out;
  const auto add = [&out](const std::vector<config::Text>& names, const std::string& provider,
                          const std::string& owner, bool of_entry_point) {
    for (size_t i = 0; i < names.size(); ++i)
      out.push_back({config::qualify(names[i].value, provider), owner, of_entry_point, i});
  };
  bool first = true;
  // "parent -> child": what a child adds stands behind what its parents have.
  for (std::string_view rest = taker; !rest.empty();) {
    const size_t arrow = rest.find(" -> ");
    const std::string name = configured_name(o, std::string(rest.substr(0, arrow)));
    rest = arrow == std::string_view::npos ? std::string_view() : rest.substr(arrow + 4);
    const config::RouterConfig* router = find_router(o, name);
    if (!router) continue;
    const std::string provider(config::provider_of(name));
    const auto e = o.statics->entry_points.find(entry_point);
    if (first && e != o.statics->entry_points.end())
      add(e->second.middlewares, provider, entry_point, true);
    first = false;
    add(router->middlewares, provider, name, false);
  }
  return out;
}

Objects without(const Objects& all, const Step& step) {
  Objects out = all;
  const auto cut = [&step](std::vector<config::Text>& names) {
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(step.index));
  };
  if (step.of_entry_point) {
    auto statics = std::make_shared<config::StaticConfig>(*all.statics);
    cut(statics->entry_points.at(step.owner).middlewares);
    out.statics = std::move(statics);
    return out;
  }
  for (auto& [provider, objects] : out.providers) {
    const auto found = objects.routers.find(step.owner);
    if (found != objects.routers.end()) cut(found->second.middlewares);
  }
  return out;
}

// A request that the router's rule takes.
Result<void> sample_request(const pipeline::Snapshot& snapshot, const std::string& router,
                            sim::Request& request) {
  const auto found = snapshot.routers.find(router);
  if (found == snapshot.routers.end())
    return Error(Code::not_found, "no router is called " + router);
  const pipeline::RouterInfo& info = *found->second;
  const auto samples =
      info.route ? check::samples_of(info.route->rule) : std::vector<check::Sample>();
  if (samples.empty() || info.entry_points.empty()) {
    return Error(Code::unsupported,
                 "no request can be made from the rule of " + router + ": give one with --url");
  }
  request.host = samples.front().host.empty() ? "any.test" : samples.front().host;
  request.target = samples.front().path.empty() ? "/" : samples.front().path;
  request.tls = info.tls;
  request.entry_point = info.entry_points.front();
  return {};
}

Result<void> look(Report& report, const Plan& plan) {
  sim::World& world = *report.variants.front().world;
  if (plan.sample) {
    auto made = sample_request(*world.engine().snapshot(), plan.router, report.request);
    if (!made) return made;
  }
  const sim::Outcome out = world.send(report.request, sim::Arm::direct, sim::Detail::trace);
  const std::string url = report.request.host + report.request.target;
  if (out.router.empty()) return Error(Code::not_found, "no router takes " + url);
  if (!plan.router.empty() && out.router != plan.router) {
    return Error(Code::invalid, out.router + " takes " + url + ", not " + plan.router);
  }
  report.router = out.router;
  if (out.upstream.empty()) {
    for (const http::TraceStep& step : out.trace) {
      if (step.action == "answer" && step.stage.starts_with("middleware "))
        report.stopped_by = step.stage.substr(std::string_view("middleware ").size());
    }
  }
  return {};
}

Sample measure(Variant& v, const Report& report, const Plan& plan, const Clock& clock) {
  Sample sum;
  for (size_t i = 0; i < plan.exchanges; ++i) {
    const Allocations before = allocations();
    const Instant begin = clock.now();
    int status = 0;
    {
      const sim::Outcome out = v.world->send(report.request, sim::Arm::direct, sim::Detail::none);
      status = out.status;
    }
    const Duration took = clock.now() - begin;
    const Allocations after = allocations();
    sum.ns += static_cast<double>(took.count());
    sum.allocations += static_cast<double>(after.count - before.count);
    sum.bytes += static_cast<double>(after.bytes - before.bytes);
    ++v.statuses[status];
    v.world->advance(plan.pause);
  }
  const auto n = static_cast<double>(plan.exchanges);
  return {sum.ns / n, sum.allocations / n, sum.bytes / n};
}

}  // namespace

Result<Report> chain_cost(const check::ConfigSet& set, const Plan& plan, Files& files,
                          const Clock& clock, const std::function<void(size_t round)>& progress) {
  if (plan.assembly >= set.assemblies.size())
    return Error(Code::not_found, "there is no such static configuration");
  const check::Assembly& assembly = set.assemblies[plan.assembly];
  const Objects all{assembly.statics, assembly.providers};
  Report report;
  report.request = plan.request;
  const auto add = [&](std::optional<Step> step) {
    Variant v;
    v.world = world_of(step ? without(all, *step) : all, files);
    v.without = std::move(step);
    v.samples.reserve(plan.rounds);
    report.variants.push_back(std::move(v));
  };
  add(std::nullopt);
  auto looked = look(report, plan);
  if (!looked) return looked.error();
  if (plan.leave_one_out) {
    for (Step& step : steps_of(all, report.router, report.request.entry_point))
      add(std::move(step));
  }
  Plan warm_up = plan;
  warm_up.exchanges = warm_up_exchanges;
  for (Variant& v : report.variants) {
    measure(v, report, warm_up, clock);
    v.statuses.clear();
  }
  const size_t n = report.variants.size();
  for (size_t round = 0; round < plan.rounds; ++round) {
    // Each variant is the first in turn, and rounds go forwards and backwards, so that drifts hit all of them alike.
    for (size_t k = 0; k < n; ++k) {
      Variant& v = report.variants[(round + (round % 2 == 0 ? k : n - k)) % n];
      v.samples.push_back(measure(v, report, plan, clock));
    }
    progress(round + 1);
  }
  return report;
}

}  // namespace gateproof::measure
