// What redirectScheme and redirectRegex share: a URL is rewritten by an expression, and the client is sent to the result.
#pragma once
#include "engine/middleware/middleware.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {

class Redirection {
 public:
  // Traefik's error text for a bad expression.
  static Result<Redirection> compile(std::string_view regex, std::string replacement,
                                     bool permanent);

  // Answers unless the expression does not match `url` or leaves it as it is. GET gets 301 or 302, everything else (HEAD
  // too) 308 or 307; a result that is no URL gets 502.
  Flow apply(http::Exchange& x, const std::string& url) const;

 private:
  Redirection(rules::Regex regex, std::string replacement, bool permanent)
      : regex_(std::move(regex)), replacement_(std::move(replacement)), permanent_(permanent) {}
  rules::Regex regex_;
  std::string replacement_;
  bool permanent_;
};

}  // namespace gateproof::middleware
