#include "engine/upstream/proxy.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/http/connection_headers.h"
#include "engine/http/forwarded.h"
#include "engine/http/inflate.h"
#include "engine/http/punycode.h"
#include "engine/upstream/dial_server.h"
#include "engine/upstream/h2_origin.h"
#include "engine/upstream/status_of.h"

namespace gateproof::upstream {
namespace {

// Go's JoinURLPath for the escaped forms: one joining slash.
std::string join_paths(std::string_view base, std::string_view path) {
  std::string out(base);
  const bool base_slash = out.ends_with('/');
  const bool path_slash = path.starts_with('/');
  if (base_slash && path_slash) {
    out += path.substr(1);
  } else if (!base_slash && !path_slash) {
    out += '/';
    out += path;
  } else {
    out += path;
  }
  return out;
}

// What Go reads of a path that has lost its slash: behind "a:" and, if two slashes follow, behind the host. nullopt: nothing
// at all, because no scheme is in front.
std::optional<std::string> path_behind_scheme(std::string_view target) {
  const size_t colon = target.find(':');
  if (colon == 0 || colon == std::string_view::npos || !text::is_alpha(target.front()))
    return std::nullopt;
  for (const char c : target.substr(0, colon)) {
    if (!text::is_alpha(c) && !text::is_digit(c) && c != '+' && c != '-' && c != '.')
      return std::nullopt;
  }
  std::string_view rest = target.substr(colon + 1);
  if (rest.starts_with("//")) rest = rest.substr(std::min(rest.find('/', 2), rest.size()));
  return rest.starts_with('/') ? std::string(rest) : "/";
}

// Middlewares may have put semicolons into the query; servers differ in how they read them, so they never pass (Traefik).
std::string outbound_target(const http::Request& r, const http::OriginServer& server, bool raw) {
  if (r.asterisk) return "*";
  if (raw && r.url.raw.starts_with('/')) {
    std::string target = r.url.raw;
    if (r.has_query) (target += '?') += r.query;
    return target;
  }
  std::string target = r.url.escaped();
  if (target.empty()) target = "/";
  bool readable = target.starts_with('/');
  if (!readable) {
    if (auto path = path_behind_scheme(target)) {
      target = std::move(*path);
      readable = true;
    }
  }
  if (server.preserve_path && !server.base_path.empty())
    target = join_paths(server.base_path, target);
  if (r.has_query || !r.query.empty()) {
    // Of a target that Go cannot read the query goes on as Go's proxy cleaned it, any other as it is.
    const std::string query = readable ? r.query : http::clean_query(r.query);
    if (query.empty() && !r.query.empty()) return target;
    target += '?';
    const size_t from = target.size();
    target += query;
    std::replace(target.begin() + static_cast<ptrdiff_t>(from), target.end(), ';', '&');
  }
  return target;
}

// WebSocket fields keep the spelling that servers outside Go expect (catalogue 2.2).
std::string_view outbound_name(const http::Headers::Field& f) {
  static constexpr std::string_view names[] = {"Sec-WebSocket-Key", "Sec-WebSocket-Extensions",
                                               "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol",
                                               "Sec-WebSocket-Version"};
  if (f.name.empty() || text::lower(f.name.front()) != 's' ||
      !text::istarts_with(f.name, "sec-websocket-"))
    return f.name;
  for (std::string_view n : names) {
    if (text::iequals(n, f.name)) return n;
  }
  return f.name;
}

void set_forwarded_for(http::Exchange& x, http::Headers& out) {
  if (x.suppress_forwarded_for) {
    out.remove("X-Forwarded-For");
    return;
  }
  if (!x.append_forwarded_for) return;
  out.set_field(http::Headers::named(
      "X-Forwarded-For", out.keep(http::append_forwarded_for(x.request.headers, x.peer.ip))));
}

bool may_ask_gzip(const http::Request& r) {
  // As Go looks: an empty field counts as none.
  return r.method != "HEAD" && r.headers.get("Accept-Encoding").empty() &&
         r.headers.get("Range").empty();
}

void open_gzip(http::Response& r) {
  if (!text::iequals(r.headers.get("Content-Encoding"), "gzip")) return;
  r.headers.remove("Content-Encoding");
  r.headers.remove("Content-Length");
  r.body = http::gunzip(std::move(r.body));
}

// An upgrade to HTTP/2 would be a tunnel past every router.
bool asks_h2c(std::string_view upgrade) {
  if (upgrade.empty()) return false;
  const std::vector<std::string_view> asked = text::split(upgrade, ',');
  return std::any_of(asked.begin(), asked.end(),
                     [](std::string_view one) { return text::iequals(text::trim(one), "h2c"); });
}

// The announcement of trailers as Go's client keeps it: names in its spelling. (It forgets their order; this keeps it.)
std::string announcement(const http::Headers& h) {
  std::string out;
  for (std::string_view value : h.values("Trailer")) {
    for (std::string_view name : text::split(value, ',')) {
      name = text::trim(name);
      if (name.empty()) continue;
      if (!out.empty()) out += ", ";
      out += http::canonical_name(name);
    }
  }
  return out;
}

// Hop-by-hop fields go; the announcement of trailers stays where trailers can follow: behind chunks, or frames of HTTP/2.
void clean_response(http::Response& r, bool to_head) {
  const bool chunked = to_head ? http::body_allowed(r.status) && !r.headers.has("Content-Length")
                               : r.body.streaming() && !r.body.length();
  const bool may_follow = chunked || is_of_frames(r.body);
  const std::string trailer = may_follow ? announcement(r.headers) : std::string();
  // Go's client takes a Connection that says close away, so that nothing else in it counts.
  if (http::list_has_token(r.headers, "Connection", "close")) r.headers.remove("Connection");
  http::remove_hop_by_hop(r.headers);
  if (!trailer.empty()) r.headers.add("Trailer", trailer);
}

// What Go's url.Parse says of a text that split_url() refused; "" where it says nothing and requests fail later.
std::string parse_problem(std::string_view url) {
  const std::string_view first = url.substr(0, url.find('/'));
  const size_t colon = first.find(':');
  if (colon == std::string_view::npos) return {};
  if (colon == 0) return ": missing protocol scheme";
  const auto in_scheme = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  const std::string_view scheme = first.substr(0, colon);
  if (!text::is_alpha(scheme.front()) || !std::all_of(scheme.begin(), scheme.end(), in_scheme))
    return ": first path segment in URL cannot contain colon";
  const std::string_view rest = url.substr(colon + 1);
  if (!rest.starts_with("//")) return {};
  const std::string_view authority = rest.substr(2, rest.find('/', 2) - 2);
  const size_t port = authority.rfind(':');
  if (port == std::string_view::npos) return ": invalid character in host name";
  return ": invalid port " + text::quote(authority.substr(port)) + " after host";
}

std::string why_not(const http::OriginServer& server) {
  const std::string_view scheme = server.scheme;
  if (scheme == "http" || scheme == "h2c") return "no host in the server URL";
  if (scheme == "https") return "no TLS for this server";
  return "unsupported protocol scheme " + text::quote(scheme);
}

}  // namespace

Result<http::OriginServer> make_origin_server(const config::ServerConfig& server,
                                              const config::ServersTransportConfig& transport) {
  http::OriginServer s;
  s.url = server.url.value;
  const auto parts = http::split_url(s.url);
  if (!parts) {
    // Go takes a text without scheme for a path, and only a colon in its first segment is an error; requests to such a server
    // fail later with 500.
    const std::string wrong = parse_problem(s.url);
    if (wrong.empty()) return s;
    return Error(Code::invalid,
                 "error parsing server URL " + s.url + ": parse " + text::quote(s.url) + wrong,
                 server.url.span, "write scheme and host: http://10.0.0.1:8080");
  }
  s.scheme = text::to_lower(parts->scheme);
  s.authority = std::string(parts->host);
  const HostPort hp = split_host_port(parts->host);
  s.host = std::string(hp.host);
  s.port = s.scheme == "https" ? 443 : 80;
  if (!hp.port.empty()) {
    const auto port = text::parse_int(hp.port);
    // A number that is no port is found out when the server is dialled: 502 (Traefik).
    s.port = port && *port >= 0 && *port <= 65535 ? static_cast<uint16_t>(*port) : 0;
  }
  if (const auto ip = IpAddress::parse(s.host)) s.address = SocketAddress{*ip, s.port};
  s.preserve_path = server.preserve_path;
  s.base_path = std::string(parts->path);
  s.dial_timeout = transport.dial_timeout;
  s.response_header_timeout = transport.response_header_timeout;
  s.idle_conn_timeout = transport.idle_conn_timeout;
  s.read_timeout = transport.read_timeout;
  s.write_timeout = transport.write_timeout;
  s.read_idle_timeout = transport.read_idle_timeout;
  s.ping_timeout = transport.ping_timeout;
  s.max_idle_conns = transport.max_idle_conns_per_host;
  s.http2 = !transport.tls.disable_http2;
  return s;
}

Result<WebAddress> web_address(const std::string& url) {
  config::ServerConfig config;
  config.url.value = url;
  Result<http::OriginServer> server = make_origin_server(config, {});
  if (!server) return server.error();
  const auto parts = http::split_url(url);
  if (!parts) return Error(Code::invalid, "no scheme and host in " + text::quote(url));
  std::string target = parts->path.empty() ? "/" : std::string(parts->path);
  if (parts->has_query) target += "?" + std::string(parts->query);
  return WebAddress{std::move(*server), std::move(target)};
}

void build_outbound(http::Exchange& x, const http::OriginServer& server, bool pass_host_header,
                    http::Outbound& out, bool& asked_gzip) {
  const http::Request& r = x.request;
  out.method = r.method;
  out.target = outbound_target(r, server, x.raw_target);
  // A request without a host gets the server's own, as Go's client fills it in.
  out.host = pass_host_header && !r.host.empty() ? std::string_view(r.host)
                                                 : std::string_view(server.authority);
  out.body = &x.request.body;
  out.server = &server;
  if (out.host.starts_with('[') && out.host.find('%') != std::string_view::npos)
    out.host = out.headers.keep(http::without_zone(out.host));
  if (!http::is_host_value(out.host)) {
    // Go's client writes names in Punycode, and nothing in the place of what can be no host.
    const std::string wire = http::punycode_host(out.host);
    out.host = http::is_host_value(wire) ? out.headers.keep(wire) : std::string_view();
  }
  // Traefik offers h2c to nobody, nor what else stands in a list with it (observed; reliability S2).
  std::string_view upgrade = http::upgrade_of(r.headers);
  if (asks_h2c(upgrade)) upgrade = {};
  bool agent_told = false;
  for (const auto& f : r.headers) {
    if (f.is("Content-Length")) continue;  // framing is the writer's
    if (f.is("Http2-Settings")) continue;
    if (f.is("User-Agent")) {
      // Go's client sends one, the first, and leaves an empty one out.
      if (std::exchange(agent_told, true) || f.value.empty()) continue;
    }
    out.headers.add_field({outbound_name(f), f.value, f.hash, f.sound});
  }
  const bool te_trailers = http::list_has_token(r.headers, "Te", "trailers");
  http::remove_hop_by_hop(out.headers);
  if (te_trailers) out.headers.add_static("Te", "trailers");
  if (!upgrade.empty()) {
    out.headers.add_static("Connection", "Upgrade");
    out.headers.add_static("Upgrade", upgrade);
  }
  set_forwarded_for(x, out.headers);
  asked_gzip = may_ask_gzip(r);
  if (asked_gzip) out.headers.add_field(http::Headers::named("Accept-Encoding", "gzip"));
}

Task<void> proxy_to(http::Exchange& x, const http::OriginServer& server, bool pass_host_header) {
  if (x.request.method == "CONNECT") {  // tunnels are for HTTP/2 and later (catalogue 2.2)
    x.response = http::Response::make(501);
    if (x.request.version != http::Version::http2)
      x.response.headers.add_static("Connection", "close");
    co_return;
  }
  http::Outbound out;
  bool asked_gzip = false;
  build_outbound(x, server, pass_host_header, out, asked_gzip);
  x.server = server.url;
  ++x.attempts;
  Result<void> done;
  if (const std::string_view bad = http::unsendable_field(out.headers); !bad.empty()) {
    Error refused(Code::invalid, Source::internal, "a control character in " + std::string(bad));
    refused.retry = Retry::yes;  // nothing was written
    done = std::move(refused);
  } else if (server.dial_timeout < Duration::zero()) {
    // Go's dialer takes a negative limit for a deadline that has passed (observed: 504), and zero for none.
    Error late(Code::timeout, Source::upstream, "dialTimeout is negative: no connection is made");
    late.retry = Retry::yes;
    done = std::move(late);
  } else if ((server.scheme == "http" || server.scheme == "h2c" || tls_of(server)) &&
             !server.authority.empty()) {
    done = co_await x.origin->round_trip(x, out);
  } else {
    Error unsupported(Code::unsupported, Source::internal, why_not(server));
    unsupported.retry = Retry::yes;  // nothing was written, which is all that counts (Traefik)
    done = std::move(unsupported);
  }
  if (!done) {
    const int status = status_of(done.error());
    if (x.trace)
      x.note("server " + server.url, "failure",
             std::to_string(status) + ": " + done.error().message);
    x.failure = done.error();
    x.response = http::Response::make(status, http::status_text(status));
    co_return;
  }
  if (x.response.status != 101) clean_response(x.response, x.request.method == "HEAD");
  if (asked_gzip) open_gzip(x.response);
  if (x.trace) x.note("server " + server.url, "answer", std::to_string(x.response.status));
}

}  // namespace gateproof::upstream
