// chain: a list of other middlewares under one name (catalogue 3.2). The snapshot builder puts the listed ones in its place,
// so nothing is ever built from it; class Chain (chain.h) is what a router's whole list becomes.
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<config::Text> middlewares;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>().field("middlewares", &Options::middlewares, "list of strings");
  return s;
}

std::vector<config::Text> refs(const void* options) {
  return static_cast<const Options*>(options)->middlewares;
}

Result<std::unique_ptr<Middleware>> build(const void*, const BuildContext& context) {
  return Error(Code::unsupported, "chain " + std::string(context.name) +
                                      " is expanded in place and cannot be built by itself");
}

}  // namespace

MiddlewareSpec chain_type() {
  return {{"chain", &schema(), make_options<Options>, false, refs}, build};
}

}  // namespace gateproof::middleware
