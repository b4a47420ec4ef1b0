// buffering: whole requests go in, whole answers come out, and some are asked for again (catalogue 3.2).
#include "engine/middleware/answers.h"
#include "engine/middleware/middleware.h"
#include "engine/middleware/predicate.h"
#include "engine/middleware/replay.h"

namespace gateproof::middleware {
namespace {

// More tries than these there are never, whatever the expression says: the first and ten again (Traefik's library).
constexpr int buffering_retries_max = 10;
// Go's server knows the length of an answer that it can hold back whole until its end; that of HTTP/2 even beside trailers.
constexpr size_t known_length_bytes_max = 2048, known_length_http2_bytes_max = 4096;

struct Options {
  int64_t max_request = 0, mem_request = 1048576, max_response = 0, mem_response = 1048576;
  config::Text retry_expression;
  // Of ingress-nginx, which has a switch for each way.
  bool requests_pass = false, responses_pass = false;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("maxRequestBodyBytes", &Options::max_request, "int", "0")
                            .field("memRequestBodyBytes", &Options::mem_request, "int", "1048576")
                            .field("maxResponseBodyBytes", &Options::max_response, "int", "0")
                            .field("memResponseBodyBytes", &Options::mem_response, "int", "1048576")
                            .field("retryExpression", &Options::retry_expression, "string");
  return s;
}

const config::Schema<Options>& provider_schema() {
  static const auto s =
      config::Schema<Options>(schema())
          .field("disableRequestBuffer", &Options::requests_pass, "bool", "false")
          .field("disableResponseBuffer", &Options::responses_pass, "bool", "false");
  return s;
}

enum Function : size_t { request_method, is_network_error, attempts, response_code };

const PredicateLanguage& language() {
  static const PredicateLanguage l{"buffer",
                                   {{"RequestMethod", {}, PredicateType::text},
                                    {"IsNetworkError", {}, PredicateType::boolean},
                                    {"Attempts", {}, PredicateType::integer},
                                    {"ResponseCode", {}, PredicateType::integer}}};
  return l;
}

struct Facts final : PredicateFacts {
  std::string_view method;
  int64_t attempt = 1, status = 0;
  PredicateValue value(size_t function, std::span<const PredicateValue>) const override {
    switch (function) {
      case request_method: return std::string(method);
      case is_network_error: return status == 502 || status == 504;
      case attempts: return attempt;
      default: return status;
    }
  }
};

size_t limit_of(int64_t asked) {
  return asked > 0 ? std::min(static_cast<size_t>(asked), kept_body_bytes_max)
                   : kept_body_bytes_max;
}

std::string bytes_text(size_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

// Trailers that were all announced are fields by the time the head is sent (Traefik); as such Go's server repeats them behind
// the body. True: they are in the head now.
bool add_announced(http::Headers& head, const http::Headers& trailers) {
  for (const auto& f : trailers) {
    if (!http::list_has_token(head, "Trailer", f.name)) return false;
  }
  for (const auto& f : trailers) head.add(f.name, f.value);
  return true;
}

class Buffering final : public WaitingMiddleware {
 public:
  Buffering(const Options& o, size_t request_max, size_t response_max,
            std::optional<Predicate> again)
      : request_max_(request_max),
        response_max_(response_max),
        again_(std::move(again)),
        requests_pass_(o.requests_pass),
        responses_pass_(o.responses_pass) {}

  Task<void> handle(Exchange& x, Next next) override {
    if (requests_pass_) {
      x.answer_held = true;
      const FieldsApart apart(x, FieldsApart::Fields::added);
      co_await next(x);
      if (!x.tunnel) co_await keep_response(x);
      co_return;
    }
    std::string bytes;
    x.answer_held = x.answer_held || !responses_pass_;
    Result<void> read = co_await read_request(x, bytes);
    if (!read) {
      refuse_request(x, read.error());
      co_return;
    }
    // Traefik asks again only when there is a body to send again.
    const bool may_repeat = again_ && !bytes.empty();
    std::optional<SavedRequest> saved;
    if (may_repeat) saved.emplace(x);
    const uint64_t size = bytes.size();
    // The length is known from here on, and trailers have no place behind it.
    const KeptBody body(std::move(bytes), size, nullptr);
    std::optional<FieldsApart> apart;
    if (!responses_pass_) apart.emplace(x, FieldsApart::Fields::added);
    Facts facts;
    const std::string method = x.request.method;
    facts.method = method;
    for (;; ++facts.attempt) {
      x.request.body = body.whole();
      co_await next(x);
      if (x.tunnel || responses_pass_) co_return;
      bool whole = co_await keep_response(x);
      if (!whole) co_return;
      facts.status = x.response.status;
      if (!may_repeat || facts.attempt > buffering_retries_max || !again_->holds(facts)) break;
      if (x.trace) {
        x.note(stage, "retry",
               again_->explain(facts) + ": asked again, try " + std::to_string(facts.attempt + 1));
      }
      clear_answer(x);
      saved->restore(x);
    }
    if (x.trace) {
      if (again_) x.note(stage, "decide", no_more(facts, may_repeat));
      x.note(stage, "answer", std::to_string(x.response.status));
    }
  }

 private:
  Task<Result<void>> read_request(Exchange& x, std::string& bytes) {
    http::Body& body = x.request.body;
    if (body.length() && *body.length() > request_max_)
      co_return Error(Code::limit, body_too_large(request_max_));
    const bool chunked = !body.length();
    Result<void> read = co_await read_up_to(body, request_max_, bytes);
    if (x.trace && read && (chunked || !bytes.empty())) {
      x.note(stage, "request body",
             bytes_text(bytes.size()) + " buffered" +
                 (chunked ? ", sent on with Content-Length instead of chunked" : ""));
    }
    co_return read;
  }

  void refuse_request(Exchange& x, const Error& why) const {
    const int status = answer_unread_request(x, why);
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": request " + why.message);
  }

  // Takes the answer's body into memory. False: the answer has been replaced.
  Task<bool> keep_response(Exchange& x) {
    http::Response& r = x.response;
    const bool none = x.request.method == "HEAD" || !http::body_allowed(r.status);
    if (none) {
      // What is made here for a HEAD counts as if it were sent.
      if (r.body.length().value_or(0) > response_max_) {
        answer_phrase(x, 500);
        co_return false;
      }
      r.body.reset();  // of an answer made here: nothing of it is told, not even its length
      co_return true;
    }
    // A gRPC failure in the head has no body (Traefik's library drops it).
    const std::string_view grpc = r.headers.get("Grpc-Status");
    if (!grpc.empty() && grpc != "0") {
      r.body.reset();
      co_return true;
    }
    const std::optional<uint64_t> length = r.body.length();
    std::string bytes;
    Result<void> read = Error(Code::limit, body_too_large(response_max_));
    if (!length || *length <= response_max_)
      read = co_await read_up_to(r.body, response_max_, bytes);
    if (!read) {
      const Error why = read.error();
      if (why.code == Code::limit) {
        answer_phrase(x, 500);
      } else {
        answer_error(x, 500, http::status_text(500));  // the server broke off: Traefik's recovery
      }
      if (x.trace) x.note(stage, "answer", "500: answer's " + why.message);
      co_return false;
    }
    if (x.trace) x.note(stage, "response body", bytes_text(bytes.size()) + " buffered");
    const http::Headers* trailers = r.body.trailers();
    if (!trailers) trailers = r.trailers.get();
    // An announcement alone keeps Go's server of HTTP/1.1 from telling the length.
    const bool http2 = x.request.version == http::Version::http2;
    const bool known =
        http2 ? bytes.size() <= known_length_http2_bytes_max
              : bytes.size() <= known_length_bytes_max && !trailers && !r.headers.has("Trailer");
    if (trailers && add_announced(r.headers, *trailers)) {
      trailers = nullptr;
      r.trailers.reset();
    }
    if ((length || known) && !(http2 && trailers)) {
      r.body = http::Body::text(std::move(bytes));
    } else {
      std::optional<uint64_t> told;
      if (length || known) told = bytes.size();
      const KeptBody kept(std::move(bytes), told, trailers);
      r.body = kept.whole();
    }
    co_return true;
  }

  std::string no_more(const Facts& facts, bool may_repeat) const {
    if (!may_repeat) return "not asked again: the request has no body";
    if (facts.attempt > buffering_retries_max) return "not asked again: ten times are the most";
    return "not asked again: " + again_->explain(facts);
  }

  const size_t request_max_, response_max_;
  const std::optional<Predicate> again_;
  const bool requests_pass_, responses_pass_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  const std::pair<int64_t, std::string> sizes[] = {{o.mem_request, "memRequestBodyBytes"},
                                                   {o.max_request, "maxRequestBodyBytes"},
                                                   {o.mem_response, "memResponseBodyBytes"},
                                                   {o.max_response, "maxResponseBodyBytes"}};
  for (const auto& [size, option] : sizes) {
    if (size < 0) {
      return Error(Code::invalid,
                   option.substr(0, 3) + " bytes should be >= 0 got " + std::to_string(size),
                   SourceSpan(), "`" + option + "`: 0 is the default, or no limit");
    }
  }
  std::optional<Predicate> again;
  if (!o.retry_expression.value.empty()) {
    auto compiled = Predicate::compile(o.retry_expression.value, language());
    if (!compiled)
      return option_error(compiled.error(), "retryExpression", o.retry_expression.span);
    again = std::move(*compiled);
  }
  return std::unique_ptr<Middleware>(std::make_unique<Buffering>(
      o, limit_of(o.max_request), limit_of(o.max_response), std::move(again)));
}

}  // namespace

MiddlewareSpec buffering() { return {{"buffering", &schema(), make_options<Options>}, build}; }

ProviderSpec buffering_of_provider() {
  return {{"buffering", &provider_schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
