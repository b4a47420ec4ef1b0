#include "engine/middleware/path_rewrite.h"

#include "engine/http/plain_path.h"
#include "engine/middleware/answers.h"

namespace gateproof::middleware {
namespace {

// The part of an escaped path that is left when the bytes of `prefix` are taken away from its front.
std::string_view rest_of_raw(std::string_view raw, std::string_view prefix) {
  for (size_t taken = 0; taken < prefix.size() && !raw.empty(); ++taken) {
    raw.remove_prefix(std::min<size_t>(raw.front() == '%' ? 3 : 1, raw.size()));
  }
  return raw;
}

// The text of Go's url.EscapeError: the bad triplet, or what there is of it.
std::string escape_error(std::string_view escaped) {
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') continue;
    const std::string_view triplet = escaped.substr(i, 3);
    if (triplet.size() < 3 || text::hex_value(triplet[1]) < 0 || text::hex_value(triplet[2]) < 0) {
      return "invalid URL escape " + text::quote(triplet);
    }
    i += 2;
  }
  return "invalid URL escape";
}

}  // namespace

void lead_with_slash(std::string& path) {
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
}

void cut_prefix(http::UrlPath& url, std::string_view prefix, Rest rest) {
  const auto cut = [rest](std::string& path, size_t bytes) {
    path.erase(0, bytes);
    if (!path.empty() || rest == Rest::forced_slash) lead_with_slash(path);
  };
  const size_t bytes = prefix.size();  // which may be of the path
  if (!url.raw.empty()) cut(url.raw, url.raw.size() - rest_of_raw(url.raw, prefix).size());
  cut(url.path, bytes);
}

std::string shown_path(const http::UrlPath& url) {
  return url.raw.empty() ? url.escaped() : url.raw;
}

namespace {
bool is_clean_text(const std::string& escaped) {
  return escaped.empty() || http::sanitize_path(escaped) == escaped;
}
}  // namespace

bool is_clean(const http::UrlPath& url) { return is_clean_text(url.escaped()); }

namespace {

// Answers 400 for a path that is not clean. A clean one is read anew, so that from here on its encoded form is valid.
bool made_clean(http::Exchange& x) {
  http::UrlPath& url = x.request.url;
  if (url.raw.empty() && http::is_plain_path(url.path)) return true;
  const std::string escaped = url.escaped();
  if (!is_clean_text(escaped)) {
    answer_error(x, 400, "Bad Request");
    return false;
  }
  if (!url.raw.empty()) url = http::UrlPath::parse(escaped).value();
  return true;
}

}  // namespace

Flow strip_and_check(http::Exchange& x, const std::string& prefix, Rest rest) {
  cut_prefix(x.request.url, prefix, rest);
  return made_clean(x) ? Flow::next : Flow::answer;
}

Flow replace_and_continue(http::Exchange& x, std::string_view escaped, bool must_be_clean) {
  // Told first: what stands outside (a page of `errors`) sees it even where the new path is refused.
  http::Headers& h = x.request.headers;
  h.add_field(http::Headers::named("X-Replaced-Path", h.keep(shown_path(x.request.url))));
  return put_path(x, escaped, must_be_clean);
}

Flow put_path(http::Exchange& x, std::string_view escaped, bool must_be_clean) {
  if (must_be_clean && http::is_plain_path(escaped)) {
    x.request.url.path = escaped;
    x.request.url.raw.clear();
    return Flow::next;
  }
  auto path = http::unescape_path(escaped);
  if (!path) {
    answer_error(x, 500, escape_error(escaped));
    return Flow::answer;
  }
  http::UrlPath& url = x.request.url;
  url.path = std::move(*path);
  url.raw = escaped;
  if (must_be_clean && !made_clean(x)) return Flow::answer;
  return Flow::next;
}

}  // namespace gateproof::middleware
