// app-root of ingress-nginx: a request for "/" is sent to a page (catalogue 6.7).
#include "engine/middleware/auth_server.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string path;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>().field("path", &Options::path, "string");
  return s;
}

class AppRoot final : public SyncFilter {
 public:
  explicit AppRoot(std::string path) : path_(std::move(path)) {}
  Flow on_request(Exchange& x) override {
    if (x.request.url.path != "/") return Flow::next;
    go_redirect(x, (x.tls ? "https://" : "http://") + x.request.host + path_, 302);
    if (x.trace) x.note(stage, "answer", "302 to " + path_);
    return Flow::answer;
  }

 private:
  std::string path_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.path.empty()) return Error(Code::invalid, "path cannot be empty");
  if (!o.path.starts_with('/')) return Error(Code::invalid, "path should start with /");
  return std::unique_ptr<Middleware>(std::make_unique<AppRoot>(o.path));
}

}  // namespace

ProviderSpec app_root() { return {{"appRoot", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
