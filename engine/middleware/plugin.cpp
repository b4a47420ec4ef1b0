// `plugin` (catalogue 3.2): a middleware by the name of a plugin, with whatever options that one takes. Traefik loads plugins
// from a catalogue of Go sources, which this engine cannot run: here, as in a Traefik that has none installed, every type is
// unknown, and the router that uses it is refused.
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> types;
};

const config::ObjectSchema& schema() {
  static const config::ObjectSchema s{.fields = {},
                                      .other = [](const config::Value::Member& m, void* object) {
                                        static_cast<Options*>(object)->types.push_back(m.key);
                                      }};
  return s;
}

Result<std::unique_ptr<Middleware>> make(const void* options, const BuildContext&) {
  const auto& types = static_cast<const Options*>(options)->types;
  if (types.size() != 1) {
    return Error(Code::invalid,
                 "plugin: invalid configuration: no configuration or too many plugin definition");
  }
  return Error(Code::invalid, "plugin: unknown plugin type: " + types.front());
}

}  // namespace

MiddlewareSpec plugin() { return {{"plugin", &schema(), make_options<Options>, false}, make}; }

}  // namespace gateproof::middleware
