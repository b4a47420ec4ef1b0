// Plugins written in Python, as the engine sees them.
#pragma once
#include "engine/middleware/plugin_host.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

// Names to factories: callables (options, middleware) that return what gateproof.plugins.adapt() makes. A signal's exception
// and its like (no Exception in Python's sense) are kept in `errors` and raised where the run was started.
class PythonPlugins final : public middleware::PluginHost {
 public:
  PythonPlugins(const py::dict& factories, std::shared_ptr<PythonErrors> errors);
  bool knows(std::string_view plugin) const override;
  Result<std::unique_ptr<middleware::Plugin>> build(std::string_view plugin,
                                                    const config::Value& options,
                                                    std::string_view middleware) const override;

 private:
  // Owned through pointers whose deleter takes the interpreter's lock: they may die on any thread.
  std::map<std::string, std::shared_ptr<py::object>, std::less<>> factories_;
  std::shared_ptr<PythonErrors> errors_;
};

}  // namespace gateproof::bindings
