// Snippets of NGINX configuration and auth-url of ingress-nginx (catalogue 6.7), in the order of NGINX' phases: what the snippets
// rewrite, fields of the request, allow and deny, the authentication server, what the server is sent, fields of the answer.
#include "engine/http/nginx_variables.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/auth_request.h"
#include "engine/middleware/auth_server.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/client_tls.h"
#include "engine/middleware/snippet_program.h"

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

// Programs of the annotations; null: there is none.
struct Programs {
  std::shared_ptr<const SnippetProgram> server, location, auth;
};

// Statuses of answers that add_header adds to without "always".
bool is_added_to(int status) {
  constexpr int statuses[] = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
  return std::find(std::begin(statuses), std::end(statuses), status) != std::end(statuses);
}

struct Phases {
  SnippetPhases server, location;

  // Fields that location adds take the place of the server's; what else is done to fields adds up.
  void edit(SnippetRun& run, http::Response& r) const {
    const int status = r.status;
    for (const SnippetAddedField* f : location.added.empty() ? server.added : location.added) {
      if (f->always || is_added_to(status)) add_snippet_field(run, r, *f);
    }
    for (const SnippetAnswerAction* a : server.answer) (*a)(run, r);
    for (const SnippetAnswerAction* a : location.answer) (*a)(run, r);
  }
};

class Snippet final : public WaitingMiddleware {
 public:
  Snippet(Programs programs, std::optional<Auth> auth, Result<std::shared_ptr<TlsConnector>> tls)
      : programs_(std::move(programs)), auth_(std::move(auth)), tls_(std::move(tls)) {}

  Task<void> handle(Exchange& x, Next next) override {
    SnippetRun run(x);
    Phases phases;
    bool passes = rewrites(run, phases) && may_enter(run, phases);
    if (passes && auth_) passes = co_await asks(run);
    if (!passes) {
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    }
    const auto& content =
        phases.location.content.empty() ? phases.server.content : phases.location.content;
    for (const SnippetRequestAction* a : content) (*a)(run, x.request);
    x.request.headers.remove("Host");  // for $http_host alone
    if (run.too_long && refuse_length(run)) co_return;
    co_await next(x);
    if (x.response.status == 101 || x.late_status) co_return;
    phases.edit(run, x.response);
  }

 private:
  // False: x.response says why not.
  bool rewrites(SnippetRun& run, Phases& phases) const {
    Exchange& x = run.x;
    bool ends = false;
    if (programs_.server) ends = programs_.server->run(run, x.request, phases.server);
    if (!ends && programs_.location && !run.stops_all) {
      run.stops_block = false;
      ends = programs_.location->run(run, x.request, phases.location);
    }
    if (run.too_long) return !refuse_length(run);
    if (ends) {
      answer(run);
      phases.edit(run, x.response);
      return false;
    }
    for (const SnippetRequestAction* a : phases.server.input) (*a)(run, x.request);
    for (const SnippetRequestAction* a : phases.location.input) (*a)(run, x.request);
    return true;
  }

  void answer(SnippetRun& run) const {
    Exchange& x = run.x;
    if (run.status == snippet_bad_status) {
      answer_error(x, 500, http::status_text(500));
    } else if (run.status != 0 && !run.location.empty()) {
      go_redirect(x, run.location, run.status);
    } else {
      // An interim answer is none: Go goes on with its own.
      x.response = http::Response::make(run.status >= 200 ? run.status : 200);
      if (!run.body.empty() && http::body_allowed(x.response.status))
        x.response.body = http::Body::text(run.body);
    }
    if (x.trace) x.note(stage, "answer", std::to_string(x.response.status) + ": a snippet's own");
  }

  bool refuse_length(SnippetRun& run) const {
    refuse(run.x, 500, "a value of the snippet is too long");
    return true;
  }

  // The first that fits decides; without one a request passes.
  bool may_enter(SnippetRun& run, const Phases& phases) const {
    const IpAddress ip = run.x.peer.ip.unmapped();
    for (const SnippetAccess* a :
         phases.location.access.empty() ? phases.server.access : phases.location.access) {
      if (a->network && !a->network->contains(ip)) continue;
      if (a->allows) return true;
      run.x.response = http::Response::make(403, "403 Forbidden");
      if (run.x.trace) run.x.note(stage, "answer", "403: the snippet denies " + ip.to_string());
      return false;
    }
    return true;
  }

  // The request to the authentication server, which the snippet may change. False: it is answered.
  bool fill(SnippetRun& run, http::Request& ask, const AuthServer& server,
            http::Headers headers) const {
    ask.method = auth_->method.empty() ? "GET" : auth_->method;
    ask.headers = std::move(headers);
    if (!programs_.auth) return true;
    ask.url = server.url.path;
    ask.query = server.url.query;
    ask.has_query = server.url.force_query || !ask.query.empty();
    SnippetPhases phases;
    run.rewritten = false;
    const bool ends = programs_.auth->run(run, ask, phases);
    if (!ends) {
      for (const SnippetRequestAction* a : phases.input) (*a)(run, ask);
      for (const SnippetRequestAction* a : phases.content) (*a)(run, ask);
      ask.headers.remove("Host");
    }
    if (run.too_long) return !refuse_length(run);
    if (ends) {
      answer(run);
      return false;
    }
    // Go's client does not send a request whose target was written anew (recorded).
    if (run.rewritten) return refuse(run.x, 500, "auth-snippet rewrites the target");
    return true;
  }

  // True: the request may pass. False: x.response says why not.
  Task<bool> asks(SnippetRun& run) {
    Exchange& x = run.x;
    const config::Text address{run.fill(auth_->address), {}};
    Result<AuthServer> server = make_auth_server(address);
    if (!server) co_return refuse(x, 500, "error calling " + address.value);
    if (server->origin.scheme == "https") {
      if (!tls_) co_return refuse(x, 500, tls_.error().message);
      server->origin.tls = *tls_;
    }
    Exchange sub(*x.env);
    sub.origin = x.origin;
    http::Headers headers = auth_request_headers(x, AuthRequestPolicy());
    // Go's own name is not told in the client's place.
    if (!x.request.headers.has("User-Agent")) headers.remove("User-Agent");
    if (!fill(run, sub.request, *server, std::move(headers))) co_return false;
    if (x.trace) x.note(stage, "ask", sub.request.method + " " + address.value);
    headers = std::move(sub.request.headers);
    std::string body;
    const AuthAsked asked =
        co_await ask_auth_server(sub, *server, std::move(headers), auth_answer_bytes_max, body);
    if (asked != AuthAsked::answered)
      co_return refuse(x, unanswered_status(sub), "the server did not answer");
    const bool passes = judge(x, *server, sub.response, std::move(body));
    if (passes) run.auth_answer = std::move(sub.response.headers);
    co_return passes;
  }

  bool refuse(Exchange& x, int status, std::string_view why) const {
    x.response = http::Response::make(status);
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": " + std::string(why));
    return false;
  }

  bool judge(Exchange& x, const AuthServer& server, http::Response& r, std::string body) const {
    if (x.trace) x.note(stage, "asked", std::to_string(r.status));
    if (!auth_->signin_url.empty() && r.status == 401) {
      std::string url = auth_->signin_url;
      if (url.find("rd=") == std::string::npos) {
        url += url.find('?') == std::string::npos ? '?' : '&';
        url += "rd=$scheme://$best_http_host$escaped_request_uri";
      }
      go_redirect(x, http::fill_nginx_variables(url, x), 302);
      return false;
    }
    if (r.status < 200) return refuse(x, 500, "an upgrade is no answer");
    if (r.status > 299) return pass_on(x, server, r, std::move(body));
    for (const std::string& name : auth_->answer_headers) {
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

  const Programs programs_;
  const std::optional<Auth> auth_;
  const Result<std::shared_ptr<TlsConnector>> tls_;
};

Result<void> build_program(std::shared_ptr<const SnippetProgram>& out, std::string_view annotation,
                           std::string_view opening, const std::string& text) {
  if (text.empty()) return {};
  auto made = SnippetProgram::build(annotation, opening, text);
  if (!made) return made.error();
  out = std::make_shared<const SnippetProgram>(std::move(*made));
  return {};
}

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.server_snippet.empty() && o.location_snippet.empty() && !o.auth)
    return Error(
        Code::invalid,
        "at least one of serverSnippet, configurationSnippet or auth option must be provided");
  if (o.auth && o.auth->address.empty())
    return Error(Code::invalid, "address is required in auth configuration");
  Programs p;
  Result<void> made = build_program(p.server, "server-snippet", "server{", o.server_snippet);
  if (made)
    made = build_program(p.location, "configuration-snippet", "location / {", o.location_snippet);
  if (made && o.auth)
    made = build_program(p.auth, "auth-snippet", "location = /_external-auth {", o.auth->snippet);
  if (!made) return made.error();
  Result<std::shared_ptr<TlsConnector>> tls =
      Error(Code::unsupported, "a variable in the scheme of the address");
  if (o.auth && text::istarts_with(o.auth->address, "https:"))
    tls = make_connector(nullptr, context);
  return std::unique_ptr<Middleware>(
      std::make_unique<Snippet>(std::move(p), o.auth, std::move(tls)));
}

}  // namespace

ProviderSpec snippet() { return {{"snippet", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
