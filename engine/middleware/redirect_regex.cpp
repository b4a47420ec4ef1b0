// redirectRegex: sends the client to what an expression makes of the whole URL (catalogue 3.2). The scheme is that of the
// connection, X-Forwarded-Proto is not looked at; the host is as sent, port included.
#include "engine/middleware/redirect.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string regex;
  std::string replacement;
  bool permanent = false;
  int64_t status = 0;  // of ingress-nginx' redirections
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("regex", &Options::regex, "string")
                            .field("replacement", &Options::replacement, "string")
                            .field("permanent", &Options::permanent, "bool", "false");
  return s;
}

const config::Schema<Options>& provider_schema() {
  static const auto s =
      config::Schema<Options>(schema()).field("statusCode", &Options::status, "int", "0");
  return s;
}

class RedirectRegex final : public SyncFilter {
 public:
  explicit RedirectRegex(Redirection redirection) : redirection_(std::move(redirection)) {}
  Flow on_request(Exchange& x) override {
    std::string url = x.tls ? "https://" : "http://";
    url.append(x.request.host).append(x.shown_target());
    const Flow flow = redirection_.apply(x, url);
    if (x.trace && flow == Flow::next)
      x.note(stage, "pass", url + " does not match, or stays as it is");
    return flow;
  }

 private:
  Redirection redirection_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  auto r = Redirection::compile(o.regex, o.replacement, o.permanent, static_cast<int>(o.status));
  if (!r) return r.error();
  return std::unique_ptr<Middleware>(std::make_unique<RedirectRegex>(std::move(*r)));
}

}  // namespace

MiddlewareSpec redirect_regex() {
  return {{"redirectRegex", &schema(), make_options<Options>}, build};
}

ProviderSpec redirect_regex_of_provider() {
  return {{"redirectRegex", &provider_schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
