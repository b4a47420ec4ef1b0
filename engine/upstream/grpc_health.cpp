#include "engine/upstream/grpc_health.h"

#include "engine/base/text.h"

namespace gateproof::upstream {
namespace {

constexpr std::string_view no_service("\0\0\0\0\0", 5);  // a HealthCheckRequest without a name
constexpr size_t frame_bytes = 5;
constexpr int64_t unimplemented = 12, deadline_exceeded = 4;

constexpr std::string_view codes[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
constexpr std::string_view statuses[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

// A varint of protobuf: up to ten bytes. False: it does not end.
bool take_varint(std::string_view& from, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// A field that is not asked for. False: it is cut short, or of no kind that there is.
bool skip(std::string_view& from, uint64_t kind) {
  uint64_t n = 0;
  switch (kind) {
    case 0: return take_varint(from, n);
    case 1: n = 8; break;
    case 2:
      if (!take_varint(from, n)) return false;
      break;
    case 5: n = 4; break;
    default: return false;
  }
  if (n > from.size()) return false;
  from.remove_prefix(static_cast<size_t>(n));
  return true;
}

std::string failed(int64_t code, std::string_view text) {
  const bool known = code >= 0 && static_cast<size_t>(code) < std::size(codes);
  const std::string name = known ? std::string(codes[code]) : "Code(" + std::to_string(code) + ")";
  const std::string_view what = code == unimplemented
                                    ? "gRPC server does not implement the health protocol"
                                : code == deadline_exceeded ? "gRPC health check timeout"
                                                            : "gRPC health check failed";
  return std::string(what) + ": rpc error: code = " + name + " desc = " + std::string(text);
}

Task<std::string> call(Env& env, http::Origin& origin, const HealthTarget& target) {
  http::Exchange x(env);
  x.origin = &origin;
  x.request.body = http::Body::view(no_service);
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
  if (!done) co_return failed(14, done.error().message);
  const http::Response& r = x.response;
  if (r.status != 200) {
    co_return failed(
        r.status == 404 ? unimplemented : 2,
        "unexpected HTTP status code received from server: " + std::to_string(r.status));
  }
  const std::string head(r.headers.get("Grpc-Status"));
  const std::string head_message(r.headers.get("Grpc-Message"));
  Result<std::string> body = co_await http::read_all(x.response.body, grpc_health_bytes_max);
  if (!body) co_return failed(body.error().code == Code::limit ? 8 : 14, body.error().message);
  const http::Headers* trailers = x.response.body.trailers();
  const auto last_word = [trailers](const http::HeaderName& field, std::string_view in_head) {
    return trailers && trailers->has(field) ? trailers->get(field) : in_head;
  };
  const std::optional<int64_t> number = text::parse_int(last_word("Grpc-Status", head));
  if (!number) co_return failed(13, "server closed the stream without sending trailers");
  if (*number == 0) co_return grpc_health_verdict(*body);
  co_return failed(*number, last_word("Grpc-Message", head_message));
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
  if (!verdict) co_return failed(deadline_exceeded, "context deadline exceeded");
  co_return std::move(*verdict);
}

std::string grpc_health_verdict(std::string_view framed) {
  if (framed.size() < frame_bytes) return failed(13, "no message was sent");
  if (framed[0] != 0) return failed(13, "a compressed message that was not asked for");
  uint64_t size = 0;
  for (size_t i = 1; i < frame_bytes; ++i) size = size << 8 | static_cast<unsigned char>(framed[i]);
  framed.remove_prefix(frame_bytes);
  if (size != framed.size()) return failed(13, "a message of another length than it says");
  uint64_t status = 0;
  while (!framed.empty()) {
    uint64_t tag = 0;
    if (!take_varint(framed, tag)) return failed(13, "the message cannot be read");
    const bool is_status = tag == (1u << 3);  // field 1, a varint
    if (is_status ? !take_varint(framed, status) : !skip(framed, tag & 7))
      return failed(13, "the message cannot be read");
  }
  if (status == 1) return {};
  const std::string name =
      status < std::size(statuses) ? std::string(statuses[status]) : std::to_string(status);
  return "received gRPC status code: " + name;
}

}  // namespace gateproof::upstream
