#include "engine/middleware/auth_server.h"

#include "engine/base/crypto.h"
#include "engine/base/html.h"
#include "engine/http/connection_headers.h"
#include "engine/http/inflate.h"

namespace gateproof::middleware {
namespace {

// What becomes of the URL, before other bytes than ASCII are escaped.
std::string redirect_url(std::string url, const std::string& request_path) {
  const auto parsed = parse_go_url(url);
  if (parsed && parsed->scheme.empty() && parsed->host.empty()) {
    if (!url.starts_with('/')) {
      const std::string path = request_path.empty() ? "/" : request_path;
      url = path.substr(0, path.rfind('/') + 1) + url;
    }
    const size_t mark = url.find('?');
    const std::string query = mark == std::string::npos ? "" : url.substr(mark);
    const std::string path = url.substr(0, mark);
    url = http::clean_path(path);
    if (path.ends_with('/') && !url.ends_with('/')) url += '/';
    url += query;
  }
  return url;
}

std::string escape_non_ascii(std::string_view url) {
  std::string out;
  for (char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += "%" + crypto::hex(std::string_view(&c, 1));
    }
  }
  return out;
}

std::string basic_of(const GoUrl& url) {
  if (!url.has_userinfo) return {};
  const size_t colon = url.userinfo.find(':');
  std::string text = http::unescape_path(url.userinfo.substr(0, colon)).value_or("") + ":";
  if (colon != std::string::npos)
    text += http::unescape_path(url.userinfo.substr(colon + 1)).value_or("");
  return "Basic " + crypto::base64(text);
}

// Fields of the server's answer that a refused client does not get.
bool hop_by_hop(const http::Headers::Field& f) {
  static constexpr http::HeaderName own[] = {"Connection", "Keep-Alive",        "Te",
                                             "Trailers",   "Transfer-Encoding", "Upgrade"};
  return std::any_of(std::begin(own), std::end(own),
                     [&f](const http::HeaderName& n) { return f.is(n); });
}

}  // namespace

Result<AuthServer> make_auth_server(const config::Text& address) {
  auto url = parse_go_url(address.value);
  if (!url) return url.error();
  if (url->scheme != "http" && url->scheme != "https")
    return Error(Code::invalid, "unsupported protocol scheme " + text::quote(url->scheme));
  if (url->host.empty()) return Error(Code::invalid, "no Host in request URL");
  config::ServerConfig config;
  config.url.value = url->scheme + "://" + url->host;
  config::ServersTransportConfig transport;
  transport.max_idle_conns_per_host = 0;  // Go's default
  auto origin = upstream::make_origin_server(config, transport);
  if (!origin) return origin.error();
  AuthServer s{std::move(*origin), std::move(*url), "", ""};
  s.target = s.url.path.escaped();
  if (s.target.empty()) s.target = "/";
  if (s.url.force_query || !s.url.query.empty()) s.target += "?" + s.url.query;
  s.authorization = basic_of(s.url);
  return s;
}

namespace {

Task<AuthAsked> ask(Exchange& sub, http::Outbound& out, bool asked_gzip, size_t bytes_max,
                    std::string& body) {
  Result<void> sent;
  if (const std::string_view bad = http::unsendable_field(out.headers); !bad.empty()) {
    sent = Error(Code::invalid, Source::internal, "a control character in " + std::string(bad));
  } else {
    sent = co_await sub.origin->round_trip(sub, out);
  }
  if (!sent) {
    sub.failure = sent.error();
    co_return AuthAsked::failed;
  }
  http::Response& r = sub.response;
  // Go's client keeps the announcement of trailers to itself; without chunks it is a field like any other.
  if (r.body.streaming() && !r.body.length()) r.headers.remove("Trailer");
  if (asked_gzip && text::iequals(r.headers.get("Content-Encoding"), "gzip")) {
    r.headers.remove("Content-Encoding");
    r.headers.remove("Content-Length");
    r.body = http::gunzip(std::move(r.body));
  }
  Result<std::string> read = co_await http::read_all(r.body, bytes_max);
  if (read) {
    body = std::move(*read);
    co_return AuthAsked::answered;
  }
  sub.failure = read.error();
  co_return read.error().code == Code::limit ? AuthAsked::too_large : AuthAsked::failed;
}

}  // namespace

Task<AuthAsked> ask_auth_server(Exchange& sub, const AuthServer& server, http::Headers headers,
                                size_t bytes_max, std::string& body) {
  http::Outbound out;
  out.method = sub.request.method;
  out.target = server.target;
  out.host = server.url.host;
  out.headers = std::move(headers);
  if (!server.authorization.empty() && out.headers.get("Authorization").empty())
    out.headers.set("Authorization", server.authorization);
  const bool gzip = out.method != "HEAD" && out.headers.get("Accept-Encoding").empty() &&
                    out.headers.get("Range").empty();
  if (gzip) out.headers.add("Accept-Encoding", "gzip");  // beside an empty one, as Go does
  out.body = &sub.request.body;
  out.server = &server.origin;
  Task<AuthAsked> asking = ask(sub, out, gzip, bytes_max, body);
  const Instant deadline = sub.env->scheduler.now() + auth_time_max;
  const std::optional<AuthAsked> asked =
      co_await with_deadline(sub.env->scheduler, deadline, std::move(asking));
  co_return asked.value_or(AuthAsked::late);
}

int unanswered_status(const Exchange& sub) {
  const bool gone =
      sub.failure && sub.failure->code == Code::canceled && sub.failure->source != Source::upstream;
  return gone ? 499 : 500;
}

void pass_on_refusal(Exchange& x, http::Response& refusal, std::string body,
                     const std::string& location) {
  if (!location.empty()) refusal.headers.set("Location", location);
  x.response.reset();
  x.response.status = refusal.status;
  for (const auto& f : refusal.headers) {
    if (!hop_by_hop(f)) x.response.headers.add(f.name, f.value);
  }
  if (http::body_allowed(refusal.status)) x.response.body = http::Body::text(std::move(body));
}

// The page is named in a body, unless something has put a Content-Type first; Traefik's entry point puts "none".
void go_redirect(Exchange& x, const std::string& to, int status) {
  const std::string url = redirect_url(to, x.request.url.escaped());
  const bool page = x.fields_apart || x.detect_content_type;
  if (page && (x.request.method == "GET" || x.request.method == "HEAD")) {
    const std::string link = "<a href=\"" + text::escape_html(url) + "\">" +
                             std::string(http::status_text(status)) + "</a>.\n\n";
    x.response = http::Response::make(status, x.request.method == "GET" ? link : "",
                                      "text/html; charset=utf-8");
  } else {
    x.response = http::Response::make(status);
  }
  x.response.headers.add("Location", escape_non_ascii(url));
}

}  // namespace gateproof::middleware
