// gRPC as a unary call over HTTP/2 has it: a message in its five-byte frame, and the status behind it.
#pragma once
#include "engine/http/message.h"

namespace gateproof::http {

inline constexpr size_t grpc_frame_bytes = 5;

enum class GrpcCode : int64_t {
  ok = 0,
  unknown = 2,
  deadline_exceeded = 4,
  permission_denied = 7,
  resource_exhausted = 8,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};
// "NotFound"; "Code(77)" for what is none.
std::string grpc_code_name(int64_t code);

// A message that is not compressed, as it is sent.
std::string grpc_frame(std::string_view message);
// The one message of an answer; the error (Code::protocol) is what a client's log would say.
Result<std::string_view> grpc_message(std::string_view framed);

struct GrpcStatus {
  int64_t code = 0;
  std::string message;
};
// Of an answer whose body was read to its end: from its trailers, else from its head. nullopt: nobody said one.
std::optional<GrpcStatus> grpc_status(const Response& response);

}  // namespace gateproof::http
