// Prefix, tab, path: whatever is cut off whatever path, the rest begins with '/' in both forms, holds no dot segment, and
// cutting what was put before gives the path back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/env/testing/fake.h"
#include "engine/middleware/go_url.h"
#include "engine/middleware/path_rewrite.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

bool has_dot_segment(std::string_view path) {
  for (std::string_view segment : text::split(path, '/')) {
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

void check_cut(Env& env, const http::UrlPath& url, const std::string& prefix) {
  http::Exchange x(env);
  x.request.url = url;
  if (!url.path.starts_with(prefix)) return;
  if (strip_and_check(x, prefix) == Flow::answer) {
    require(x.response.status == 400);
    return;
  }
  const http::UrlPath& rest = x.request.url;
  // Nothing left stays nothing for the next rewrite; what is sent begins with a slash all the same.
  require(rest.path.empty() || rest.path.starts_with('/'));
  require(rest.raw.empty() || rest.raw.starts_with('/'));
  require(x.request.target().starts_with('/'));
  require(!has_dot_segment(rest.escaped()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t tab = std::min(text.find('\t'), text.size());
  const std::string prefix(text.substr(0, tab));
  const std::string_view path = text.substr(std::min(tab + 1, text.size()));

  // A URL in normal form stays as it is when it is read again, unless its path has begun to look like a host (as in Go).
  if (const auto once = go_url_normal_form(text); once && !once->starts_with("//")) {
    const auto twice = go_url_normal_form(*once);
    if (twice) require(*twice == *once);
  }
  // No request has a path without its slash; an encoded one in its place is none.
  if (!path.starts_with('/')) return 0;
  const auto url = http::canonical_path(path);
  if (!url) return 0;
  gateproof::testing::FakeWorld world;
  check_cut(world.env, *url, prefix);
  check_cut(world.env, *url, "/");
  check_cut(world.env, *url, url->path);

  if (!prefix.starts_with('/')) return 0;
  http::UrlPath longer{prefix + url->path, ""};
  if (!url->raw.empty()) longer.raw = http::escape_path(prefix) + url->raw;
  cut_prefix(longer, prefix);
  require(longer.path == url->path);
  require(longer.escaped() == url->escaped());
  return 0;
}
