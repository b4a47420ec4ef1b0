#include "engine/middleware/grpc_web_cors.h"

namespace gateproof::middleware {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string to_upper(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = upper(c);
  return out;
}

bool method_allowed(std::string_view method) {
  const std::string m = to_upper(method);
  return m == "GET" || m == "POST" || m == "HEAD" || m == "OPTIONS";
}

}  // namespace

std::vector<std::string> cors_header_names(std::string_view list) {
  std::vector<std::string> out;
  std::string name;
  bool begins = true;
  for (size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (text::is_alpha(c)) name += begins ? upper(c) : text::lower(c);
    if (text::is_digit(c) || c == '-' || c == '_') name += c;
    if (c != ' ' && c != ',' && i + 1 < list.size()) {
      begins = c == '-' || c == '_';
      continue;
    }
    if (name.empty()) continue;
    out.push_back(std::exchange(name, {}));
    begins = true;
  }
  return out;
}

bool GrpcWebCors::concerns(const http::Request& r) {
  if (r.method != "OPTIONS") return false;
  const std::string asked = text::to_lower(r.headers.get("Access-Control-Request-Headers"));
  return asked.find("x-grpc-web") != std::string::npos;
}

bool GrpcWebCors::is_preflight(const http::Request& r) {
  return concerns(r) && !r.headers.get("Access-Control-Request-Method").empty();
}

bool GrpcWebCors::allowed(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& o) { return o == "*" || o == origin; });
}

void GrpcWebCors::answer_preflight(http::Exchange& x) const {
  x.response = http::Response::make(200);
  http::Headers& h = x.response.headers;
  for (const char* name :
       {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"})
    h.add_static("Vary", name);
  const http::Headers& asked = x.request.headers;
  const std::string_view origin = asked.get("Origin");
  const std::string_view method = asked.get("Access-Control-Request-Method");
  if (origin.empty() || !allowed(origin) || !method_allowed(method)) return;
  h.add("Access-Control-Allow-Origin", origin);
  h.add("Access-Control-Allow-Methods", to_upper(method));
  const auto names = cors_header_names(asked.get("Access-Control-Request-Headers"));
  if (!names.empty()) h.add("Access-Control-Allow-Headers", text::join(names, ", "));
  h.add_static("Access-Control-Allow-Credentials", "true");
  h.add("Access-Control-Max-Age", std::to_string(grpc_web_cors_max_age_s));
}

http::Headers GrpcWebCors::fields_for(const http::Request& r) const {
  http::Headers h;
  h.add_static("Vary", "Origin");
  const std::string_view origin = r.headers.get("Origin");
  if (origin.empty() || !allowed(origin) || !method_allowed(r.method)) return h;
  h.add("Access-Control-Allow-Origin", origin);
  h.add_static("Access-Control-Allow-Credentials", "true");
  return h;
}

}  // namespace gateproof::middleware
