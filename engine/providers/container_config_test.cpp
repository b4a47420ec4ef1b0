// What the docker and swarm providers make of compose files; what the real binary says of the same is in
// engine/check/labels_recorded_test.cpp.
#include "engine/providers/container_config.h"

#include <gtest/gtest.h>

#include "engine/config/testing_types.h"
#include "engine/providers/compose.h"
#include "engine/providers/interpolate.h"

namespace gateproof::providers {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

struct Made {
  config::DynamicConfig config;
  config::Findings findings;
  std::string codes() const {
    std::string out;
    for (const config::Finding& f : findings.list()) out += (out.empty() ? "" : " ") + f.code;
    return out;
  }
  std::string url(const std::string& service, size_t server = 0) const {
    const auto found = config.services.find(service);
    if (found == config.services.end()) return "no " + service;
    return found->second.load_balancer->servers.at(server).url.value;
  }
};

std::vector<Container> containers(const std::string& yaml, config::Findings& findings,
                                  bool swarm = false, const Environment& env = empty_environment(),
                                  const std::string& file = "compose.yml") {
  const auto doc = config::parse_document(yaml, file, config::Format::yaml);
  EXPECT_TRUE(doc) << yaml;
  return containers_of(*doc, swarm, env, findings);
}

Made make(const std::string& yaml, ContainerOptions options = {}) {
  static const config::testing::FewTypes types;
  Made made;
  const auto all = containers("name: p\n" + yaml, made.findings, options.provider == "swarm");
  made.config = config_of_containers(all, options, types, made.findings).objects;
  return made;
}

std::string service(const std::string& rest) { return "services:\n  web:\n    image: x\n" + rest; }

TEST(Interpolate, AsComposeDoes) {
  const MapEnvironment env(Variables{{"A", "a"}, {"EMPTY", ""}});
  const std::pair<const char*, const char*> rows[] = {
      {"$A-${A}", "a-a"},   {"$$A", "$A"},      {"${B:-b}${B-c}", "bc"},
      {"${EMPTY:-x}", "x"}, {"${EMPTY-x}", ""}, {"${A:+y}${B+z}", "y"},
      {"${B:-${A}}", "a"},  {"${B}", ""},       {"${A:?no}", "a"},
      {"$", "$"},           {"${", "${"},       {"a$1", "a$1"},
  };
  for (const auto& [text, wanted] : rows) EXPECT_EQ(interpolate(text, env).text, wanted) << text;
  EXPECT_EQ(interpolate("$B ${C:?x}", env).missing, (std::vector<std::string>{"B", "C"}));
  EXPECT_TRUE(interpolate("$", env).malformed);
  EXPECT_TRUE(interpolate("${A!}", env).malformed);
  EXPECT_FALSE(interpolate("$$", env).malformed);
  std::string deep = "x";
  for (size_t i = 0; i <= interpolation_depth_max + 1; ++i) deep = "${B:-" + deep + "}";
  EXPECT_TRUE(interpolate(deep, env).malformed);
}

TEST(Compose, NamesOfProjectsAndContainers) {
  config::Findings findings;
  const std::string yaml = service("") + "  box:\n    image: x\n    container_name: the-box\n";
  const MapEnvironment env(Variables{{"COMPOSE_PROJECT_NAME", "From_Env"}});
  EXPECT_EQ(containers(yaml, findings, false, env).at(0).name, "from_env-web-1");
  EXPECT_EQ(
      containers(yaml, findings, false, empty_environment(), "a/My.Shop/compose.yml").at(0).name,
      "myshop-web-1");
  const auto all = containers(yaml, findings);
  EXPECT_EQ(all.at(0).name, "default-web-1");
  EXPECT_EQ(all.at(1).name, "the-box");
  EXPECT_EQ(service_name_of(all.at(1)), "box-default");
  EXPECT_EQ(containers(yaml, findings, true).at(0).name, "default_web.1");
  EXPECT_EQ(service_name_of(containers(yaml, findings, true).at(0)), "default-web");
  EXPECT_EQ(normalized_name("--a..b_c--"), "a-b-c");
}

TEST(Compose, Replicas) {
  config::Findings findings;
  const auto of = [&](const std::string& n) {
    return containers(service("    deploy: {replicas: " + n + "}\n"), findings).size();
  };
  EXPECT_EQ(of("0"), 0u);
  EXPECT_EQ(of("3"), 3u);
  EXPECT_EQ(of(std::to_string(compose_replicas_max)), size_t(compose_replicas_max));
  EXPECT_TRUE(findings.list().empty());
  EXPECT_EQ(of(std::to_string(compose_replicas_max + 1)), size_t(compose_replicas_max));
  ASSERT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(findings.list()[0].code, "GP0003");
}

TEST(Containers, ThePortIsTheLabelsElseTheLowest) {
  const auto url = [](const std::string& rest) { return make(service(rest)).url("web-p@docker"); };
  EXPECT_EQ(url("    ports: [\"8080:9000\", \"7000:8000/udp\"]\n"), "http://web:8000");
  EXPECT_EQ(url("    ports: [\"3005-3007\"]\n    expose: [4000]\n"), "http://web:3005");
  EXPECT_EQ(url("    ports: [{target: 81, published: 8080, host_ip: 127.0.0.1}]\n"),
            "http://web:81");
  EXPECT_EQ(url("    network_mode: host\n    expose: [82]\n"), "http://127.0.0.1:82");
  EXPECT_EQ(url("    expose: [82]\n    networks: {n: {ipv4_address: 10.1.2.3}}\n"),
            "http://10.1.2.3:82");
  const Made unknown = make(service("    labels: {traefik.http.routers.r.rule: Path(`/`)}\n"));
  EXPECT_EQ(unknown.url("web-p@docker"), "http://web:80");
  EXPECT_EQ(unknown.codes(), "GP1210");
  // An empty `expose` says that there is none.
  const Made none = make(service("    expose: []\n"));
  EXPECT_EQ(none.url("web-p@docker"), "no web-p@docker");
  EXPECT_EQ(none.codes(), "GP1203");
}

TEST(Containers, BoundPorts) {
  ContainerOptions options;
  options.config.use_bind_port_ip = true;
  const auto url = [&](const std::string& ports) {
    return make(service("    ports: [" + ports + "]\n"), options).url("web-p@docker");
  };
  EXPECT_EQ(url("\"192.168.1.9:8080:80\""), "http://192.168.1.9:8080");
  EXPECT_EQ(url("\"[::1]:8080:80\""), "http://[::1]:8080");
  EXPECT_EQ(url("\"8080:80\""), "http://web:80");
  EXPECT_EQ(url("\"0.0.0.0:8080:80\""), "http://web:80");
}

TEST(Containers, Networks) {
  const std::string two = "    expose: [80]\n    networks: [a, b]\n";
  EXPECT_EQ(make(service(two)).codes(), "GP1211");
  EXPECT_EQ(make(service(two + "    labels: {traefik.docker.network: p_a}\n")).codes(), "");
  const Made wrong = make(service(two + "    labels: {traefik.docker.network: p_c}\n"));
  EXPECT_EQ(wrong.codes(), "GP1211");
  EXPECT_EQ(wrong.findings.list()[0].remedy, "did you mean `p_a`?");
  EXPECT_EQ(make(service(two + "    labels: {traefik.docker.network: ext}\n") +
                 "networks: {a: {external: true, name: ext}}\n")
                .codes(),
            "");
}

TEST(Containers, OfASwarm) {
  ContainerOptions options;
  options.provider = "swarm";
  const std::string port = "        - traefik.http.services.s.loadbalancer.server.port=80\n";
  const std::string web =
      "    expose: [80]\n    labels: {traefik.http.routers.no.rule: x}\n"
      "    deploy:\n      replicas: 2\n      labels:\n"
      "        - traefik.http.routers.r.rule=Path(`/`)\n";
  EXPECT_EQ(make(service(web), options).codes(), "GP1203 GP1203");  // tasks show no ports
  const Made made = make(service(web + port), options);
  EXPECT_EQ(made.codes(), "");
  EXPECT_TRUE(made.config.routers.contains("r@swarm"));
  EXPECT_EQ(made.config.services.at("s@swarm").load_balancer->servers.size(), 2u);
  EXPECT_EQ(
      make(service("    expose: [80]\n    deploy: {labels: {traefik.docker.network: p_default,"
                   " traefik.swarm.network: p_default}}\n"),
           options)
          .codes(),
      "GP1201");
}

TEST(Containers, DefaultRules) {
  const auto rule = [](const std::string& text) {
    ContainerOptions options;
    options.config.default_rule = {text, {std::make_shared<const std::string>("s.yml"), 1, 1, 1}};
    const Made made = make(service("    expose: [80]\n"), options);
    const auto found = made.config.routers.find("web-p@docker");
    return found == made.config.routers.end() ? made.codes() : found->second.rule.value;
  };
  EXPECT_EQ(rule("Host(`{{ .Name }}`)"), "Host(`web-p`)");
  EXPECT_EQ(rule("{{ .ContainerName | upper }}"), "P-WEB-1");
  EXPECT_EQ(rule("{{ index .Labels \"com.docker.compose.service\" }}"), "web");
  EXPECT_EQ(rule("{{ .Labels.none }}"), "<no value>");
  EXPECT_EQ(rule("x{{ index .Labels \"none\" }}y"), "xy");
  EXPECT_EQ(rule(""), "GP1204");
  EXPECT_EQ(rule("{{ .Nope }}"), "GP1204");
  EXPECT_EQ(rule("{{"), "GP1204");
}

TEST(Containers, TheMessageOfAFieldThatIsNotThere) {
  ContainerOptions options;
  options.config.default_rule = {"{{ .Nope }}",
                                 {std::make_shared<const std::string>("s.yml"), 3, 7, 1}};
  const Made made = make(service("    expose: [80]\n"), options);
  ASSERT_EQ(made.findings.list().size(), 1u);
  EXPECT_NE(made.findings.list()[0].message.find(
                "can't evaluate field Nope in type struct { Name string; ContainerName string; "
                "Labels map[string]string }"),
            std::string::npos)
      << made.findings.list()[0].message;
  EXPECT_EQ(made.findings.list()[0].span.to_string(), "s.yml:3:7");
}

TEST(Containers, WhoIsTaken) {
  ContainerOptions hidden;
  hidden.config.exposed_by_default = false;
  const std::string rule = "traefik.http.routers.r.rule: Path(`/`)";
  EXPECT_EQ(make(service("    expose: [80]\n"), hidden).codes(), "");
  EXPECT_EQ(make(service("    expose: [80]\n    labels: {" + rule + "}\n"), hidden).codes(),
            "GP1202");
  EXPECT_EQ(make(service("    expose: [80]\n    labels: {traefik.enable: false, " + rule + "}\n"))
                .codes(),
            "");
  ContainerOptions wanted;
  wanted.config.constraints.value = "x";
  wanted.matches = [](const auto& labels) { return Result<bool>(labels.contains("yes")); };
  EXPECT_TRUE(make(service("    expose: [80]\n"), wanted).config.routers.empty());
  EXPECT_FALSE(
      make(service("    expose: [80]\n    labels: [yes=1]\n"), wanted).config.routers.empty());
  wanted.matches = [](const auto&) { return Result<bool>(Error(Code::invalid, "no such")); };
  EXPECT_EQ(make(service("    expose: [80]\n"), wanted).codes(), "GP1213");
}

TEST(Containers, LabelsThatAreNotRead) {
  EXPECT_EQ(make(service("    expose: [80]\n    labels: [traefik.port=80, other.x=1]\n")).codes(),
            "GP1207");
  EXPECT_EQ(
      make(service("    expose: [80]\n    labels: [traefik.htp.a=1]\n")).findings.list()[0].remedy,
      "did you mean `traefik.http`?");
  EXPECT_EQ(make(service("    expose: [80]\n    labels: [a=1, a=2]\n")).codes(), "GP1208");
  EXPECT_EQ(make(service("    expose: [80]\n    labels: [\"a=$\"]\n")).codes(), "GP1209");
}

}  // namespace
}  // namespace gateproof::providers
