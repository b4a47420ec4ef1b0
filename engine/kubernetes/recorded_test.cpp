// Compares the translation with what a real Traefik 3.7 made of the same objects: conformance/kubernetes/cases, recorded by
// conformance/kubernetes/compare.py.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path cases_folder = fs::path(GP_SOURCE_DIR) / "conformance/kubernetes/cases";

std::string read_file(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Case {
  explicit Case(const fs::path& folder) {
    const auto document = config::parse_document(read_file(folder / "static.yml"), "static.yml",
                                                 config::Format::yaml);
    EXPECT_TRUE(document);
    config::Findings about_static;
    auto decoded = config::decode_static(*document, about_static);
    EXPECT_TRUE(decoded);
    statics = std::move(*decoded);
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& f : files)
      testing::add_yaml(store, read_file(f), findings, f.filename().string());
    expected = json::parse(read_file(folder / "expected.json"));
    result = translate(store, &statics, testing::TestTypes(), findings);
  }
  config::StaticConfig statics;
  ObjectStore store;
  config::Findings findings;
  Translation result;
  json expected;
};

template <class Map>
std::vector<std::string> keys(const Map& m) {
  std::vector<std::string> out;
  for (const auto& [k, v] : m) out.push_back(k);
  return out;
}
std::vector<std::string> json_keys(const json& object) {
  std::vector<std::string> out;
  for (const auto& [k, v] : object.items()) out.push_back(k);
  return out;
}
// The API writes some references with their provider and some without.
std::vector<std::string> qualified(const json& list, std::string_view provider) {
  std::vector<std::string> out;
  for (const json& x : list) out.push_back(config::qualify(x.get<std::string>(), provider));
  return out;
}
std::vector<std::string> values(const std::vector<Text>& list) {
  std::vector<std::string> out;
  for (const Text& t : list) out.push_back(t.value);
  return out;
}
std::string qualified_or_empty(const json& object, const char* key, std::string_view provider) {
  const std::string name = object.value(key, "");
  return name.empty() ? name : config::qualify(name, provider);
}

void compare_router(const std::string& name, const config::RouterConfig& ours, const json& real,
                    const std::vector<std::string>& all_entry_points) {
  SCOPED_TRACE(name);
  const std::string_view provider = config::provider_of(name);
  EXPECT_EQ(ours.rule.value, real.value("rule", ""));
  EXPECT_EQ(ours.service.value, qualified_or_empty(real, "service", provider));
  EXPECT_EQ(values(ours.middlewares),
            qualified(real.value("middlewares", json::array()), provider));
  EXPECT_EQ(values(ours.parent_refs), qualified(real.value("parentRefs", json::array()), provider));
  EXPECT_EQ(ours.rule_syntax.value, real.value("ruleSyntax", ""));
  // The binary shows the priority that it computed; routers below a parent have none.
  const int64_t automatic = ours.parent_refs.empty() ? int64_t(ours.rule.value.size())
                                                     : real.value("priority", int64_t(0));
  EXPECT_EQ(ours.priority.value ? ours.priority.value : automatic,
            real.value("priority", int64_t(0)));
  auto entry_points = ours.entry_points.empty() ? all_entry_points : values(ours.entry_points);
  if (ours.parent_refs.empty()) {
    EXPECT_EQ(entry_points, real["entryPoints"].get<std::vector<std::string>>());
  }
  ASSERT_EQ(ours.tls.has_value(), real.contains("tls"));
  if (!ours.tls) return;
  const json& tls = real["tls"];
  EXPECT_EQ(ours.tls->cert_resolver.value, tls.value("certResolver", ""));
  EXPECT_EQ(ours.tls->options.value, qualified_or_empty(tls, "options", provider));
  json domains = json::array();
  for (const config::TlsDomain& d : ours.tls->domains) {
    json one = {{"main", d.main}};
    if (!d.sans.empty()) one["sans"] = d.sans;
    domains.push_back(one);
  }
  EXPECT_EQ(domains, tls.value("domains", json::array()));
}

json cookie_json(const config::CookieConfig& c) {
  json out = {{"path", c.path}};
  if (!c.name.empty()) out["name"] = c.name;
  if (c.secure) out["secure"] = true;
  if (c.http_only) out["httpOnly"] = true;
  if (!c.same_site.empty()) out["sameSite"] = c.same_site;
  if (c.max_age) out["maxAge"] = c.max_age;
  if (!c.domain.empty()) out["domain"] = c.domain;
  return out;
}

void compare_sticky(const std::optional<config::CookieConfig>& ours, const json& real) {
  ASSERT_EQ(ours.has_value(), real.contains("sticky"));
  if (!ours) return;
  json cookie = real["sticky"]["cookie"];
  // A cookie without a name gets one from the service's; that is made where the balancer is.
  if (ours->name.empty()) cookie.erase("name");
  EXPECT_EQ(cookie_json(*ours), cookie);
}

void compare_service(const std::string& name, const config::ServiceConfig& ours, const json& real) {
  SCOPED_TRACE(name);
  const std::string_view provider = config::provider_of(name);
  EXPECT_EQ(values(ours.middlewares),
            qualified(real.value("middlewares", json::array()), provider));
  ASSERT_EQ(ours.types.size(), 1u);
  ASSERT_TRUE(real.contains(ours.types.front())) << real;
  const json& body = real[ours.types.front()];
  if (ours.load_balancer) {
    const config::LoadBalancerConfig& lb = *ours.load_balancer;
    json servers = json::array();
    for (const config::ServerConfig& s : lb.servers) {
      json one = {{"url", s.url.value}};
      if (s.fenced) one["fenced"] = true;
      servers.push_back(one);
    }
    EXPECT_EQ(servers, body.value("servers", json::array()));
    EXPECT_EQ(lb.strategy.value.empty() ? "wrr" : lb.strategy.value, body.value("strategy", ""));
    EXPECT_EQ(lb.pass_host_header, body.value("passHostHeader", false));
    EXPECT_EQ(config::format_duration(lb.flush_interval),
              body["responseForwarding"].value("flushInterval", ""));
    EXPECT_EQ(lb.servers_transport.value, qualified_or_empty(body, "serversTransport", provider));
    EXPECT_EQ(lb.health_check.has_value(), body.contains("healthCheck"));
    EXPECT_EQ(lb.passive_health_check.has_value(), body.contains("passiveHealthCheck"));
    compare_sticky(lb.sticky, body);
  }
  if (ours.weighted) {
    json children = json::array();
    for (const config::WeightedChild& c : ours.weighted->services) {
      children.push_back({{"name", c.name.value}, {"weight", c.weight}});
    }
    // Cookies and hashes are made of these names: they are compared as they are written.
    EXPECT_EQ(children, body.value("services", json::array()));
    compare_sticky(ours.weighted->sticky, body);
  }
}

std::vector<std::string> texts(const std::vector<Condition>& conditions) {
  std::vector<std::string> out;
  for (const Condition& c : conditions) out.push_back(c.to_string());
  // Conflicted is the one condition whose true status is the bad one; Condition keeps it as such.
  std::sort(out.begin(), out.end());
  return out;
}

void compare_statuses(const Case& c) {
  std::set<std::string> seen;
  for (const GatewayView& g : c.result.gateway.gateways) {
    const std::string key = "Gateway/" + g.object->ns + "/" + g.object->name;
    seen.insert(key);
    SCOPED_TRACE(key);
    for (const ListenerView& l : g.listeners) {
      SCOPED_TRACE(l.name);
      const json& real = c.expected["statuses"][key]["listeners"][l.name];
      EXPECT_EQ(texts(l.conditions), real["conditions"].get<std::vector<std::string>>());
      EXPECT_EQ(l.attached_routes, real["attached"].get<size_t>());
    }
  }
  for (const RouteView& r : c.result.gateway.routes) {
    const std::string key = r.object->kind + "/" + r.object->ns + "/" + r.object->name;
    seen.insert(key);
    SCOPED_TRACE(key);
    ASSERT_EQ(r.parents.size(), c.expected["statuses"][key]["parents"].size());
    const auto real =
        c.expected["statuses"][key]["parents"].begin().value().get<std::vector<std::string>>();
    EXPECT_EQ(texts({r.parents.front().accepted, r.parents.front().resolved}), real);
  }
  for (const std::string& key : json_keys(c.expected["statuses"]))
    EXPECT_TRUE(seen.contains(key)) << key;
}

class Recorded : public ::testing::TestWithParam<std::string> {};

TEST_P(Recorded, SameAsTheRealBinary) {
  const Case c(cases_folder / GetParam());
  const config::DynamicConfig& ours = c.result.config;
  EXPECT_EQ(keys(ours.routers), json_keys(c.expected["routers"]));
  EXPECT_EQ(keys(ours.services), json_keys(c.expected["services"]));
  EXPECT_EQ(keys(ours.middlewares), json_keys(c.expected["middlewares"]));
  std::vector<std::string> entry_points = keys(c.statics.entry_points);
  for (const auto& [name, router] : ours.routers) {
    const auto real = c.expected["routers"].find(name);
    if (real != c.expected["routers"].end()) compare_router(name, router, *real, entry_points);
  }
  for (const auto& [name, service] : ours.services) {
    const auto real = c.expected["services"].find(name);
    if (real != c.expected["services"].end()) compare_service(name, service, *real);
  }
  for (const auto& [name, middleware] : ours.middlewares) {
    const auto real = c.expected["middlewares"].find(name);
    if (real == c.expected["middlewares"].end()) continue;
    std::vector<std::string> types = middleware.extra_types;
    if (!middleware.type.empty()) types.push_back(middleware.type);
    std::sort(types.begin(), types.end());
    EXPECT_EQ(types, real->get<std::vector<std::string>>()) << name;
  }
  json users = json::object();
  for (const SecretUsers& u : c.result.users) users[u.middleware] = values(u.users);
  EXPECT_EQ(users, c.expected["users"]);
  compare_statuses(c);
}

TEST_P(Recorded, EveryFindingHasAPlaceAndARemedy) {
  const Case c(cases_folder / GetParam());
  for (const config::Finding& f : c.findings.list()) {
    EXPECT_TRUE(f.span.known() && f.span.line > 0) << f.code << " " << f.message;
    EXPECT_FALSE(f.remedy.empty()) << f.code << " " << f.message;
    EXPECT_FALSE(f.object.empty()) << f.code << " " << f.message;
  }
}

// What the binary logs as an error about an object is a finding here. It logs one line for several routes with the same fault,
// so counts are not compared.
TEST_P(Recorded, EveryLoggedErrorIsAFinding) {
  const Case c(cases_folder / GetParam());
  std::string messages;
  for (const config::Finding& f : c.findings.list()) messages += f.message + "\n";
  for (const json& line : c.expected["log"]) {
    const std::string text = line.get<std::string>();
    // About the provider, or about routes that Gateway API objects would make: not an object's fault.
    if (!text.starts_with("error ")) continue;
    // "error object | what"; some of the words around an error are the binary's own.
    const std::string what = text.substr(text.find(" | ") + 3);
    const std::string inner =
        what.substr(what.find(": ") == std::string::npos ? 0 : what.find(": ") + 2);
    const bool told =
        messages.find(what) != std::string::npos || messages.find(inner) != std::string::npos;
    EXPECT_TRUE(told) << text << "\n" << messages;
  }
}

std::vector<std::string> names_of(const std::vector<config::StreamWeightedChild>& list) {
  std::vector<std::string> out;
  for (const config::StreamWeightedChild& c : list)
    out.push_back(c.name.value + " " + std::to_string(c.weight));
  return out;
}
std::vector<std::string> names_of(const json& weighted, std::string_view provider) {
  std::vector<std::string> out;
  for (const json& c : weighted["services"])
    out.push_back(config::qualify(c["name"].get<std::string>(), provider) + " " +
                  std::to_string(c.value("weight", 0)));
  return out;
}

void compare_tcp_router(const std::string& name, const config::TcpRouterConfig& ours,
                        const json& real, const std::vector<std::string>& all_entry_points) {
  SCOPED_TRACE(name);
  EXPECT_EQ(ours.rule.value, real.value("rule", ""));
  EXPECT_EQ(ours.service.value, qualified_or_empty(real, "service", crd_provider));
  EXPECT_EQ(values(ours.middlewares),
            qualified(real.value("middlewares", json::array()), crd_provider));
  EXPECT_EQ(ours.rule_syntax.value, real.value("ruleSyntax", ""));
  if (ours.priority.value) {
    EXPECT_EQ(ours.priority.value, real.value("priority", int64_t(0)));
  }
  EXPECT_EQ(ours.entry_points.empty() ? all_entry_points : values(ours.entry_points),
            real["entryPoints"].get<std::vector<std::string>>());
  ASSERT_EQ(ours.tls.has_value(), real.contains("tls"));
  if (!ours.tls) return;
  const json& tls = real["tls"];
  EXPECT_EQ(ours.tls->passthrough, tls.value("passthrough", false));
  EXPECT_EQ(ours.tls->options.value, qualified_or_empty(tls, "options", crd_provider));
  EXPECT_EQ(ours.tls->cert_resolver.value, tls.value("certResolver", ""));
}

void compare_tcp_service(const std::string& name, const config::TcpServiceConfig& ours,
                         const json& real) {
  SCOPED_TRACE(name);
  ASSERT_EQ(ours.load_balancer.has_value(), real.contains("loadBalancer"));
  if (!ours.load_balancer) {
    ASSERT_TRUE(ours.weighted && real.contains("weighted"));
    EXPECT_EQ(names_of(ours.weighted->services), names_of(real["weighted"], crd_provider));
    return;
  }
  const config::TcpLoadBalancerConfig& lb = *ours.load_balancer;
  const json& body = real["loadBalancer"];
  json servers = json::array();
  for (const config::TcpServerConfig& s : lb.servers) {
    json one = {{"address", s.address.value}};
    if (s.tls) one["tls"] = true;
    servers.push_back(one);
  }
  EXPECT_EQ(servers, body.value("servers", json::array()));
  EXPECT_EQ(lb.servers_transport.value, qualified_or_empty(body, "serversTransport", crd_provider));
  EXPECT_EQ(lb.termination_delay_ms.value_or(0), body.value("terminationDelay", 0));
  ASSERT_EQ(lb.proxy_protocol.has_value(), body.contains("proxyProtocol"));
  if (lb.proxy_protocol) {
    EXPECT_EQ(lb.proxy_protocol->version.value, body["proxyProtocol"].value("version", 0));
  }
}

std::vector<std::string> default_tcp_entry_points(const config::StaticConfig& s) {
  std::vector<std::string> out;
  for (const auto& [name, e] : s.entry_points) {
    const auto address = config::parse_entry_point_address(e.address);
    if (address && !address->udp && name != "traefik") out.push_back(name);
  }
  return out;
}

TEST_P(Recorded, Tcp) {
  const Case c(cases_folder / GetParam());
  const json streams = c.expected["streams"];
  const auto part = [&](const char* name) { return streams.value(name, json::object()); };
  const config::TcpConfig& tcp = c.result.config.tcp;
  const json routers = part("tcpRouters"), services = part("tcpServices"),
             middlewares = part("tcpMiddlewares");
  ASSERT_EQ(keys(tcp.routers), json_keys(routers));
  ASSERT_EQ(keys(tcp.services), json_keys(services));
  ASSERT_EQ(keys(tcp.middlewares), json_keys(middlewares));
  for (const auto& [name, r] : tcp.routers)
    compare_tcp_router(name, r, routers[name], default_tcp_entry_points(c.statics));
  for (const auto& [name, s] : tcp.services) compare_tcp_service(name, s, services[name]);
  for (const auto& [name, m] : tcp.middlewares) {
    const json& real = middlewares[name];
    ASSERT_EQ(m.in_flight_conn.has_value(), real.contains("inFlightConn"));
    if (m.in_flight_conn) EXPECT_EQ(m.in_flight_conn->amount, real["inFlightConn"]["amount"]);
    ASSERT_EQ(m.ip_allow_list.has_value(), real.contains("ipAllowList"));
    if (m.ip_allow_list) {
      EXPECT_EQ(values(m.ip_allow_list->source_range),
                real["ipAllowList"]["sourceRange"].get<std::vector<std::string>>());
    }
  }
}

TEST_P(Recorded, Udp) {
  const Case c(cases_folder / GetParam());
  const json streams = c.expected["streams"];
  const json routers = streams.value("udpRouters", json::object()),
             services = streams.value("udpServices", json::object());
  const config::UdpConfig& udp = c.result.config.udp;
  ASSERT_EQ(keys(udp.routers), json_keys(routers));
  ASSERT_EQ(keys(udp.services), json_keys(services));
  for (const auto& [name, r] : udp.routers) {
    EXPECT_EQ(r.service.value, qualified_or_empty(routers[name], "service", crd_provider));
    EXPECT_EQ(values(r.entry_points), routers[name]["entryPoints"].get<std::vector<std::string>>());
  }
  for (const auto& [name, s] : udp.services) {
    SCOPED_TRACE(name);
    const json& real = services[name];
    ASSERT_EQ(s.weighted.has_value(), real.contains("weighted"));
    if (s.weighted) {
      EXPECT_EQ(names_of(*s.weighted), names_of(real["weighted"], crd_provider));
      continue;
    }
    std::vector<std::string> addresses;
    for (const json& one : real["loadBalancer"].value("servers", json::array()))
      addresses.push_back(one["address"]);
    EXPECT_EQ(values(*s.servers), addresses);
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

INSTANTIATE_TEST_SUITE_P(Cases, Recorded, ::testing::ValuesIn(case_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace gateproof::kubernetes
