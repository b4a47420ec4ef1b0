#include "engine/middleware/headers_secure.h"

namespace gateproof::middleware {

SecureHeaders::SecureHeaders(const HeadersOptions& o)
    : hosts_proxy_headers_(o.hosts_proxy_headers),
      ssl_proxy_headers_(o.ssl_proxy_headers),
      force_sts_(o.force_sts_header) {
  if (!o.is_development) {
    allowed_hosts_ = o.allowed_hosts;
    public_key_ = o.public_key;
    if (o.sts_seconds.value_or(0) != 0) {
      sts_ = "max-age=" + std::to_string(*o.sts_seconds);
      if (o.sts_include_subdomains) sts_ += "; includeSubDomains";
      if (o.sts_preload) sts_ += "; preload";
    }
  }
  const auto add = [&](const http::HeaderName& name, const std::string& value) {
    if (!value.empty()) always_.push_back({name, value, http::Headers::named(name, value).sound});
  };
  add("X-Frame-Options", !o.custom_frame_options_value.empty() ? o.custom_frame_options_value
                         : o.frame_deny                        ? "DENY"
                                                               : "");
  add("X-Content-Type-Options", o.content_type_nosniff ? "nosniff" : "");
  add("X-Xss-Protection", !o.custom_browser_xss_value.empty() ? o.custom_browser_xss_value
                          : o.browser_xss_filter              ? "1; mode=block"
                                                              : "");
  add("Content-Security-Policy", o.content_security_policy);
  add("Content-Security-Policy-Report-Only", o.content_security_policy_report_only);
  add("Referrer-Policy", o.referrer_policy);
  add("Permissions-Policy", o.permissions_policy);
}

// The Host with its port, or the first proxy header that is there.
bool SecureHeaders::host_allowed(const http::Request& r) const {
  if (allowed_hosts_.empty()) return true;
  std::string_view host = r.host;
  for (const std::string& name : hosts_proxy_headers_) {
    const std::string_view told = r.headers.get(name);
    if (told.empty()) continue;
    host = told;
    break;
  }
  return std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(),
                     [&](const std::string& allowed) { return text::iequals(allowed, host); });
}

bool SecureHeaders::is_secure(const http::Exchange& x) const {
  if (x.tls) return true;
  return std::any_of(ssl_proxy_headers_.begin(), ssl_proxy_headers_.end(), [&](const auto& field) {
    return x.request.headers.get(field.first) == field.second;
  });
}

void SecureHeaders::edit_response(http::Exchange& x) const {
  http::Headers& h = x.response.headers;
  for (const Line& l : always_) h.set_field({l.name.text, l.value, l.name.hash, l.sound});
  if (sts_.empty() && public_key_.empty()) return;
  const bool secure = is_secure(x);
  if (!sts_.empty() && (secure || force_sts_)) h.set_static("Strict-Transport-Security", sts_);
  if (!public_key_.empty() && secure) h.set_static("Public-Key-Pins", public_key_);
}

}  // namespace gateproof::middleware
