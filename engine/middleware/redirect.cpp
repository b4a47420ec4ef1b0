#include "engine/middleware/redirect.h"

#include "engine/middleware/answers.h"
#include "engine/middleware/go_url.h"

namespace gateproof::middleware {

Result<Redirection> Redirection::compile(std::string_view regex, std::string replacement,
                                         bool permanent) {
  auto e = rules::Regex::compile(regex);
  if (!e) return e.error();
  return Redirection(std::move(*e), std::move(replacement), permanent);
}

Flow Redirection::apply(http::Exchange& x, const std::string& url) const {
  if (!regex_.search(url)) return Flow::next;
  const std::string target = regex_.replace_all(url, replacement_);
  if (target == url) return Flow::next;
  const auto location = go_url_normal_form(target);
  if (!location) {
    answer_phrase(x, 502);
    return Flow::answer;
  }
  const bool get = x.request.method == "GET";
  answer_phrase(x, get ? (permanent_ ? 301 : 302) : (permanent_ ? 308 : 307));
  x.response.headers.add("Location", *location);
  return Flow::answer;
}

}  // namespace gateproof::middleware
