// The CORS part of headers (catalogue 3.3).
#pragma once
#include "engine/middleware/headers_options.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {

class Cors {
 public:
  static Result<Cors> compile(const HeadersOptions& options);
  // OPTIONS with Origin and Access-Control-Request-Method: answered here, allowed or not.
  static bool is_preflight(const http::Request& r);
  void answer_preflight(http::Exchange& x) const;
  void edit_response(http::Exchange& x) const;

 private:
  // nullopt: the origin is not allowed.
  std::optional<std::string> allowed_origin(std::string_view origin) const;
  void add_common(http::Exchange& x) const;

  bool credentials_ = false;
  bool vary_ = false;
  std::optional<std::string> headers_, methods_, expose_, max_age_;  // as sent
  bool any_header_ = false, any_method_ = false, any_expose_ = false;
  std::vector<std::string> origins_;
  std::vector<rules::Regex> origin_patterns_;
};

}  // namespace gateproof::middleware
