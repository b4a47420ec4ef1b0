#include "engine/middleware/redirect.h"

#include "engine/middleware/answers.h"
#include "engine/middleware/go_url.h"

namespace gateproof::middleware {

Result<Redirection> Redirection::compile(std::string_view regex, std::string replacement,
                                         bool permanent, int status) {
  auto e = rules::Regex::compile(regex);
  if (!e) return e.error();
  return Redirection(std::move(*e), std::move(replacement), permanent, status);
}

namespace {

// Whether Go reads the same in the URL as stands in it: no fragment, and a host without anything odd. An IPv6 address that has
// lost its brackets is odd (3.2 redirectScheme), as is much that a custom `Host` may say.
bool is_plain(std::string_view url) {
  if (url.find('#') != std::string_view::npos) return false;
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  url.remove_prefix(scheme + 3);
  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  return std::all_of(authority.begin(), authority.end(),
                     [](char c) { return text::is_alnum(c) || c == '.' || c == '-'; });
}

// The request goes on with what was read of its URL: without a fragment, and with the path that follows the host.
void take_over(http::Request& r, GoUrl url) {
  r.url = std::move(url.path);
  r.query = std::move(url.query);
  r.has_query = url.force_query || !r.query.empty();
}

}  // namespace

Flow redirect(http::Exchange& x, std::string_view url, const std::string& target, bool permanent,
              int status) {
  const bool moved = target != url;
  // A path that has lost its slash is read as part of the host, and one of which nothing is left as "/".
  if (!moved && is_plain(url) && x.request.url.path.starts_with('/')) return Flow::next;
  // Go reads the new URL before it is compared with the old one.
  auto location = parse_go_url(target);
  if (!location) {
    answer_phrase(x, 502);
    return Flow::answer;
  }
  if (!moved) {
    take_over(x.request, std::move(*location));
    return Flow::next;
  }
  const bool get = x.request.method == "GET";
  answer_phrase(x, status ? status : get ? (permanent ? 301 : 302) : (permanent ? 308 : 307));
  x.response.headers.add("Location", location->to_string());
  return Flow::answer;
}

namespace {

bool is_word(char c) { return text::is_alnum(c) || c == '_'; }

// The length of group 2 at the front of `s`.
size_t host_length(std::string_view s) {
  size_t i = 0;
  if (s.starts_with('[')) {
    for (i = 1; i < s.size() && (is_word(s[i]) || s[i] == ':' || s[i] == '.');) ++i;
    return i > 1 && i < s.size() && s[i] == ']' ? i + 1 : 0;
  }
  while (i < s.size() && (is_word(s[i]) || s[i] == '.' || s[i] == '-')) ++i;
  return i;
}

}  // namespace

std::optional<KeptOfUrl> kept_of_url(std::string_view url) {
  if (url.find('\n') != std::string_view::npos) return std::nullopt;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme)) {
      url.remove_prefix(scheme.size());
      break;
    }
  }
  KeptOfUrl kept;
  kept.host = url.substr(0, host_length(url));
  url.remove_prefix(kept.host.size());
  size_t digits = 0;
  if (url.starts_with(':')) {
    while (digits + 1 < url.size() && text::is_digit(url[digits + 1])) ++digits;
  }
  kept.rest = url.substr(digits ? digits + 1 : 0);
  return kept;
}

Flow Redirection::apply(http::Exchange& x, const std::string& url) const {
  std::optional<std::string> to = regex_.replaced(url, replacement_);
  if (!to) return Flow::next;
  return redirect(x, url, std::move(*to), permanent_, status_);
}

}  // namespace gateproof::middleware
