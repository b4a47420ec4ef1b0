// Options of headers (catalogue 3.3).
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

struct HeadersOptions {
  using Map = std::map<std::string, std::string>;
  // Custom fields; an empty value deletes.
  Map custom_request_headers;
  Map custom_response_headers;
  // CORS
  bool allow_credentials = false;
  std::vector<std::string> allow_headers, allow_methods;
  std::vector<std::string> allow_origin_list, allow_origin_list_regex;
  std::vector<std::string> expose_headers;
  std::optional<int64_t> max_age;
  bool add_vary_header = false;
  // Which hosts and which connections
  std::vector<std::string> allowed_hosts, hosts_proxy_headers;
  Map ssl_proxy_headers;
  bool is_development = false;
  // Security
  std::optional<int64_t> sts_seconds;
  bool sts_include_subdomains = false, sts_preload = false, force_sts_header = false;
  bool frame_deny = false;
  std::string custom_frame_options_value;
  bool content_type_nosniff = false;
  bool browser_xss_filter = false;
  std::string custom_browser_xss_value;
  std::string content_security_policy, content_security_policy_report_only;
  std::string public_key, referrer_policy, permissions_policy;
  // Deprecated: accepted, without effect
  bool ssl_redirect = false, ssl_temporary_redirect = false, ssl_force_host = false;
  std::string ssl_host, feature_policy;

  bool has_custom() const;
  bool has_cors() const;
  bool has_security() const;
};

const config::Schema<HeadersOptions>& headers_schema();

}  // namespace gateproof::middleware
