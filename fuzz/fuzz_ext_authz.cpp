// What an authorization service answers over gRPC: any frame, any CheckResponse. Properties: whatever is read changes a request and an
// answer without a field that no message can have; Host, framing and pseudo-fields are never touched; a query that nobody names stays byte for byte.
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/http/grpc.h"
#include "engine/middleware/ext_authz.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

void check_headers(const http::Headers& h) {
  for (const auto& f : h) {
    GP_ASSERT(http::is_token(f.name) && http::is_field_value(f.value));
    GP_ASSERT(!is_message_framing(f.name) || f.value == "own");
  }
  GP_ASSERT(h.values("Content-Length").size() == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Result<std::string_view> framed = http::grpc_message(input);
  const Result<CheckAnswer> answer = read_check_response(framed ? *framed : input);
  if (!answer) return 0;
  http::Request request;
  request.host = "h.test";
  request.query = "a=%41&&b;c=1";
  request.has_query = true;
  request.headers.add("Content-Length", "own");
  request.headers.add("X-User", "u");
  http::Headers response;
  response.add("Content-Length", "own");
  change_request(request, *answer);
  change_headers(response, answer->response_headers);
  if (answer->kind != CheckAnswer::Kind::ok) {
    GP_ASSERT(answer->response_headers.empty() && answer->set_query.empty());
    change_headers(response, answer->headers);
  }
  check_headers(request.headers);
  check_headers(response);
  GP_ASSERT(request.host == "h.test");
  if (answer->set_query.empty() && answer->remove_query.empty())
    GP_ASSERT(request.query == "a=%41&&b;c=1");
  for (const char c : request.query) GP_ASSERT(c > ' ' && c != '#');
  return 0;
}
