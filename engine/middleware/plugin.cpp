// `plugin` (catalogue 3.2): Traefik loads such a middleware from a catalogue of Go sources, which this engine cannot run. Its
// options are the plugin's own: any name, any value. A router that uses one is answered with 501 by the snapshot builder rather
// than served without it.
#include "engine/middleware/registry.h"

namespace gateproof::middleware {
namespace {

struct Options {};

const config::ObjectSchema& schema() {
  static const config::ObjectSchema s{.fields = {}, .any_field = true};
  return s;
}

Result<std::unique_ptr<Middleware>> make(const void*, const BuildContext&) {
  return Error(Code::unsupported, "middleware type plugin is not acted on yet");
}

}  // namespace

MiddlewareSpec plugin() { return {{"plugin", &schema(), config::make_options<Options>, false}, make}; }

}  // namespace gateproof::middleware
