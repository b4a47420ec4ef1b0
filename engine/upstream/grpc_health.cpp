#include "engine/upstream/grpc_health.h"

#include "engine/base/protobuf.h"
#include "engine/base/text.h"
#include "engine/http/grpc.h"

namespace gateproof::upstream {
namespace {

using http::GrpcCode;

constexpr std::string_view statuses[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

std::string failed(int64_t code, std::string_view text) {
  const std::string_view what = code == static_cast<int64_t>(GrpcCode::unimplemented)
                                    ? "gRPC server does not implement the health protocol"
                                : code == static_cast<int64_t>(GrpcCode::deadline_exceeded)
                                    ? "gRPC health check timeout"
                                    : "gRPC health check failed";
  return std::string(what) + ": rpc error: code = " + http::grpc_code_name(code) +
         " desc = " + std::string(text);
}
std::string failed(GrpcCode code, std::string_view text) {
  return failed(static_cast<int64_t>(code), text);
}

Task<std::string> call(Env& env, http::Origin& origin, const HealthTarget& target) {
  http::Exchange x(env);
  x.origin = &origin;
  x.request.body = http::Body::text(http::grpc_frame({}));  // a HealthCheckRequest without a name
  http::Outbound out;
  out.method = "POST";
  out.target = target.target;
  out.host = target.host;
  out.server = &target.server;
  out.body = &x.request.body;
  out.headers.add_static("Content-Type", "application/grpc");
  out.headers.add_static("User-Agent", "grpc-go/1.80.0");
  out.headers.add_static("Te", "trailers");
  const Result<void> done = co_await origin.round_trip(x, out);
  if (!done) co_return failed(GrpcCode::unavailable, done.error().message);
  const http::Response& r = x.response;
  if (r.status != 200) {
    co_return failed(
        r.status == 404 ? GrpcCode::unimplemented : GrpcCode::unknown,
        "unexpected HTTP status code received from server: " + std::to_string(r.status));
  }
  Result<std::string> body = co_await http::read_all(x.response.body, grpc_health_bytes_max);
  if (!body) {
    co_return failed(
        body.error().code == Code::limit ? GrpcCode::resource_exhausted : GrpcCode::unavailable,
        body.error().message);
  }
  const std::optional<http::GrpcStatus> status = http::grpc_status(r);
  if (!status)
    co_return failed(GrpcCode::internal, "server closed the stream without sending trailers");
  if (status->code == 0) co_return grpc_health_verdict(*body);
  co_return failed(status->code, status->message);
}

}  // namespace

void make_grpc_target(HealthTarget& target, std::string_view scheme) {
  target.broken.clear();
  if (!scheme.empty() && scheme != "http" && scheme != "h2c") {
    target.broken = "fail to connect to " + target.server.authority +
                    ": grpc: no transport security set (use "
                    "grpc.WithTransportCredentials(insecure.NewCredentials()) explicitly or set "
                    "credentials)";
  }
  target.server.scheme = "h2c";
  target.target = "/grpc.health.v1.Health/Check";
  target.host = target.server.authority;
}

Task<std::string> probe_grpc(Env& env, http::Origin& origin, const HealthTarget& target,
                             Duration timeout) {
  Task<std::string> calling = call(env, origin, target);
  std::optional<std::string> verdict =
      co_await with_deadline(env.scheduler, env.scheduler.now() + timeout, std::move(calling));
  if (!verdict) co_return failed(GrpcCode::deadline_exceeded, "context deadline exceeded");
  co_return std::move(*verdict);
}

std::string grpc_health_verdict(std::string_view framed) {
  const Result<std::string_view> message = http::grpc_message(framed);
  if (!message) return failed(GrpcCode::internal, message.error().message);
  uint64_t status = 0;
  protobuf::Reader fields(*message);
  protobuf::Field f;
  while (fields.next(f)) {
    if (f.number == 1 && f.wire == 0) status = f.value;
  }
  if (fields.bad()) return failed(GrpcCode::internal, "the message cannot be read");
  if (status == 1) return {};
  const std::string name =
      status < std::size(statuses) ? std::string(statuses[status]) : std::to_string(status);
  return "received gRPC status code: " + name;
}

}  // namespace gateproof::upstream
