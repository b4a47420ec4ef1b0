// Matched prefix, replacement, path and Origin, one a line: a Gateway API rule that rewrites, redirects and allows origins. What
// comes out is one line: a path that begins with one slash of ours, a Location without control characters, an origin as it came.
#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/middleware/route_filters.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

bool has_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static testing::FakeWorld world;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto lines = text::split(text, '\n');
  if (lines.size() < 4) return 0;
  const std::string prefix(lines[0]), replacement(lines[1]), path(lines[2]), origin(lines[3]);
  // What the API and the parser in front of all this let through.
  if (!prefix.starts_with('/') || has_control(prefix) || has_control(replacement)) return 0;
  if (!replacement.empty() && !replacement.starts_with('/')) return 0;
  if (!path.starts_with('/') || has_control(path) || path.find_first_of(" #?") != path.npos)
    return 0;
  if (!http::unescape_path(path)) return 0;
  const auto fresh = [&](http::Exchange& x) {
    x.raw_target = true;
    x.matched_prefix = prefix;
    x.request.host = "h.test";
    x.request.url.raw = path;
    x.request.url.path = *http::unescape_path(path);
  };
  http::Exchange x(world.env);
  fresh(x);
  config::RewriteFilter rewrite;
  rewrite.path = config::PathFilter{true, replacement};
  GP_ASSERT(route_rewrite(rewrite)->on_request(x) == Flow::next);
  GP_ASSERT(x.request.url.raw.starts_with('/'));
  GP_ASSERT(!has_control(x.request.url.raw));

  http::Exchange y(world.env);
  fresh(y);
  config::RedirectFilter redirect;
  redirect.path = config::PathFilter{true, replacement};
  GP_ASSERT(route_redirect(redirect, 80)->on_request(y) == Flow::answer);
  const std::string_view location = y.response.headers.get("Location");
  GP_ASSERT(location.starts_with("http://h.test/"));
  GP_ASSERT(location.substr(13) == x.request.url.raw);

  if (has_control(origin)) return 0;
  http::Exchange z(world.env);
  config::CorsFilter cors;
  cors.origins = {"https://*.a.test", "http://b.test"};
  z.request.headers.add("Origin", origin);
  z.response = http::Response::make(200);
  route_cors(cors)->on_response(z);
  const auto told = z.response.headers.find("Access-Control-Allow-Origin");
  GP_ASSERT(!told || *told == origin);
  return 0;
}
