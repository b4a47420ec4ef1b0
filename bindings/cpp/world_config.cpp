#include "bindings/cpp/world_config.h"

#include "engine/providers/file_loader.h"

#include "bindings/cpp/overlay_files.h"

namespace gateproof::bindings {

WorldConfig::WorldConfig(std::shared_ptr<check::ConfigSet> set, size_t assembly,
                         const std::map<std::string, std::string>& addresses)
    : set_(std::move(set)) {
  if (assembly >= set_->assemblies.size()) {
    throw py::index_error("the configuration has " + std::to_string(set_->assemblies.size()) +
                          " static configuration(s)");
  }
  assembly_ = set_->assemblies[assembly];
  if (addresses.empty()) return;
  auto statics = std::make_shared<config::StaticConfig>(*assembly_.statics);
  for (const auto& [name, address] : addresses) {
    const auto found = statics->entry_points.find(name);
    if (found == statics->entry_points.end())
      throw py::value_error("no entry point is called " + name);
    found->second.address.value = address;
  }
  assembly_.statics = std::move(statics);
}

void WorldConfig::apply(pipeline::Engine& engine) const {
  if (set_->source) engine.set_files(*set_->source);
  for (const auto& [provider, objects] : assembly_.providers) engine.update(provider, objects);
}

py::list WorldConfig::entry_points() const {
  py::list out;
  for (const auto& [name, e] : assembly_.statics->entry_points) {
    py::dict d;
    d["name"] = name;
    d["address"] = e.address.value;
    d["tls"] = e.tls.has_value();
    d["as_default"] = e.as_default;
    const auto address = config::parse_entry_point_address(e.address);
    d["port"] = address ? address->port : 0;
    d["udp"] = address && address->udp;
    out.append(d);
  }
  return out;
}

std::vector<config::Finding> WorldConfig::update_files(
    pipeline::Engine& engine, const std::map<std::string, std::string>& files) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, text] : files) texts["/dynamic/" + name] = text;
  OverlayFiles overlay(std::move(texts));
  config::FileProviderConfig provider;
  provider.directory.value = "/dynamic";
  providers::FileLoader loader(overlay, provider, middleware::middleware_types(),
                               *set_->environment);
  providers::Loaded loaded = loader.load();
  if (loaded.message && loaded.message->digest != digest_) {
    digest_ = loaded.message->digest;
    engine.update("file", std::move(loaded.message->objects));
  }
  return loaded.findings.list();
}

}  // namespace gateproof::bindings
