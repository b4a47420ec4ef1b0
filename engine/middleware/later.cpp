// Types that are understood and not acted on yet: their options are checked, and a router that uses one is answered with 501
// by the snapshot builder rather than served without its protection. Options by catalogue 3.2.
#include "engine/middleware/later.h"

namespace gateproof::middleware {
namespace {

using Strings = std::vector<std::string>;
constexpr std::string_view list = "list of strings";

struct Buffering {
  int64_t max_request = 0, mem_request = 1048576, max_response = 0, mem_response = 1048576;
  std::string retry_expression;
};
const config::Schema<Buffering>& buffering() {
  static const auto s =
      config::Schema<Buffering>()
          .field("maxRequestBodyBytes", &Buffering::max_request, "int", "0")
          .field("memRequestBodyBytes", &Buffering::mem_request, "int", "1048576")
          .field("maxResponseBodyBytes", &Buffering::max_response, "int", "0")
          .field("memResponseBodyBytes", &Buffering::mem_response, "int", "1048576")
          .field("retryExpression", &Buffering::retry_expression, "string");
  return s;
}

struct CircuitBreaker {
  std::string expression;
  Duration check_period = std::chrono::milliseconds(100);
  Duration fallback = std::chrono::seconds(10), recovery = std::chrono::seconds(10);
  int64_t response_code = 503;
};
const config::Schema<CircuitBreaker>& circuit_breaker() {
  static const auto s =
      config::Schema<CircuitBreaker>()
          .field("expression", &CircuitBreaker::expression, "string")
          .field("checkPeriod", &CircuitBreaker::check_period, "duration", "100ms")
          .field("fallbackDuration", &CircuitBreaker::fallback, "duration", "10s")
          .field("recoveryDuration", &CircuitBreaker::recovery, "duration", "10s")
          .field("responseCode", &CircuitBreaker::response_code, "int", "503");
  return s;
}

struct DigestAuth {
  Strings users;
  std::string users_file, realm, header_field;
  bool remove_header = false;
};
const config::Schema<DigestAuth>& digest_auth() {
  static const auto s = config::Schema<DigestAuth>()
                            .field("users", &DigestAuth::users, std::string(list))
                            .field("usersFile", &DigestAuth::users_file, "string")
                            .field("realm", &DigestAuth::realm, "string", "traefik")
                            .field("removeHeader", &DigestAuth::remove_header, "bool", "false")
                            .field("headerField", &DigestAuth::header_field, "string");
  return s;
}

struct Errors {
  Strings status;
  std::map<std::string, std::string> status_rewrites;
  config::Text service;
  std::string query;
  std::optional<Strings> error_request_headers;
};
const config::Schema<Errors>& errors() {
  static const auto s =
      config::Schema<Errors>()
          .field("status", &Errors::status, std::string(list))
          .field("statusRewrites", &Errors::status_rewrites, "map")
          .field("service", &Errors::service, "string")
          .field("query", &Errors::query, "string")
          .field("errorRequestHeaders", &Errors::error_request_headers, std::string(list));
  return s;
}

struct ClientTls {
  std::string ca, cert, key;
  bool insecure_skip_verify = false, ca_optional = false;
};
const config::Schema<ClientTls>& client_tls() {
  static const auto s =
      config::Schema<ClientTls>()
          .field("ca", &ClientTls::ca, "string")
          .field("cert", &ClientTls::cert, "string")
          .field("key", &ClientTls::key, "string")
          .field("insecureSkipVerify", &ClientTls::insecure_skip_verify, "bool", "false")
          .field("caOptional", &ClientTls::ca_optional, "bool", "false")
          .deprecated("TLS client authentication is a server side option");
  return s;
}

struct ForwardAuth {
  std::string address, response_headers_regex, header_field, signin_url;
  std::optional<bool> trust_forward_header;
  Strings response_headers, request_headers, add_cookies;
  bool forward_body = false, preserve_location = false, preserve_method = false;
  int64_t max_body_size = -1;
  std::optional<int64_t> max_response_body_size;
  std::optional<ClientTls> tls;
};
const config::Schema<ForwardAuth>& forward_auth() {
  using F = ForwardAuth;
  static const auto s = config::Schema<F>()
                            .field("address", &F::address, "string")
                            .object("tls", &F::tls, client_tls())
                            .field("trustForwardHeader", &F::trust_forward_header, "bool")
                            .field("authResponseHeaders", &F::response_headers, std::string(list))
                            .field("authResponseHeadersRegex", &F::response_headers_regex, "string")
                            .field("authRequestHeaders", &F::request_headers, std::string(list))
                            .field("addAuthCookiesToResponse", &F::add_cookies, std::string(list))
                            .field("headerField", &F::header_field, "string")
                            .field("forwardBody", &F::forward_body, "bool", "false")
                            .field("maxBodySize", &F::max_body_size, "int", "-1")
                            .field("maxResponseBodySize", &F::max_response_body_size, "int")
                            .field("preserveLocationHeader", &F::preserve_location, "bool", "false")
                            .field("preserveRequestMethod", &F::preserve_method, "bool", "false")
                            .field("authSigninURL", &F::signin_url, "string");
  return s;
}

struct Retry {
  int64_t attempts = 0, max_request_body_bytes = 2097152;
  Duration initial_interval{0}, timeout{0};
  Strings status;
  bool disable_on_network_error = false, non_idempotent = false;
};
const config::Schema<Retry>& retry() {
  static const auto s =
      config::Schema<Retry>()
          .field("attempts", &Retry::attempts, "int", "0")
          .field("initialInterval", &Retry::initial_interval, "duration", "0s")
          .field("timeout", &Retry::timeout, "duration", "0s")
          .field("status", &Retry::status, std::string(list))
          .field("maxRequestBodyBytes", &Retry::max_request_body_bytes, "int", "2097152")
          .field("disableRetryOnNetworkError", &Retry::disable_on_network_error, "bool", "false")
          .field("retryNonIdempotentMethod", &Retry::non_idempotent, "bool", "false");
  return s;
}

// A plugin's options are its own: any name, any value.
struct Plugin {};
const config::ObjectSchema& plugin() {
  static const config::ObjectSchema s{.fields = {}, .any_field = true};
  return s;
}

template <const char* type>
Result<std::unique_ptr<Middleware>> not_yet(const void*, const BuildContext&) {
  return Error(Code::unsupported, "middleware type " + std::string(type) + " is not acted on yet");
}

template <class Options, const char* type>
MiddlewareSpec spec(const config::ObjectSchema& schema, bool empty_allowed = false) {
  return {{type, &schema, make_options<Options>, empty_allowed}, not_yet<type>};
}

constexpr char buffering_type[] = "buffering";
constexpr char circuit_breaker_type[] = "circuitBreaker";
constexpr char digest_auth_type[] = "digestAuth";
constexpr char errors_type[] = "errors";
constexpr char forward_auth_type[] = "forwardAuth";
constexpr char plugin_type[] = "plugin";
constexpr char retry_type[] = "retry";

}  // namespace

std::vector<MiddlewareSpec> later_types() {
  return {
      spec<Buffering, buffering_type>(buffering()),
      spec<CircuitBreaker, circuit_breaker_type>(circuit_breaker()),
      spec<DigestAuth, digest_auth_type>(digest_auth()),
      spec<Errors, errors_type>(errors()),
      spec<ForwardAuth, forward_auth_type>(forward_auth()),
      spec<Plugin, plugin_type>(plugin()),
      spec<Retry, retry_type>(retry()),
  };
}

}  // namespace gateproof::middleware
