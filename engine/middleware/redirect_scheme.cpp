// redirectScheme: sends the client to the same URL under another scheme and port (catalogue 3.2).
#include "engine/http/forwarded.h"
#include "engine/middleware/redirect.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string scheme;
  std::string port;
  bool permanent = false;
  bool always_308 = false;  // of ingress-nginx' ssl-redirect
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("scheme", &Options::scheme, "string")
                            .field("port", &Options::port, "string")
                            .field("permanent", &Options::permanent, "bool", "false");
  return s;
}

const config::Schema<Options>& provider_schema() {
  static const auto s = config::Schema<Options>(schema()).field(
      "forcePermanentRedirect", &Options::always_308, "bool", "false");
  return s;
}

// The URL as the client meant it: over TLS, or behind a terminator that says so and was believed by the entry point.
std::string client_url(const Exchange& x) {
  const bool secure = http::client_scheme(x) == "https";
  const auto at = parse_host_port(x.request.host);
  std::string url = secure ? "https://" : "http://";
  url.append(at ? at->host : std::string_view(x.request.host));
  if (at && at->port != (secure ? "443" : "80")) url.append(":").append(at->port);
  return url.append(x.shown_target());
}

class RedirectScheme final : public SyncFilter {
 public:
  RedirectScheme(std::string scheme, std::string port, bool permanent, int status)
      : scheme_(std::move(scheme)),
        port_(std::move(port)),
        permanent_(permanent),
        status_(status) {}
  Flow on_request(Exchange& x) override {
    const std::string url = client_url(x);
    const std::optional<KeptOfUrl> kept = kept_of_url(url);
    if (!kept) return Flow::next;
    std::string target;
    target.reserve(scheme_.size() + port_.size() + url.size());
    target.append(scheme_).append(kept->host).append(port_).append(kept->rest);
    const Flow flow = redirect(x, url, target, permanent_, status_);
    if (x.trace && flow == Flow::next) x.note(stage, "pass", url + " is there already");
    return flow;
  }

 private:
  std::string scheme_, port_;  // "https://", ":8443"
  bool permanent_;
  int status_;
};

// Options with a '$': Traefik writes them into the replacement, so they may name groups.
class RedirectByExpression final : public SyncFilter {
 public:
  explicit RedirectByExpression(Redirection redirection) : redirection_(std::move(redirection)) {}
  Flow on_request(Exchange& x) override { return redirection_.apply(x, client_url(x)); }

 private:
  Redirection redirection_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.scheme.empty()) return Error(Code::invalid, "you must provide a target scheme");
  const bool usual =
      (o.scheme == "http" && o.port == "80") || (o.scheme == "https" && o.port == "443");
  const std::string port = o.port.empty() || usual ? "" : ":" + o.port;
  const std::string scheme = o.scheme + "://";
  const int status = o.always_308 ? 308 : 0;
  if ((scheme + port).find('$') == std::string::npos) {
    return std::unique_ptr<Middleware>(
        std::make_unique<RedirectScheme>(scheme, port, o.permanent, status));
  }
  auto r = Redirection::compile(url_pattern, scheme + "${2}" + port + "${4}", o.permanent, status);
  if (!r) return r.error();
  return std::unique_ptr<Middleware>(std::make_unique<RedirectByExpression>(std::move(*r)));
}

}  // namespace

MiddlewareSpec redirect_scheme() {
  return {{"redirectScheme", &schema(), make_options<Options>}, build};
}

ProviderSpec redirect_scheme_of_provider() {
  return {{"redirectScheme", &provider_schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
