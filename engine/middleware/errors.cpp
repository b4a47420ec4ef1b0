// errors: another service's page in the place of answers with certain codes (catalogue 3.2, 9.27). Whatever answers inside is
// looked at, a middleware or the service; an answer with another code streams through untouched.
#include "engine/http/forwarded.h"
#include "engine/http/url.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/go_url.h"
#include "engine/middleware/middleware.h"
#include "engine/middleware/replay.h"
#include "engine/middleware/status_ranges.h"
#include "engine/upstream/forbidden_body.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> status;
  std::map<std::string, int64_t> rewrites;
  config::Text service;
  std::string query;
  std::vector<std::string> request_headers;
  std::map<std::string, std::string>
      more_headers;  // of ingress-nginx: the page's server is told more
};

void read_rewrites(const config::Value& v, Options& o, config::DecodeContext& c) {
  for (const auto& m : v.members) {
    if (m.value.kind != config::Value::null) config::read_value(m.value, o.rewrites[m.key], c);
  }
}

const config::Schema<Options>& schema() {
  static const auto s = [] {
    config::Schema<Options> made;
    made.field("status", &Options::status, "list of strings")
        .custom("statusRewrites", "map of ints", read_rewrites);
    made.fields.back().shape = config::Shape::map;
    made.field("service", &Options::service, "string")
        .field("query", &Options::query, "string")
        .field("errorRequestHeaders", &Options::request_headers, "list of strings");
    return made;
  }();
  return s;
}

const config::Schema<Options>& provider_schema() {
  static const auto s =
      config::Schema<Options>(schema()).field("nginxHeaders", &Options::more_headers, "map");
  return s;
}

struct Rewrite {
  StatusRanges from;
  int to = 0;
};

// A body that lives in another exchange, which lives as long as the body.
class PageBody final : public http::BodySource {
 public:
  PageBody(std::unique_ptr<Exchange> page, http::Response& response)
      : page_(std::move(page)), response_(response) {}
  std::optional<Result<http::Chunk>> try_read() override { return response_.body.try_read(); }
  Task<Result<http::Chunk>> read() override { return response_.body.read(); }
  const http::Headers* trailers() const override { return response_.body.trailers(); }

 private:
  std::unique_ptr<Exchange> page_;
  http::Response& response_;  // in *page_
};

// Whether a body holds any byte. What was read is gone: for answers that cannot have a body.
Task<bool> any_bytes(http::Body& body) {
  if (!body.streaming()) co_return !body.empty();
  for (;;) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk || !chunk->data.empty()) co_return true;
    if (chunk->last) co_return false;
  }
}

// What Go's server does when its handler breaks off: nothing is answered, and the connection is closed.
void abort_answer(Exchange& x) { x.response.reset(); }

class ErrorPages final : public WaitingMiddleware {
 public:
  ErrorPages(const Options& o, StatusRanges status, std::vector<Rewrite> rewrites,
             std::shared_ptr<http::Handler> service)
      : status_(std::move(status)),
        rewrites_(std::move(rewrites)),
        service_(std::move(service)),
        query_(o.query),
        request_headers_(o.request_headers),
        more_headers_(o.more_headers) {}

  Task<void> handle(Exchange& x, Next next) override {
    const bool stopped_outside = x.stopped_with != nullptr;
    const FieldsApart apart(x, FieldsApart::Fields::replacing);
    co_await next(x);
    // What was flushed too early passes here as the 200 that it is (Traefik).
    if (x.late_status) x.late_status = 200;
    // One that asks: what counts is the answer that would have been given.
    http::Response& answer = x.stopped_with && !stopped_outside ? *x.stopped_with : x.response;
    const int original = answer.status;
    if (original < 200 || !status_.contains(original)) {
      if (x.trace) x.note(stage, "pass", std::to_string(original) + " is not in the list");
      co_return;
    }
    const Drained rest = co_await drain(answer.body, replaced_body_bytes_max);
    if (rest == Drained::cut) {
      if (x.trace) x.note(stage, "answer", "500: the answer to be replaced was cut short");
      answer_error(x, 500, http::status_text(500));
      co_return;
    }
    const int code = rewritten(original);
    std::unique_ptr<Exchange> page = page_exchange(x, code, original);
    if (!page) {
      if (x.trace) x.note(stage, "answer", "the query is no URL: no page");
      answer_error(x, code, http::status_text(code));
      co_return;
    }
    answer.reset();  // gives the server's connection back before the page is asked for
    co_await service_->handle(*page);
    co_await take(x, answer, std::move(page), code);
  }

 private:
  int rewritten(int status) const {
    for (const Rewrite& r : rewrites_) {
      if (r.from.contains(status)) return r.to;
    }
    return status;
  }

  // The original request's URL as {url} has it: the scheme that X-Forwarded-Proto tells, else the connection's; Host and target
  // as middlewares left them.
  static std::string original_url(const Exchange& x) {
    GoUrl url;
    url.scheme = http::client_scheme(x);
    url.host = x.request.host;
    url.path = x.request.url;
    url.query = x.request.query;
    return url.to_string();
  }

  // GET without a body to the same Host, with the request's fields; without a peer, so that nothing is appended to
  // X-Forwarded-For. Null if Host and query make no URL.
  std::unique_ptr<Exchange> page_exchange(Exchange& x, int code, int original) const {
    std::string query;
    if (!query_.empty()) {
      query = query_.starts_with('/') ? query_ : "/" + query_;
      query = text::replace_all(std::move(query), "{status}", std::to_string(code));
      query = text::replace_all(std::move(query), "{originalStatus}", std::to_string(original));
      query = text::replace_all(std::move(query), "{url}", http::escape_query(original_url(x)));
    }
    auto url = parse_go_url("http://" + x.request.host + query);
    if (!url) return nullptr;
    auto page = std::make_unique<Exchange>(*x.env);
    page->interim = x.interim;  // the page's server writes to the same client (Traefik)
    page->answer_held = x.answer_held;
    page->origin = x.origin;
    page->trace = x.trace;
    page->look_beyond = x.look_beyond;
    page->local = x.local;
    page->trusted_peer = x.trusted_peer;
    page->entry_point = x.entry_point;
    page->router = x.router;
    page->canonical_host = x.canonical_host;
    page->client_host = x.client_host;
    page->append_forwarded_for = false;
    page->suppress_forwarded_for = x.suppress_forwarded_for;
    page->request.host = x.request.host;
    page->request.url = std::move(url->path);
    page->request.query = std::move(url->query);
    page->request.has_query = url->force_query || !page->request.query.empty();
    for (const auto& f : x.request.headers) {
      if (f.is("Content-Length") || f.is("Transfer-Encoding") || f.is("Trailer")) continue;
      if (wanted(f)) page->request.headers.add(f.name, f.value);
    }
    for (const auto& [name, value] : more_headers_) page->request.headers.add(name, value);
    if (!more_headers_.empty()) {
      page->request.headers.set("X-Code", std::to_string(code));
      page->request.headers.set("X-Format", std::string(x.request.headers.get("Accept")));
      page->request.headers.set("X-Original-Uri", x.request.target());
    }
    if (x.trace) {
      const std::string was = code == original ? "" : " (was " + std::to_string(original) + ")";
      x.note(stage, "page", std::to_string(code) + was + ": GET " + page->request.target());
    }
    return page;
  }

  bool wanted(const http::Headers::Field& f) const {
    return request_headers_.empty() ||
           std::any_of(request_headers_.begin(), request_headers_.end(),
                       [&f](const std::string& n) { return text::iequals(n, f.name); });
  }

  // The page's fields and body under the code that was caught.
  Task<void> take(Exchange& x, http::Response& answer, std::unique_ptr<Exchange> page, int code) {
    http::Response& got = page->stopped_with ? *page->stopped_with : page->response;
    if (!more_headers_.empty()) code = got.status;  // as ingress-nginx: the page says what it is
    x.service = page->service;
    x.server = page->server;
    x.attempts += page->attempts;
    const bool possible = code >= 200 && code <= 999 && got.status != 0;
    bool breaks_off = false;
    if (possible && !http::body_allowed(code)) {
      // Go's proxy breaks off when it may not write; who answers in a server's place does not look.
      const bool made_here = page->server.empty() || page->failure;
      breaks_off = !made_here && co_await any_bytes(got.body);
      got.body.reset();
    }
    if (!possible) {
      if (x.trace) x.note(stage, "abort", "the page cannot be answered with this code");
      abort_answer(x);
      co_return;
    }
    answer.status = code;
    answer.headers = std::move(got.headers);
    answer.trailers = std::move(got.trailers);
    if (breaks_off) {
      // Not before it is clear that nobody outside takes the answer away.
      answer.body = upstream::forbidden_body();
    } else if (got.body.streaming()) {
      const std::optional<uint64_t> length = got.body.length();
      answer.body = http::Body::stream(std::make_unique<PageBody>(std::move(page), got), length);
    } else {
      answer.body = std::move(got.body);
    }
    if (x.trace) x.note(stage, "answer", std::to_string(code) + " with the page");
  }

  const StatusRanges status_;
  const std::vector<Rewrite> rewrites_;
  const std::shared_ptr<http::Handler> service_;
  const std::string query_;
  const std::vector<std::string> request_headers_;
  const std::map<std::string, std::string> more_headers_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  auto status = StatusRanges::parse(o.status);
  if (!status) return status.error();
  if (!context.service) return Error(Code::unsupported, "errors: there are no services here");
  auto service = context.service(o.service.value);
  if (!service) {
    Error e = service.error();
    e.span = o.service.span;
    e.remedy = "name a service that exists and is enabled";
    return e;
  }
  std::vector<Rewrite> rewrites;
  for (const auto& [from, to] : o.rewrites) {  // in the order of their texts; Traefik's has none
    auto ranges = StatusRanges::parse({from});
    if (!ranges) return ranges.error();
    rewrites.push_back({std::move(*ranges), static_cast<int>(to)});
  }
  return std::unique_ptr<Middleware>(std::make_unique<ErrorPages>(
      o, std::move(*status), std::move(rewrites), std::move(*service)));
}

}  // namespace

MiddlewareSpec errors() { return {{"errors", &schema(), make_options<Options>}, build}; }

ProviderSpec errors_of_provider() {
  return {{"errors", &provider_schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
