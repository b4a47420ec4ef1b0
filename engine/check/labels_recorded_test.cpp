// Compares labels and key/value pairs with what a real Traefik 3.7 made of the same ones: conformance/labels/cases, recorded by
// conformance/labels/compare.py. The whole way is compared: files, providers, merging, building.
#include <filesystem>

#include <gtest/gtest.h>

#include "engine/check/assemble.h"
#include "engine/check/disk_files_test.h"
#include "engine/pipeline/merge.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::check {
namespace {

using config::Value;
namespace fs = std::filesystem;

const fs::path cases_folder = fs::path(GP_SOURCE_DIR) / "conformance/labels/cases";

class NoClock final : public Clock {
 public:
  Instant now() const override { return Instant{}; }
  int64_t wall_ns() const override { return 0; }
};
class OneRandom final : public Random {
 public:
  RandomStream stream(std::string_view name) override { return RandomStream(1); }
};

struct Case {
  explicit Case(const std::string& name) : files((cases_folder / name).string()) {
    std::vector<std::string> paths;
    for (const char* file : {"static.yml", "compose.yml", "pairs.kv", "dynamic.yml"}) {
      if (fs::exists(cases_folder / name / file)) paths.emplace_back(file);
    }
    set = load_config_set(paths, files);
    findings = check_config_set(set);
    const Assembly& a = set.assemblies.at(0);
    auto all = std::make_shared<config::DynamicConfig>();
    for (const auto& [provider, objects] : a.providers) pipeline::merge_into(*all, objects);
    config_ = all;
    snapshot = pipeline::build_snapshot({a.statics, all, clock, random, "gateproof"});
    auto doc = config::parse_document(*files.read("expected.json", 8u << 20), "expected.json",
                                      config::Format::json);
    EXPECT_TRUE(doc);
    expected = std::move(doc->root);
  }

  testing::DiskFiles files;
  ConfigSet set;
  config::Findings findings;
  NoClock clock;
  OneRandom random;
  std::shared_ptr<const config::DynamicConfig> config_;
  std::shared_ptr<pipeline::Snapshot> snapshot;
  Value expected;

  // The record of an object; null when the binary does not have it.
  const Value* real(std::string_view section, const std::string& name) const {
    return expected.find(section)->find(name);
  }
};

bool ours(std::string_view name) {
  const std::string_view provider = config::provider_of(name);
  return provider == "docker" || provider == "swarm" || provider == "redis";
}

template <class Map>
std::vector<std::string> names_of(const Map& objects) {
  std::vector<std::string> out;
  for (const auto& [name, object] : objects) {
    if (ours(name)) out.push_back(name);
  }
  return out;
}
std::vector<std::string> names_in(const Value* objects) {
  std::vector<std::string> out;
  for (const Value::Member& m : objects->members) out.push_back(m.key);
  return out;
}
std::string text_at(const Value& object, std::string_view dotted, std::string absent = "") {
  const Value* v = object.at(dotted);
  return v ? v->text : absent;
}
std::vector<std::string> texts(const Value& object, std::string_view dotted) {
  std::vector<std::string> out;
  if (const Value* v = object.at(dotted)) {
    for (const Value& item : v->items) out.push_back(item.text);
  }
  return out;
}
// One field of each element of a list.
std::vector<std::string> column(const Value& object, std::string_view dotted,
                                std::string_view field) {
  std::vector<std::string> out;
  if (const Value* v = object.at(dotted)) {
    for (const Value& item : v->items) out.push_back(text_at(item, field));
  }
  return out;
}

void compare_state(const pipeline::ObjectInfo& info, const Value& real) {
  EXPECT_EQ(std::string(to_string(info.status)), text_at(real, "status"));
  std::vector<std::string> errors = info.errors;
  std::sort(errors.begin(), errors.end());
  EXPECT_EQ(errors, texts(real, "error"));
}

template <class Info>
void compare_router(const std::string& name, const Info& info, const Value& real) {
  SCOPED_TRACE(name);
  compare_state(info, real);
  EXPECT_EQ(info.rule, text_at(real, "rule"));
  EXPECT_EQ(info.service, text_at(real, "service"));
  EXPECT_EQ(info.entry_points, texts(real, "entryPoints"));
  EXPECT_EQ(info.middlewares, texts(real, "middlewares"));
  EXPECT_EQ(info.tls, real.find("tls") != nullptr);
  EXPECT_EQ(std::to_string(info.priority), text_at(real, "priority"));
}

void compare_load_balancer(const config::LoadBalancerConfig& lb, const Value& real) {
  std::vector<std::string> servers;
  for (const config::ServerConfig& s : lb.servers) servers.push_back(s.url.value);
  EXPECT_EQ(servers, column(real, "servers", "url"));
  EXPECT_EQ(lb.strategy.value.empty() ? "wrr" : lb.strategy.value, text_at(real, "strategy"));
  EXPECT_EQ(lb.pass_host_header ? "true" : "false", text_at(real, "passHostHeader"));
  EXPECT_EQ(lb.sticky.has_value(), real.find("sticky") != nullptr);
  ASSERT_EQ(lb.health_check.has_value(), real.find("healthCheck") != nullptr);
  if (!lb.health_check) return;
  EXPECT_EQ(lb.health_check->path.value, text_at(real, "healthCheck.path"));
  EXPECT_EQ(config::format_duration(lb.health_check->interval),
            text_at(real, "healthCheck.interval"));
}

class LabelsRecorded : public ::testing::TestWithParam<std::string> {};

TEST_P(LabelsRecorded, RoutersAreThoseOfTheRealBinary) {
  const Case c(GetParam());
  EXPECT_EQ(names_of(c.snapshot->routers), names_in(c.expected.find("routers")));
  for (const auto& [name, info] : c.snapshot->routers) {
    if (const Value* real = c.real("routers", name)) compare_router(name, *info, *real);
  }
  EXPECT_EQ(names_of(c.snapshot->tcp_routers), names_in(c.expected.find("tcpRouters")));
  for (const auto& [name, info] : c.snapshot->tcp_routers) {
    if (const Value* real = c.real("tcpRouters", name)) compare_router(name, *info, *real);
  }
  EXPECT_EQ(names_of(c.snapshot->udp_routers), names_in(c.expected.find("udpRouters")));
  for (const auto& [name, info] : c.snapshot->udp_routers) {
    if (const Value* real = c.real("udpRouters", name)) compare_state(*info, *real);
  }
}

TEST_P(LabelsRecorded, ServicesAreThoseOfTheRealBinary) {
  const Case c(GetParam());
  EXPECT_EQ(names_of(c.config_->services), names_in(c.expected.find("services")));
  for (const auto& [name, service] : c.config_->services) {
    const Value* real = c.real("services", name);
    if (!real) continue;
    SCOPED_TRACE(name);
    ASSERT_EQ(service.types.size(), 1u);
    const Value* body = real->find(service.types.front());
    ASSERT_TRUE(body);
    if (service.load_balancer) compare_load_balancer(*service.load_balancer, *body);
    if (!service.weighted) continue;
    std::vector<std::string> children, weights;
    for (const config::WeightedChild& w : service.weighted->services) {
      children.push_back(w.name.value);
      weights.push_back(std::to_string(w.weight));
    }
    EXPECT_EQ(children, column(*body, "services", "name"));
    EXPECT_EQ(weights, column(*body, "services", "weight"));
  }
}

TEST_P(LabelsRecorded, ServersOfStreamsAreThoseOfTheRealBinary) {
  const Case c(GetParam());
  EXPECT_EQ(names_of(c.config_->tcp.services), names_in(c.expected.find("tcpServices")));
  for (const auto& [name, service] : c.config_->tcp.services) {
    std::vector<std::string> servers, tls;
    for (const config::TcpServerConfig& s : service.load_balancer->servers) {
      servers.push_back(s.address.value);
      tls.emplace_back(s.tls ? "true" : "");
    }
    const Value* real = c.real("tcpServices", name);
    ASSERT_TRUE(real) << name;
    EXPECT_EQ(servers, column(*real, "loadBalancer.servers", "address")) << name;
    EXPECT_EQ(tls, column(*real, "loadBalancer.servers", "tls")) << name;
  }
  EXPECT_EQ(names_of(c.config_->udp.services), names_in(c.expected.find("udpServices")));
  for (const auto& [name, service] : c.config_->udp.services) {
    std::vector<std::string> servers;
    for (const config::Text& s : *service.servers) servers.push_back(s.value);
    const Value* real = c.real("udpServices", name);
    ASSERT_TRUE(real) << name;
    EXPECT_EQ(servers, column(*real, "loadBalancer.servers", "address")) << name;
  }
}

TEST_P(LabelsRecorded, MiddlewaresAreThoseOfTheRealBinary) {
  const Case c(GetParam());
  EXPECT_EQ(names_of(c.snapshot->middlewares), names_in(c.expected.find("middlewares")));
  for (const auto& [name, middleware] : c.config_->middlewares) {
    const Value* real = c.real("middlewares", name);
    EXPECT_TRUE(!real || real->find(middleware.type)) << name << " is no " << middleware.type;
  }
  EXPECT_EQ(names_of(c.config_->tcp.middlewares), names_in(c.expected.find("tcpMiddlewares")));
}

// What the binary logs as an error is a finding here.
TEST_P(LabelsRecorded, EveryLoggedErrorIsAFinding) {
  const Case c(GetParam());
  std::string messages;
  for (const config::Finding& f : c.findings.list()) messages += f.message + "\n";
  for (const std::string& text : texts(c.expected, "log")) {
    std::string what = text.substr(text.find(" | ") + 3);
    const std::string decoding = "decoding Docker labels: ";
    if (what.starts_with(decoding)) what = what.substr(decoding.size());
    what = what.substr(0, what.find(" (type"));
    EXPECT_NE(messages.find(what), std::string::npos) << text << "\n" << messages;
  }
}

TEST_P(LabelsRecorded, EveryFindingHasAPlaceAndARemedy) {
  const Case c(GetParam());
  for (const config::Finding& f : c.findings.list()) {
    EXPECT_TRUE(f.span.known() && f.span.line > 0) << f.code << " " << f.message;
    EXPECT_FALSE(f.remedy.empty()) << f.code << " " << f.message;
  }
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(cases_folder)) {
    if (fs::exists(entry.path() / "expected.json"))
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, LabelsRecorded, ::testing::ValuesIn(case_names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace gateproof::check
