// The CORS part of grpcWeb, as the library that Traefik uses has it (rs/cors 1.7.0 with credentials allowed and any header).
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

inline constexpr int grpc_web_cors_max_age_s = 600;  // how long a browser may remember a preflight

class GrpcWebCors {
 public:
  explicit GrpcWebCors(std::vector<std::string> origins) : origins_(std::move(origins)) {}
  // OPTIONS that asks for a header with "x-grpc-web" in its name, in any case.
  static bool concerns(const http::Request& r);
  // The same with a method asked for: answered here.
  static bool is_preflight(const http::Request& r);
  void answer_preflight(http::Exchange& x) const;
  // The fields of an answer that is no preflight's; the server's own of the same name replace them.
  http::Headers fields_for(const http::Request& r) const;

 private:
  bool allowed(std::string_view origin) const;
  std::vector<std::string> origins_;
};

// "x-grpc-web, foo" -> {"X-Grpc-Web", "Foo"}: blanks separate too, bytes that no name has are passed over.
std::vector<std::string> cors_header_names(std::string_view list);

}  // namespace gateproof::middleware
