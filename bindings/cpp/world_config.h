// A loaded configuration on its way into an engine, for virtual worlds and servers alike.
#pragma once
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

class WorldConfig {
 public:
  // `addresses`: other addresses for entry points, by name.
  WorldConfig(std::shared_ptr<check::ConfigSet> set, size_t assembly,
              const std::map<std::string, std::string>& addresses = {});
  std::shared_ptr<const config::StaticConfig> statics() const { return assembly_.statics; }
  // Hands every provider's objects to the engine.
  void apply(pipeline::Engine& engine) const;
  // [{name, address, tls, as_default}]
  py::list entry_points() const;
  // The file provider's files anew (name -> text), as a directory: what is wrong with them; the previous objects stay when the
  // update is rejected (catalogue 6.3). Values equal to those of the last update change nothing (catalogue 6.1).
  std::vector<config::Finding> update_files(pipeline::Engine& engine,
                                            const std::map<std::string, std::string>& files);

 private:
  std::shared_ptr<check::ConfigSet> set_;
  check::Assembly assembly_;
  std::string digest_;  // of the last update that was not rejected
};

}  // namespace gateproof::bindings
