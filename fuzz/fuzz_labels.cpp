// Any text as the labels of containers: each line is a label of the first or (behind a '>') of a second container, or, where the
// first byte says so, the text is a compose file. What comes out is a configuration or findings, each with words, a remedy and a
// place; servers have an address; the same text gives the same configuration twice.
#include <cstdint>
#include <cstdlib>

#include "engine/check/constraints.h"
#include "engine/config/testing_types.h"
#include "engine/providers/compose.h"
#include "engine/providers/container_config.h"

using namespace gateproof;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

std::string names_of(const config::DynamicConfig& d) {
  std::string out;
  for (const auto& [name, r] : d.routers)
    out += name + "|" + r.rule.value + "|" + r.service.value + "\n";
  for (const auto& [name, s] : d.services) {
    require(s.load_balancer && !s.load_balancer->servers.empty());
    for (const config::ServerConfig& one : s.load_balancer->servers) {
      require(!one.url.value.empty() && one.port.value.empty());
      out += name + "|" + one.url.value + "\n";
    }
  }
  for (const auto& [name, m] : d.middlewares) out += name + "|" + m.type + "\n";
  for (const auto& [name, r] : d.tcp.routers) out += name + "|" + r.rule.value + "\n";
  for (const auto& [name, s] : d.tcp.services) {
    require(s.load_balancer.has_value());
    for (const config::TcpServerConfig& one : s.load_balancer->servers)
      require(!one.address.value.empty());
  }
  for (const auto& [name, s] : d.udp.services) require(s.servers && !s.servers->empty());
  return out;
}

std::vector<providers::Container> containers(std::string_view text) {
  std::vector<providers::Container> out(2);
  const auto file = std::make_shared<const std::string>("labels");
  for (size_t i = 0; i < 2; ++i) {
    out[i].id = std::to_string(i);
    out[i].name = out[i].service_name = i ? "two" : "one";
    out[i].ports.push_back({80, "", ""});
    out[i].networks["net"] = out[i].name;
    out[i].span = {file, 1, 1, 1};
    out[i].object = "service " + out[i].name;
  }
  uint32_t line = 0;
  for (std::string_view one : text::split(text, '\n')) {
    const bool second = one.starts_with('>');
    if (second) one.remove_prefix(1);
    const SourceSpan at{file, ++line, uint32_t(second) + 1, uint32_t(one.size())};
    config::Label label = config::label_from_text(one, at);
    if (!out[second].label(label.key)) out[second].labels.push_back(std::move(label));
  }
  return out;
}

std::string run(const std::vector<providers::Container>& all, bool swarm) {
  static const config::testing::FewTypes types;
  providers::ContainerOptions options;
  options.provider = swarm ? "swarm" : "docker";
  config::Findings findings;
  const auto made = providers::config_of_containers(all, options, types, findings).objects;
  for (const config::Finding& f : findings.list())
    require(!f.message.empty() && !f.remedy.empty() && f.span.known());
  return names_of(made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool swarm = data[0] & 1;
  if ((data[0] >> 1) % 3 == 0) {
    require(run(containers(text), swarm) == run(containers(text), swarm));
  } else if ((data[0] >> 1) % 3 == 1) {
    const auto doc = config::parse_document(text, "compose.yml", config::Format::yaml);
    if (!doc) return 0;
    config::Findings findings;
    auto all = providers::containers_of(*doc, swarm, empty_environment(), findings);
    require(all.size() <= size * size_t(providers::compose_replicas_max));
    for (const config::Finding& f : findings.list())
      require(!f.message.empty() && !f.remedy.empty());
    if (all.size() < 100) run(all, swarm);
    providers::label_places(*doc);
  } else {
    const auto kept = check::constraints_match(text, {{"a", "1"}, {"team", "red"}});
    require(kept || !kept.error().message.empty());
  }
  return 0;
}
