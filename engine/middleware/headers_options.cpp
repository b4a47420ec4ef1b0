#include "engine/middleware/headers_options.h"

namespace gateproof::middleware {
namespace {

using Options = HeadersOptions;
using Schema = config::Schema<Options>;

void add_custom(Schema& s) {
  s.field("customRequestHeaders", &Options::custom_request_headers, "map")
      .field("customResponseHeaders", &Options::custom_response_headers, "map");
}

void add_cors(Schema& s) {
  s.field("accessControlAllowCredentials", &Options::allow_credentials, "bool", "false")
      .field("accessControlAllowHeaders", &Options::allow_headers, "list of strings")
      .field("accessControlAllowMethods", &Options::allow_methods, "list of strings")
      .field("accessControlAllowOriginList", &Options::allow_origin_list, "list of strings")
      .field("accessControlAllowOriginListRegex", &Options::allow_origin_list_regex,
             "list of strings")
      .field("accessControlExposeHeaders", &Options::expose_headers, "list of strings")
      .field("accessControlMaxAge", &Options::max_age, "int")
      .at_least(0)
      .field("addVaryHeader", &Options::add_vary_header, "bool", "false");
}

void add_security(Schema& s) {
  s.field("allowedHosts", &Options::allowed_hosts, "list of strings")
      .field("hostsProxyHeaders", &Options::hosts_proxy_headers, "list of strings")
      .field("sslProxyHeaders", &Options::ssl_proxy_headers, "map")
      .field("stsSeconds", &Options::sts_seconds, "int")
      .at_least(0)
      .field("stsIncludeSubdomains", &Options::sts_include_subdomains, "bool", "false")
      .field("stsPreload", &Options::sts_preload, "bool", "false")
      .field("forceSTSHeader", &Options::force_sts_header, "bool", "false")
      .field("frameDeny", &Options::frame_deny, "bool", "false")
      .field("customFrameOptionsValue", &Options::custom_frame_options_value, "string")
      .field("contentTypeNosniff", &Options::content_type_nosniff, "bool", "false")
      .field("browserXssFilter", &Options::browser_xss_filter, "bool", "false")
      .field("customBrowserXSSValue", &Options::custom_browser_xss_value, "string")
      .field("contentSecurityPolicy", &Options::content_security_policy, "string")
      .field("contentSecurityPolicyReportOnly", &Options::content_security_policy_report_only,
             "string")
      .field("publicKey", &Options::public_key, "string")
      .field("referrerPolicy", &Options::referrer_policy, "string")
      .field("permissionsPolicy", &Options::permissions_policy, "string")
      .field("isDevelopment", &Options::is_development, "bool", "false");
}

void add_deprecated(Schema& s) {
  constexpr std::string_view redirect = "use the entry point's redirections or redirectScheme";
  s.field("sslRedirect", &Options::ssl_redirect, "bool", "false")
      .deprecated(redirect)
      .field("sslTemporaryRedirect", &Options::ssl_temporary_redirect, "bool", "false")
      .deprecated(redirect)
      .field("sslHost", &Options::ssl_host, "string")
      .deprecated("use redirectRegex")
      .field("sslForceHost", &Options::ssl_force_host, "bool", "false")
      .deprecated("use redirectRegex")
      .field("featurePolicy", &Options::feature_policy, "string")
      .deprecated("use permissionsPolicy");
}

Schema make_schema() {
  Schema s;
  add_custom(s);
  add_cors(s);
  add_security(s);
  add_deprecated(s);
  return s;
}

}  // namespace

const Schema& headers_schema() {
  static const Schema s = make_schema();
  return s;
}

bool HeadersOptions::has_custom() const {
  return !custom_request_headers.empty() || !custom_response_headers.empty();
}

bool HeadersOptions::has_cors() const {
  return allow_credentials || !allow_headers.empty() || !allow_methods.empty() ||
         !allow_origin_list.empty() || !allow_origin_list_regex.empty() ||
         !expose_headers.empty() || max_age || add_vary_header;
}

// Deprecated options count, although they do nothing.
bool HeadersOptions::has_security() const {
  const bool flags = is_development || sts_include_subdomains || sts_preload || force_sts_header ||
                     frame_deny || content_type_nosniff || browser_xss_filter || ssl_redirect ||
                     ssl_temporary_redirect || ssl_force_host;
  const bool texts = !custom_frame_options_value.empty() || !custom_browser_xss_value.empty() ||
                     !content_security_policy.empty() ||
                     !content_security_policy_report_only.empty() || !public_key.empty() ||
                     !referrer_policy.empty() || !permissions_policy.empty() || !ssl_host.empty() ||
                     !feature_policy.empty();
  return flags || texts || sts_seconds || !allowed_hosts.empty() || !hosts_proxy_headers.empty() ||
         !ssl_proxy_headers.empty();
}

}  // namespace gateproof::middleware
