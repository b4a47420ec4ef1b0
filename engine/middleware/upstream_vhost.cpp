// upstream-vhost of ingress-nginx: the Host that the server sees, with variables (catalogue 6.7).
#include "engine/http/nginx_variables.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string host;
  std::map<std::string, std::string> variables;  // without the dollar
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("vHost", &Options::host, "string")
                            .field("vars", &Options::variables, "map");
  return s;
}

class UpstreamVhost final : public SyncFilter {
 public:
  explicit UpstreamVhost(Options o) : o_(std::move(o)) {}
  Flow on_request(Exchange& x) override {
    x.request.host = http::fill_nginx_variables(o_.host, x, o_.variables);
    if (x.trace) x.note(stage, "header", "Host: " + x.request.host);
    return Flow::next;
  }

 private:
  Options o_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.host.empty()) return Error(Code::invalid, "vHost cannot be empty");
  return std::unique_ptr<Middleware>(std::make_unique<UpstreamVhost>(o));
}

}  // namespace

ProviderSpec upstream_vhost() {
  return {{"upstreamVHost", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
