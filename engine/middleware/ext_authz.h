// Messages of Envoy's ext_authz, version 3 (envoy.service.auth.v3): what an authorization service is asked over gRPC, and what its answer
// asks for. Numbers of fields are those of external_auth.proto, attribute_context.proto and base.proto.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::middleware {

inline constexpr std::string_view ext_authz_path = "/envoy.service.auth.v3.Authorization/Check";

struct CheckSubject {
  const http::Exchange& exchange;  // the connection, and who is behind it
  const http::Request& request;    // method, target and fields as they are asked about
  bool raw_target = false;         // as http::Exchange has it
  std::string_view body;           // as much of it as is told
  // Names of fields that are told; empty: all, and the pseudo-fields of HTTP/2 as Envoy adds them.
  const std::vector<std::string>& headers;
};
// A CheckRequest.
std::string check_request(const CheckSubject& subject);

// HeaderValueOption.
struct HeaderChange {
  enum class How : uint8_t { append, add_if_absent, overwrite, overwrite_if_exists };
  std::string name, value;
  How how = How::overwrite;
};

// CheckResponse. Metadata is not read: nobody here takes any.
struct CheckAnswer {
  int64_t code = 0;  // google.rpc.Code; 0: the request may pass
  enum class Kind : uint8_t { none, denied, ok, error };
  Kind kind = Kind::none;  // which http_response there is
  int64_t status = 0;      // of a denied or an error response; 0: not told
  std::string body;        // of these
  // Of an ok response for the request, of the others for the client.
  std::vector<HeaderChange> headers;
  std::vector<std::string> remove;
  std::vector<HeaderChange> response_headers;
  std::vector<std::pair<std::string, std::string>> set_query;
  std::vector<std::string> remove_query;

  // One that says OK and denies at once lets nothing pass.
  bool passes() const { return code == 0 && (kind == Kind::none || kind == Kind::ok); }
};
// Code::protocol: it cannot be read, or it names a field that no message can have.
Result<CheckAnswer> read_check_response(std::string_view message);

// Names that say how the service's own message was sent, and to whom: never taken from an answer, whatever it says.
bool is_message_framing(std::string_view name);
// Pseudo-fields and framing stay as they are.
void change_headers(http::Headers& headers, const std::vector<HeaderChange>& changes);
// What an answer that passes does to the request.
void change_request(http::Request& request, const CheckAnswer& answer);

}  // namespace gateproof::middleware
