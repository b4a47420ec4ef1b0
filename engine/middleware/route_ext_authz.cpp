// ExternalAuth of the Gateway API over gRPC: a service that speaks Envoy's ext_authz is asked with a CheckRequest.
#include "engine/http/grpc.h"
#include "engine/middleware/external_auth.h"

namespace gateproof::middleware {
namespace {

// What gRPC calls a deadline, so that the service gives up when we do.
constexpr std::string_view call_timeout = "30S";
static_assert(external_auth_time_max == std::chrono::seconds(30));

// Some services refuse by the status of the call.
int status_of_failed(http::GrpcCode code) {
  switch (code) {
    case http::GrpcCode::permission_denied:
    case http::GrpcCode::unauthenticated: return 403;
    case http::GrpcCode::unavailable: return 503;
    default: return 500;
  }
}

class ExtAuthz final : public ExternalAuth {
 public:
  ExtAuthz(const config::ExternalAuthFilter& f, std::shared_ptr<http::Handler> service)
      : ExternalAuth(f, std::move(service), ext_authz_answer_bytes_max) {}

 private:
  void fill(const Exchange& x, Exchange& sub) const override {
    http::Request& r = sub.request;
    std::string_view body = r.body.bytes();
    if (r.body.streaming()) {
      const auto piece = r.body.try_read();  // untold, but whole
      if (piece && *piece) body = (*piece)->data;
    }
    const std::string message = check_request({x, r, sub.raw_target, body, filter().headers});
    r.reset();
    r.method = "POST";
    r.url.path = ext_authz_path;
    r.version = http::Version::http2;
    r.headers.add_static("Content-Type", "application/grpc");
    r.headers.add_static("Te", "trailers");
    r.headers.add_static("Grpc-Timeout", call_timeout);
    r.headers.add_static("User-Agent", "gateproof");
    r.body = http::Body::text(http::grpc_frame(message));
    sub.raw_target = false;
    sub.append_forwarded_for = false;
    sub.suppress_forwarded_for = false;
  }

  Verdict judge(Exchange& x, const http::Response& r, std::string framed) const override {
    // Nobody to ask, or one that says so itself.
    if (r.status == 503) return refuse(x, 503, "no server of the service is available");
    if (r.status != 200)
      return refuse(x, 500, "the service answers with HTTP status " + std::to_string(r.status));
    const std::optional<http::GrpcStatus> status = http::grpc_status(r);
    if (!status) return refuse(x, 500, "the service ends its answer without a status");
    if (status->code != 0)
      return refuse(
          x, status_of_failed(http::GrpcCode{status->code}),
          "the call fails: " + http::grpc_code_name(status->code) + " " + status->message);
    const Result<std::string_view> message = http::grpc_message(framed);
    if (!message) return refuse(x, 500, message.error().message);
    const Result<CheckAnswer> answer = read_check_response(*message);
    if (!answer) return refuse(x, 500, answer.error().message);
    if (x.trace) x.note(stage, "asked", http::grpc_code_name(answer->code));
    if (!answer->passes()) return deny(x, *answer);
    change_request(x.request, *answer);
    Verdict passes;
    passes.passes = true;
    passes.to_answer = answer->response_headers;
    return passes;
  }

  // 403 unless the service says otherwise; 500 where it calls its own answer an error.
  Verdict deny(Exchange& x, const CheckAnswer& answer) const {
    using Kind = CheckAnswer::Kind;
    const int usual = answer.kind == Kind::error ? 500 : 403;
    if (answer.kind != Kind::denied && answer.kind != Kind::error)
      return refuse(x, usual, "the service denies it");
    const bool told = answer.status >= 200 && answer.status <= 599;
    const int status = told ? static_cast<int>(answer.status) : usual;
    x.response = http::Response::make(status);
    change_headers(x.response.headers, answer.headers);
    if (http::body_allowed(status) && !answer.body.empty()) {
      x.response.body = http::Body::text(answer.body);
      // A browser must not guess.
      if (!x.response.headers.has("Content-Type"))
        x.response.headers.add_static("Content-Type", "text/plain");
    }
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": the service's own");
    return {};
  }
};

}  // namespace

std::unique_ptr<Middleware> route_ext_authz(const config::ExternalAuthFilter& filter,
                                            std::shared_ptr<http::Handler> service) {
  return std::make_unique<ExtAuthz>(filter, std::move(service));
}

}  // namespace gateproof::middleware
