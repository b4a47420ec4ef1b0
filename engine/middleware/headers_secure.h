// The security part of headers (catalogue 3.3): which hosts are served, and the fields that harden answers.
#pragma once
#include "engine/middleware/headers_options.h"

namespace gateproof::middleware {

class SecureHeaders {
 public:
  explicit SecureHeaders(const HeadersOptions& options);
  bool host_allowed(const http::Request& r) const;
  void edit_response(http::Exchange& x) const;

 private:
  bool is_secure(const http::Exchange& x) const;

  std::vector<std::string> allowed_hosts_, hosts_proxy_headers_;
  HeadersOptions::Map ssl_proxy_headers_;
  bool force_sts_ = false;
  std::string sts_, public_key_;  // "": not sent
  struct Line {
    http::HeaderName name;
    std::string value;
    bool sound;
  };
  std::vector<Line> always_;
};

}  // namespace gateproof::middleware
