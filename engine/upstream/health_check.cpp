#include "engine/upstream/health_check.h"

#include "engine/config/schema.h"
#include "engine/http/url.h"
#include "engine/upstream/dial_server.h"
#include "engine/upstream/grpc_health.h"
#include "engine/upstream/proxy.h"
#include "engine/upstream/tcp_health.h"

namespace gateproof::upstream {
namespace {

constexpr Duration interval_default = std::chrono::seconds(30);
constexpr Duration timeout_default = std::chrono::seconds(5);

// RFC 3986 section 5.2.4, on an absolute path.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> out;
  bool slash_last = false;
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    slash_last = part == "." || part == "..";
    if (part == "..") {
      if (!out.empty()) out.pop_back();
    } else if (part != ".") {
      out.push_back(part);
    }
    at = end + 1;
  }
  std::string text;
  for (std::string_view p : out) text += "/" + std::string(p);
  if (slash_last || text.empty()) text += '/';
  return text;
}

bool has_scheme(std::string_view s) {
  const size_t colon = s.find(':');
  return colon != std::string_view::npos && colon < s.find_first_of("/?#");
}

bool is_method(std::string_view m) { return http::is_token(m); }

// Go's client, on 301..303: anything but HEAD becomes GET.
std::string method_after(int status, const std::string& method) {
  if (status == 307 || status == 308) return method;
  return method == "HEAD" || method == "GET" ? method : "GET";
}

struct Hop {
  http::OriginServer server;
  std::string target, host, method, referer;
};

// Where a redirection leads; an error text in `why` if nowhere.
bool follow(Hop& hop, int status, const std::string& location, std::string& why) {
  const std::string from = hop.server.scheme + "://" + hop.server.authority + hop.target;
  hop.method = method_after(status, hop.method);
  hop.referer = from;
  if (!has_scheme(location)) {
    const std::string path = hop.target.substr(0, hop.target.find('?'));
    const Result<std::string> target = probe_target(path, location);
    if (!target) {
      why = target.error().message;
      return false;
    }
    hop.target = *target;  // the same server, and the same Host
    return true;
  }
  Result<WebAddress> to = web_address(location);
  if (!to) {
    why = "redirected to " + location;
    return false;
  }
  to->server.dial_timeout = hop.server.dial_timeout;
  to->server.idle_conn_timeout = hop.server.idle_conn_timeout;
  to->server.max_idle_conns = hop.server.max_idle_conns;
  to->server.tls = hop.server.tls;
  hop.server = std::move(to->server);
  hop.host = hop.server.authority;
  hop.target = std::move(to->target);
  return true;
}

bool is_location(const std::string& location) {
  if (!has_scheme(location)) return true;
  const auto parts = http::split_url(location);
  return parts && http::is_host_value(parts->host) &&
         parts->host.find_first_of("{}<>\"|\\^`") == std::string_view::npos;
}

bool is_redirection(int status) {
  return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

std::string verdict(const HealthCheckSpec& spec, int status) {
  if (spec.status == 0) {
    if (status >= 200 && status < 400) return {};
    return "received error status code: " + std::to_string(status);
  }
  if (spec.status == status) return {};
  return "received error status code: " + std::to_string(status) +
         " expected status code: " + std::to_string(spec.status);
}

// The client's part of a probe's request: what Go sends by itself, then the configured fields.
void fill(http::Outbound& out, const HealthCheckSpec& spec, const Hop& hop) {
  out.method = hop.method;
  out.target = hop.target;
  out.host = hop.host;
  out.server = &hop.server;
  out.headers.add_static("User-Agent", "Go-http-client/1.1");
  for (const auto& [name, value] : spec.headers) out.headers.set(name, value);
  if (!hop.referer.empty()) out.headers.set("Referer", hop.referer);
  if (hop.method != "HEAD" && !out.headers.has("Accept-Encoding") && !out.headers.has("Range"))
    out.headers.add_static("Accept-Encoding", "gzip");
}

Task<std::string> ask(Env& env, http::Origin& origin, const HealthCheckSpec& spec, Hop hop) {
  for (int redirects = 0;; ++redirects) {
    if (hop.server.scheme != "http" && !tls_of(hop.server))
      co_return "scheme " + hop.server.scheme + " is not acted on yet";
    http::Exchange x(env);
    x.origin = &origin;
    http::Outbound out;
    fill(out, spec, hop);
    out.body = &x.request.body;
    const Result<void> done = co_await origin.round_trip(x, out);
    if (!done) co_return "HTTP request failed: " + done.error().message;
    const int status = x.response.status;
    const std::string location(x.response.headers.get("Location"));
    // Go's client reads a Location before it asks whether it is to be followed.
    if (is_redirection(status) && !is_location(location))
      co_return "HTTP request failed: failed to parse Location header " + text::quote(location);
    if (!spec.follow_redirects || !is_redirection(status) || location.empty())
      co_return verdict(spec, status);
    if (redirects + 1 >= probe_redirects_max)
      co_return "HTTP request failed: stopped after 10 redirects";
    std::string why;
    if (!follow(hop, status, location, why)) co_return "HTTP request failed: " + why;
  }
}

}  // namespace

Result<std::string> probe_target(std::string_view base_path, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (has_scheme(reference) || reference.starts_with("//")) {
    return Error(Code::invalid,
                 "the path " + text::quote(reference) + " names a server: it must be relative");
  }
  const size_t mark = std::min(reference.find('?'), reference.size());
  std::string_view path = reference.substr(0, mark);
  const std::string query(reference.substr(mark));
  std::string joined(path);
  if (path.empty()) {
    joined = std::string(base_path);
  } else if (!path.starts_with('/')) {
    const size_t slash = base_path.rfind('/');
    joined = std::string(slash == std::string_view::npos ? "/" : base_path.substr(0, slash + 1));
    joined += path;
  }
  const Result<http::UrlPath> parsed = http::UrlPath::parse(joined);
  if (!parsed) return parsed.error();
  const std::string escaped = parsed->escaped();
  const std::string clean = path.empty() ? escaped : without_dots(escaped);
  return (clean.empty() ? "/" : clean) + query;
}

HealthCheckSpec make_health_check(const std::string& service,
                                  const config::HealthCheckConfig& config,
                                  const std::vector<http::OriginServer>& servers,
                                  std::shared_ptr<ServerHealth> health) {
  const auto positive = [](Duration d, Duration otherwise) {
    return d > Duration::zero() ? d : otherwise;
  };
  HealthCheckSpec s;
  s.service = service;
  s.grpc = config.mode == "grpc";
  s.method = config.method.empty() ? "GET" : config.method;
  s.status = config.status;
  s.interval = positive(config.interval, interval_default);
  s.unhealthy_interval = config.unhealthy_interval
                             ? positive(*config.unhealthy_interval, interval_default)
                             : s.interval;
  s.timeout = positive(config.timeout, timeout_default);
  s.follow_redirects = config.follow_redirects;
  for (const auto& [name, value] : config.headers) {
    const std::string canonical = http::canonical_name(name);
    if (canonical != "Host") s.headers.emplace_back(canonical, value);
  }
  s.health = std::move(health);
  for (size_t i = 0; i < servers.size(); ++i) {
    if (s.health->board.first_of(i) != i) continue;  // one probe for each URL
    HealthTarget t{i, servers[i], {}, {}, {}};
    const Result<std::string> target = probe_target(t.server.base_path, config.path.value);
    if (target) {
      t.target = *target;
    } else {
      t.broken = "create HTTP request: " + target.error().message;
    }
    if (!config.scheme.empty()) t.server.scheme = config.scheme;
    if (split_host_port(t.server.authority).port.empty()) {
      t.server.port = t.server.scheme == "https" ? 443 : 80;
      if (t.server.address) t.server.address->port = t.server.port;
    }
    if (config.port != 0) {
      t.server.port = static_cast<uint16_t>(config.port);
      const bool v6 = t.server.host.find(':') != std::string::npos;
      t.server.authority =
          (v6 ? "[" + t.server.host + "]" : t.server.host) + ":" + std::to_string(config.port);
      if (t.server.address) t.server.address->port = t.server.port;
    }
    t.host = config.hostname.empty() ? t.server.authority : config.hostname;
    if (!is_method(s.method))
      t.broken = "create HTTP request: net/http: invalid method " + text::quote(s.method);
    if (s.grpc) make_grpc_target(t, config.scheme);
    s.targets.push_back(std::move(t));
  }
  return s;
}

Task<std::string> probe(Env& env, http::Origin& origin, const HealthCheckSpec& spec,
                        const HealthTarget& target) {
  if (!target.broken.empty()) co_return target.broken;
  if (target.tcp) co_return co_await probe_tcp(env, *target.tcp, spec.timeout);
  if (spec.grpc) co_return co_await probe_grpc(env, origin, target, spec.timeout);
  Hop hop{target.server, target.target, target.host, spec.method, {}};
  const Instant deadline = env.scheduler.now() + spec.timeout;
  Task<std::string> asking = ask(env, origin, spec, std::move(hop));
  std::optional<std::string> answer =
      co_await with_deadline(env.scheduler, deadline, std::move(asking));
  if (!answer)
    co_return "HTTP request failed: no answer within " + config::format_duration(spec.timeout);
  co_return std::move(*answer);
}

}  // namespace gateproof::upstream
