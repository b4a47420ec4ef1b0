// auth-url of ingress-nginx: another server says whether a request may pass (catalogue 6.7). Traefik calls the middleware after the
// snippets of NGINX configuration that it takes too; those are refused here.
#include "engine/http/nginx_variables.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/auth_request.h"
#include "engine/middleware/auth_server.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/client_tls.h"

namespace gateproof::middleware {
namespace {

constexpr size_t auth_answer_bytes_max = 64u << 20;

struct Auth {
  std::string address, signin_url, method, snippet;
  std::vector<std::string> answer_headers;
};

struct Options {
  std::string server_snippet, location_snippet;
  std::optional<Auth> auth;
};

const config::Schema<Options>& schema() {
  static const auto auth =
      config::Schema<Auth>()
          .field("address", &Auth::address, "string")
          .field("authSigninURL", &Auth::signin_url, "string")
          .field("method", &Auth::method, "string")
          .field("snippet", &Auth::snippet, "string")
          .field("authResponseHeaders", &Auth::answer_headers, "list of strings");
  static const auto s = config::Schema<Options>()
                            .field("serverSnippet", &Options::server_snippet, "string")
                            .field("configurationSnippet", &Options::location_snippet, "string")
                            .object("auth", &Options::auth, auth);
  return s;
}

class AuthUrl final : public WaitingMiddleware {
 public:
  AuthUrl(Auth auth, Result<std::shared_ptr<TlsConnector>> tls)
      : auth_(std::move(auth)), tls_(std::move(tls)) {}

  Task<void> handle(Exchange& x, Next next) override {
    const bool passes = co_await asks(x);
    if (!passes) {
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    }
    co_await next(x);
  }

 private:
  // True: the request may pass. False: x.response says why not.
  Task<bool> asks(Exchange& x) {
    const config::Text address{http::fill_nginx_variables(auth_.address, x), {}};
    Result<AuthServer> server = make_auth_server(address);
    if (!server) co_return refuse(x, 500, "error calling " + address.value);
    if (server->origin.scheme == "https") {
      if (!tls_) co_return refuse(x, 500, tls_.error().message);
      server->origin.tls = *tls_;
    }
    Exchange sub(*x.env);
    sub.origin = x.origin;
    sub.request.method = auth_.method.empty() ? "GET" : auth_.method;
    http::Headers headers = auth_request_headers(x, AuthRequestPolicy());
    // Go's own name is not told in the client's place.
    if (!x.request.headers.has("User-Agent")) headers.remove("User-Agent");
    if (x.trace) x.note(stage, "ask", sub.request.method + " " + address.value);
    std::string body;
    const AuthAsked asked =
        co_await ask_auth_server(sub, *server, std::move(headers), auth_answer_bytes_max, body);
    if (asked != AuthAsked::answered)
      co_return refuse(x, unanswered_status(sub), "the server did not answer");
    co_return judge(x, *server, sub.response, std::move(body));
  }

  bool refuse(Exchange& x, int status, std::string_view why) const {
    x.response = http::Response::make(status);
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": " + std::string(why));
    return false;
  }

  bool judge(Exchange& x, const AuthServer& server, http::Response& r, std::string body) const {
    if (x.trace) x.note(stage, "asked", std::to_string(r.status));
    if (!auth_.signin_url.empty() && r.status == 401) {
      std::string url = auth_.signin_url;
      if (url.find("rd=") == std::string::npos) {
        url += url.find('?') == std::string::npos ? '?' : '&';
        url += "rd=$scheme://$best_http_host$escaped_request_uri";
      }
      go_redirect(x, http::fill_nginx_variables(url, x), 302);
      return false;
    }
    if (r.status < 200) return refuse(x, 500, "an upgrade is no answer");
    if (r.status > 299) return pass_on(x, server, r, std::move(body));
    for (const std::string& name : auth_.answer_headers) {
      if (text::iequals(name, "Host") || text::iequals(name, "Content-Length")) continue;
      x.request.headers.remove(name);
      for (std::string_view v : r.headers.values(name)) x.request.headers.add_canonical(name, v);
    }
    return true;
  }

  bool pass_on(Exchange& x, const AuthServer& server, http::Response& r, std::string body) const {
    const std::string given(r.headers.get("Location"));
    std::string location;
    if (!given.empty()) {
      auto url = parse_go_url(given);
      if (!url) return refuse(x, 500, "the answer's Location is no URL");
      location = server.url.resolve(*url).to_string();
    }
    pass_on_refusal(x, r, std::move(body), location);
    if (x.trace) x.note(stage, "answer", std::to_string(r.status) + ": the server's own");
    return false;
  }

  const Auth auth_;
  const Result<std::shared_ptr<TlsConnector>> tls_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  if (!o.server_snippet.empty() || !o.location_snippet.empty() ||
      (o.auth && !o.auth->snippet.empty()))
    return Error(Code::unsupported, "snippets of NGINX configuration are not acted on",
                 SourceSpan(), "remove the annotation: a Middleware may do the same");
  if (!o.auth || o.auth->address.empty())
    return Error(Code::invalid, "address is required in auth configuration");
  Result<std::shared_ptr<TlsConnector>> tls =
      Error(Code::unsupported, "a variable in the scheme of the address");
  if (text::istarts_with(o.auth->address, "https:")) tls = make_connector(nullptr, context);
  return std::unique_ptr<Middleware>(std::make_unique<AuthUrl>(*o.auth, std::move(tls)));
}

}  // namespace

ProviderSpec snippet() { return {{"snippet", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
