#include "engine/http/grpc.h"

#include "engine/base/text.h"

namespace gateproof::http {
namespace {

constexpr std::string_view codes[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

}  // namespace

std::string grpc_code_name(int64_t code) {
  const bool known = code >= 0 && static_cast<size_t>(code) < std::size(codes);
  return known ? std::string(codes[code]) : "Code(" + std::to_string(code) + ")";
}

std::string grpc_frame(std::string_view message) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(message.size() >> shift);
  return out.append(message);
}

Result<std::string_view> grpc_message(std::string_view framed) {
  const auto bad = [](const char* why) { return Error(Code::protocol, Source::upstream, why); };
  if (framed.size() < grpc_frame_bytes) return bad("no message was sent");
  if (framed[0] != 0) return bad("a compressed message that was not asked for");
  uint64_t size = 0;
  for (size_t i = 1; i < grpc_frame_bytes; ++i)
    size = size << 8 | static_cast<unsigned char>(framed[i]);
  framed.remove_prefix(grpc_frame_bytes);
  if (size != framed.size()) return bad("a message of another length than it says");
  return framed;
}

std::optional<GrpcStatus> grpc_status(const Response& response) {
  const Headers* trailers = response.trailers ? response.trailers.get() : response.body.trailers();
  const auto last_word = [&](const HeaderName& field) {
    return trailers && trailers->has(field) ? trailers->get(field) : response.headers.get(field);
  };
  const std::optional<int64_t> code = text::parse_int(last_word("Grpc-Status"));
  if (!code) return std::nullopt;
  return GrpcStatus{*code, std::string(last_word("Grpc-Message"))};
}

}  // namespace gateproof::http
