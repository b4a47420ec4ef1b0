// What redirectScheme and redirectRegex share: a URL is rewritten by an expression, and the client is sent to the result.
#pragma once
#include "engine/middleware/middleware.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {

// Sends the client to `target`, unless that is `url` itself. GET gets 301 or 302, everything else (HEAD too) 308 or 307; a
// target that is no URL gets 502.
// A `status` that is not 0 is the answer's, whatever was asked.
Flow redirect(http::Exchange& x, std::string_view url, const std::string& target, bool permanent,
              int status = 0);

// What redirectScheme keeps of "http://host:port/rest".
struct KeptOfUrl {
  std::string_view host, rest;
};
// As this expression of Traefik's divides it, whose groups 2 and 4 are kept; it decides which odd Host fields end in 502.
inline constexpr std::string_view url_pattern =
    R"(^(https?:\/\/)?(\[[\w:.]+\]|[\w\._-]+)?(:\d+)?(.*)$)";
// nullopt where the expression does not match: a text of several lines. `url` begins with its scheme.
std::optional<KeptOfUrl> kept_of_url(std::string_view url);

class Redirection {
 public:
  // Traefik's error text for a bad expression.
  static Result<Redirection> compile(std::string_view regex, std::string replacement,
                                     bool permanent, int status = 0);

  // Goes on if the expression does not match `url`.
  Flow apply(http::Exchange& x, const std::string& url) const;

 private:
  Redirection(rules::Regex regex, std::string_view replacement, bool permanent, int status)
      : regex_(std::move(regex)),
        replacement_(regex_.prepared(replacement)),
        permanent_(permanent),
        status_(status) {}
  rules::Regex regex_;
  rules::GoTemplate replacement_;
  bool permanent_;
  int status_;
};

}  // namespace gateproof::middleware
