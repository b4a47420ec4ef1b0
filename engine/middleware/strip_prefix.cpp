// stripPrefix: takes the first listed prefix that matches off the path, character by character (catalogue 3.2).
#include "engine/middleware/path_rewrite.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> prefixes;
  bool force_slash = false;  // an empty rest becomes a slash, which the next rewrite sees
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("prefixes", &Options::prefixes, "list of strings")
                            .field("forceSlash", &Options::force_slash, "bool", "false")
                            .deprecated("remove it: what is sent always has a leading slash");
  return s;
}

class StripPrefix final : public SyncFilter {
 public:
  explicit StripPrefix(const Options& o)
      : rest_(o.force_slash ? Rest::forced_slash : Rest::as_it_is) {
    for (const std::string& p : o.prefixes) prefixes_.emplace_back(text::trim(p));
  }
  Flow on_request(Exchange& x) override {
    for (const std::string& p : prefixes_) {
      if (!x.request.url.path.starts_with(p)) continue;
      const Flow flow = strip_and_check(x, p, rest_);
      if (flow == Flow::next)
        x.request.headers.add_field(http::Headers::named("X-Forwarded-Prefix", p));
      return flow;
    }
    if (x.trace) {
      x.note(stage, "pass",
             x.request.url.path + " begins with none of " + text::join(prefixes_, ", "));
    }
    return Flow::next;
  }

 private:
  std::vector<std::string> prefixes_;
  Rest rest_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  return std::unique_ptr<Middleware>(std::make_unique<StripPrefix>(o));
}

}  // namespace

MiddlewareSpec strip_prefix() { return {{"stripPrefix", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
