// forwardAuth: another server says whether a request may pass (catalogue 3.2, 9.28). The sub-request is one of this
// exchange's own, over the same origin as the services; redirects are passed on, not followed.
#include "engine/http/cookies.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/auth_request.h"
#include "engine/middleware/auth_server.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/client_tls.h"
#include "engine/middleware/go_url.h"
#include "engine/rules/regex.h"
#include "engine/upstream/proxy.h"

namespace gateproof::middleware {
namespace {

// Traefik reads without limit where none is configured; here these stand.
constexpr size_t auth_request_body_bytes_max = 64u << 20;
constexpr size_t auth_response_body_bytes_max = 64u << 20;

struct Options {
  config::Text address;
  std::string response_headers_regex, header_field, signin_url;
  std::optional<bool> trust_forward_header;
  std::vector<std::string> response_headers, request_headers, add_cookies;
  bool forward_body = false, preserve_location = false, preserve_method = false;
  int64_t max_body_size = -1;
  std::optional<int64_t> max_response_body_size;
  std::optional<ClientTls> tls;
};

const config::Schema<Options>& schema() {
  using O = Options;
  constexpr std::string_view list = "list of strings";
  static const auto s = config::Schema<O>()
                            .field("address", &O::address, "string")
                            .object("tls", &O::tls, client_tls_schema())
                            .field("trustForwardHeader", &O::trust_forward_header, "bool")
                            .field("authResponseHeaders", &O::response_headers, std::string(list))
                            .field("authResponseHeadersRegex", &O::response_headers_regex, "string")
                            .field("authRequestHeaders", &O::request_headers, std::string(list))
                            .field("addAuthCookiesToResponse", &O::add_cookies, std::string(list))
                            .field("headerField", &O::header_field, "string")
                            .field("forwardBody", &O::forward_body, "bool", "false")
                            .field("maxBodySize", &O::max_body_size, "int", "-1")
                            .field("maxResponseBodySize", &O::max_response_body_size, "int")
                            .field("preserveLocationHeader", &O::preserve_location, "bool", "false")
                            .field("preserveRequestMethod", &O::preserve_method, "bool", "false")
                            .field("authSigninURL", &O::signin_url, "string");
  return s;
}

// Bytes whose length is not told: they leave in chunks.
class Chunked final : public http::BodySource {
 public:
  explicit Chunked(std::string bytes) : bytes_(std::move(bytes)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    const std::string_view data = std::exchange(done_, true) ? std::string_view() : bytes_;
    return Result<http::Chunk>(http::Chunk{data, true});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }

 private:
  std::string bytes_;
  bool done_ = false;
};

http::Body chunked_body(std::string bytes) {
  return http::Body::stream(std::make_unique<Chunked>(std::move(bytes)), std::nullopt);
}

// Go's client sends an empty body of unknown length in chunks, but not with these methods.
bool usually_lacks_body(std::string_view method) {
  for (std::string_view m : {"GET", "HEAD", "DELETE", "OPTIONS", "PROPFIND", "SEARCH"}) {
    if (method == m) return true;
  }
  return false;
}

std::vector<http::SetCookie> set_cookies(const http::Headers& headers) {
  std::vector<http::SetCookie> out;
  for (std::string_view line : headers.values("Set-Cookie")) {
    if (auto cookie = http::parse_set_cookie(line)) out.push_back(std::move(*cookie));
  }
  return out;
}

class ForwardAuth final : public WaitingMiddleware {
 public:
  ForwardAuth(const Options& o, Result<AuthServer> server, std::optional<rules::Regex> regex,
              bool strict)
      : o_(o), server_(std::move(server)), regex_(std::move(regex)) {
    policy_.trust_forward_header = o.trust_forward_header;
    policy_.allowed = o.request_headers;
    if (strict && !policy_.trust_forward_header) policy_.trust_forward_header = false;
  }

  Task<void> handle(Exchange& x, Next next) override {
    std::vector<http::SetCookie> cookies;
    const bool let_through = co_await asks(x, cookies);
    if (!let_through) {
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    }
    // Traefik writes the target anew: semicolons of the query are gone from here on.
    x.target_received.clear();
    co_await next(x);
    if (!cookies.empty()) merge_cookies(x.response.headers, cookies);
  }

 private:
  // True: the request may pass. False: x.response says why not.
  Task<bool> asks(Exchange& x, std::vector<http::SetCookie>& cookies) {
    Exchange sub(*x.env);
    sub.origin = x.origin;
    sub.request.method = o_.preserve_method ? x.request.method : "GET";
    if (o_.forward_body) {
      const bool taken = co_await take_body(x, sub);
      if (!taken) co_return false;
    }
    // Whom to ask is looked at last: a body that is too large is refused first.
    if (!server_)
      co_return refuse(x, 500,
                       "error calling " + o_.address.value + ": " + server_.error().message);
    http::Headers headers = auth_request_headers(x, policy_);
    if (x.trace) note_request(x, sub, headers);
    std::string body;
    const AuthAsked asked =
        co_await ask_auth_server(sub, *server_, std::move(headers), response_bytes_max(), body);
    switch (asked) {
      case AuthAsked::late: co_return refuse(x, 500, "no answer in time");
      case AuthAsked::too_large: co_return refuse(x, 401, "the answer's body is too large");
      case AuthAsked::failed: co_return refuse(x, unanswered_status(sub), sub.failure->message);
      case AuthAsked::answered: break;
    }
    co_return judge(x, sub.response, std::move(body), cookies);
  }

  bool refuse(Exchange& x, int status, std::string_view why) const {
    x.response = http::Response::make(status);
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": " + std::string(why));
    return false;
  }

  size_t response_bytes_max() const {
    if (!o_.max_response_body_size || *o_.max_response_body_size < 0)
      return auth_response_body_bytes_max;
    return std::min(static_cast<size_t>(*o_.max_response_body_size), auth_response_body_bytes_max);
  }

  // The request's body, read whole, for the authentication server and again for the service.
  Task<bool> take_body(Exchange& x, Exchange& sub) {
    const bool limited = o_.max_body_size >= 0;
    const bool chunked = !x.request.body.length();
    const size_t bytes_max =
        limited ? std::min(static_cast<size_t>(o_.max_body_size), auth_request_body_bytes_max)
                : auth_request_body_bytes_max;
    Result<std::string> read = co_await http::read_all(x.request.body, bytes_max);
    if (!read) {
      const bool large = read.error().code == Code::limit;
      co_return refuse(x, large ? 401 : 500,
                       large ? "the request's body is too large" : read.error().message);
    }
    if (chunked && limited && read->empty()) {
      // Go's client: a length that is not known, and no body.
      co_return refuse(x, 500, "a chunked request body without bytes");
    }
    if (chunked) {
      sub.request.body = chunked_body(*read);
      x.request.body = chunked_body(std::move(*read));
    } else if (!read->empty()) {
      sub.request.body = http::Body::text(*read);
      x.request.body = http::Body::text(std::move(*read));
    } else if (!limited && !usually_lacks_body(sub.request.method)) {
      sub.request.body = chunked_body("");
    }
    co_return true;
  }

  void note_request(Exchange& x, const Exchange& sub, const http::Headers& headers) const {
    x.note(stage, "ask", sub.request.method + " " + o_.address.value);
    for (const auto& f : headers) {
      if (text::istarts_with(f.name, "X-Forwarded-"))
        x.note(stage, "ask header", std::string(f.name) + ": " + std::string(f.value));
    }
  }

  bool judge(Exchange& x, http::Response& r, std::string body,
             std::vector<http::SetCookie>& cookies) const {
    if (!o_.header_field.empty()) {
      if (const auto user = r.headers.find(o_.header_field)) x.user = *user;
    }
    if (x.trace) x.note(stage, "asked", std::to_string(r.status));
    if (!o_.signin_url.empty() && r.status == 401) {
      go_redirect(x, o_.signin_url, 302);
      if (x.trace) x.note(stage, "answer", "302 to authSigninURL");
      return false;
    }
    if (r.status < 200 || r.status > 299) return pass_on(x, r, std::move(body));
    take_headers(x, r.headers);
    cookies = set_cookies(r.headers);
    return true;
  }

  // The server's refusal goes to the client.
  bool pass_on(Exchange& x, http::Response& r, std::string body) const {
    if (r.status < 200) return refuse(x, 500, "an upgrade is no answer");
    const std::string given(r.headers.get("Location"));
    const Result<std::string> location = given.empty() ? given : located(given);
    if (!location) return refuse(x, 500, "the answer's Location is no URL");
    pass_on_refusal(x, r, std::move(body), *location);
    if (x.trace) x.note(stage, "answer", std::to_string(r.status) + ": the server's own");
    return false;
  }

  // Relative to the authentication server, unless it is to stay as it is.
  Result<std::string> located(const std::string& given) const {
    auto url = parse_go_url(given);
    if (!url) return url.error();
    return o_.preserve_location ? url->to_string() : server_->url.resolve(*url).to_string();
  }

  // A listed field that the answer lacks goes from the request: a client cannot make it up.
  void take_headers(Exchange& x, const http::Headers& answer) const {
    http::Headers& h = x.request.headers;
    const auto take = [&](std::string_view name) {
      if (text::iequals(name, "Host") || text::iequals(name, "Content-Length")) return;
      h.remove(name);
      for (std::string_view v : answer.values(name)) {
        h.add_canonical(name, v);
        if (x.trace)
          x.note(stage, "request header", "+ " + std::string(name) + ": " + std::string(v));
      }
    };
    for (const std::string& name : o_.response_headers) take(name);
    if (!regex_) return;
    h.remove_if([this](const http::Headers::Field& f) { return regex_->search(f.name); });
    std::vector<std::string> done;
    for (const auto& f : answer) {
      if (!regex_->search(f.name) || std::find(done.begin(), done.end(), f.name) != done.end())
        continue;
      done.emplace_back(f.name);
      take(f.name);
    }
  }

  // Once the server has set a cookie, all of the answer's are read and written anew, as Go's library does.
  void merge_cookies(http::Headers& h, const std::vector<http::SetCookie>& auth) const {
    const auto listed = [this](const http::SetCookie& c) {
      return std::find(o_.add_cookies.begin(), o_.add_cookies.end(), c.name) !=
             o_.add_cookies.end();
    };
    const std::vector<http::SetCookie> own = set_cookies(h);
    h.remove("Set-Cookie");
    for (const auto& c : own) {
      if (!listed(c)) h.add("Set-Cookie", http::format_set_cookie(c));
    }
    for (const auto& c : auth) {
      if (listed(c)) h.add("Set-Cookie", http::format_set_cookie(c));
    }
  }

  const Options o_;
  const Result<AuthServer> server_;  // an address that cannot be asked answers 500, as in Traefik
  const std::optional<rules::Regex> regex_;
  AuthRequestPolicy policy_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.tls) {
    auto checked = check_client_tls(*o.tls, context);
    if (!checked) return checked.error();
  }
  std::optional<rules::Regex> regex;
  if (!o.response_headers_regex.empty()) {
    auto compiled = rules::Regex::compile(o.response_headers_regex);
    if (!compiled) {
      return Error(Code::invalid,
                   "error compiling regular expression " + o.response_headers_regex + ": " +
                       compiled.error().message,
                   SourceSpan(), "write an RE2 expression in `authResponseHeadersRegex`");
    }
    regex = std::move(*compiled);
  }
  Result<AuthServer> server = make_auth_server(o.address);
  if (server && server->origin.scheme == "https") {
    Result<std::shared_ptr<TlsConnector>> connector =
        make_connector(o.tls ? &*o.tls : nullptr, context);
    if (!connector) return connector.error();
    server->origin.tls = std::move(*connector);
  }
  return std::unique_ptr<Middleware>(
      std::make_unique<ForwardAuth>(o, std::move(server), std::move(regex), context.strict));
}

}  // namespace

MiddlewareSpec forward_auth() {
  return {{"forwardAuth", &schema(), make_options<Options>},
          build,
          "a trustForwardHeader that is not written means false"};
}

}  // namespace gateproof::middleware
