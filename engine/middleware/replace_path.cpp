// replacePath: another path, the same query (catalogue 3.2). What the path becomes is not checked for dot segments, as in
// Traefik: it is the operator's text.
#include "engine/middleware/path_rewrite.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string path;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>().field("path", &Options::path, "string");
  return s;
}

class ReplacePath final : public SyncFilter {
 public:
  explicit ReplacePath(const Options& o) : path_(o.path) {}
  Flow on_request(Exchange& x) override { return replace_and_continue(x, path_, false); }

 private:
  std::string path_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  return std::unique_ptr<Middleware>(std::make_unique<ReplacePath>(o));
}

}  // namespace

MiddlewareSpec replace_path() { return {{"replacePath", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
