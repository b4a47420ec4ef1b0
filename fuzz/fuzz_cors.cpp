// Origins against the CORS part of headers. First byte: options and kind of request; then Origin, requested method and
// requested headers, one a line. Properties: an origin is echoed only if it is allowed, exactly as it came; nothing that comes
// from the request makes a second line; credentials go with no "*" of our making.
#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/middleware/headers_cors.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

HeadersOptions options_of(uint8_t bits) {
  HeadersOptions o;
  if (bits & 1) o.allow_origin_list = {"https://a.test", "null"};
  if (bits & 2) o.allow_origin_list_regex = {"^https://[a-z]+[.]b[.]test$"};
  if (bits & 4) o.allow_origin_list.push_back("*");
  o.allow_credentials = bits & 8;
  o.add_vary_header = bits & 16;
  o.allow_methods = {"GET", "PUT"};
  o.allow_headers = {bits & 32 ? "*" : "X-A"};
  return o;
}

bool allowed(const HeadersOptions& o, const std::string& origin) {
  for (const std::string& one : o.allow_origin_list) {
    if (one == "*" || one == origin) return true;
  }
  for (const std::string& one : o.allow_origin_list_regex) {
    if (rules::Regex::compile(one)->search(origin)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static testing::FakeWorld world;
  const HeadersOptions options = options_of(data[0]);
  const auto cors = Cors::compile(options);
  GP_ASSERT(cors.has_value());
  const auto lines = text::split({reinterpret_cast<const char*>(data) + 1, size - 1}, '\n');
  http::Exchange x(world.env);
  x.request.method = data[0] & 64 ? "OPTIONS" : "GET";
  const char* names[] = {"Origin", "Access-Control-Request-Method",
                         "Access-Control-Request-Headers"};
  for (size_t i = 0; i < lines.size() && i < 3; ++i) {
    if (http::is_field_value(lines[i])) x.request.headers.add(names[i], lines[i]);
  }
  const std::string origin(x.request.headers.get("Origin"));
  x.response = http::Response::make(200);
  if (Cors::is_preflight(x.request)) {
    cors->answer_preflight(x);
  } else {
    cors->edit_response(x);
  }
  const std::string told(x.response.headers.get("Access-Control-Allow-Origin"));
  GP_ASSERT(told.empty() || told == "*" || told == origin);
  GP_ASSERT(told.empty() || allowed(options, origin));
  size_t count = 0;
  for (const http::Headers::Field& f : x.response.headers) {
    GP_ASSERT(http::is_token(f.name) && http::is_field_value(f.value));
    count += text::iequals(f.name, "Access-Control-Allow-Origin");
  }
  GP_ASSERT(count <= 1);
  return 0;
}
