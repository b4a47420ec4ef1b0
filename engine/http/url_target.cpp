// Request targets and absolute URLs taken apart: RFC 9112 section 3.2, and Go's url.Parse for what is configuration.
#include <algorithm>

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/http/url.h"

namespace gateproof::http {
namespace {

Error bad_target(std::string_view why) {
  return Error(Code::invalid, Source::downstream, std::string(why));
}

// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ); npos if there is none before ':'.
size_t scheme_end(std::string_view s) {
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == ':') return i == 0 ? std::string_view::npos : i;
    if (text::is_alpha(s[i])) continue;
    if (i == 0 || !(text::is_digit(s[i]) || s[i] == '+' || s[i] == '-' || s[i] == '.')) break;
  }
  return std::string_view::npos;
}

}  // namespace

bool is_authority(std::string_view s) {
  if (!is_host_value(s)) return false;
  size_t host_end = s.find(':');
  if (s.starts_with('[')) {
    const size_t close = s.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view inside = s.substr(1, close - 1);
    const auto ip = IpAddress::parse(inside.substr(0, inside.find('%')));
    if (!ip || !ip->v6) return false;
    host_end = close + 1;
    if (host_end < s.size() && s[host_end] != ':') return false;
  } else if (std::any_of(s.begin(), s.end(), [](char c) { return c == '[' || c == ']'; })) {
    return false;
  }
  if (host_end >= s.size()) return true;
  const std::string_view port = s.substr(host_end + 1);
  return std::all_of(port.begin(), port.end(), text::is_digit);
}

namespace {

bool valid_escapes(std::string_view s) {
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') continue;
    if (i + 2 >= s.size() || text::hex_value(s[i + 1]) < 0 || text::hex_value(s[i + 2]) < 0)
      return false;
    i += 2;
  }
  return true;
}

bool has_blank_or_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7f;
  });
}

void cut_query(Target& t, std::string_view rest) {
  const size_t mark = rest.find('?');
  t.path = rest.substr(0, mark);
  if (mark == std::string_view::npos) return;
  t.has_query = true;
  t.query = rest.substr(mark + 1);
}

Result<Target> absolute_form(std::string_view target) {
  const size_t colon = scheme_end(target);
  if (colon == std::string_view::npos || !target.substr(colon + 1).starts_with("//"))
    return bad_target("invalid URI for request");
  Target t;
  t.form = Target::Form::absolute;
  t.scheme = target.substr(0, colon);
  const std::string_view rest = target.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  t.authority = rest.substr(0, end);
  // RFC 9110 section 4.2.4: userinfo in a request target is an error to us; it only serves to mislead. So does a name that is
  // escaped: who decodes it and who does not read two hosts (RFC 3986 section 3.2.2; every proxy that we know refuses it).
  const bool escaped =
      !t.authority.starts_with('[') && t.authority.find('%') != std::string_view::npos;
  if (t.authority.empty() || escaped || !is_authority(t.authority))
    return bad_target("invalid authority in the request target");
  cut_query(t, rest.substr(end));
  return t;
}

}  // namespace

Result<Target> parse_target(std::string_view method, std::string_view target) {
  if (target.empty()) return bad_target("empty request target");
  if (has_blank_or_control(target)) return bad_target("control character in the request target");
  Target t;
  if (target == "*" && method != "CONNECT") {
    // RFC 9112 section 3.2.4 has this form for a server-wide OPTIONS only; Traefik takes it for a path that no rule matches with
    // any other method, which is as safe.
    t.form = Target::Form::asterisk;
    return t;
  }
  if (method == "CONNECT") {
    // RFC 9112 section 3.2.3: host and port, nothing else.
    if (!is_authority(target) || target.ends_with(':') || split_host_port(target).port.empty()) {
      return bad_target("invalid authority in the request target");
    }
    t.form = Target::Form::authority;
    t.authority = target;
    return t;
  }
  if (target.front() == '/') {
    cut_query(t, target);
  } else {
    Result<Target> absolute = absolute_form(target);
    if (!absolute) return absolute.error();
    t = *absolute;
  }
  if (!valid_escapes(t.path)) return bad_target("invalid URL escape in the request target");
  return t;
}

std::optional<UrlParts> split_url(std::string_view url) {
  if (has_blank_or_control(url)) return std::nullopt;
  UrlParts p;
  const size_t colon = scheme_end(url);
  if (colon == std::string_view::npos || !url.substr(colon + 1).starts_with("//"))
    return std::nullopt;
  p.scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
    p.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
    p.has_query = true;
    p.query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  p.host = rest.substr(0, slash);
  p.path = rest.substr(slash);
  if (const size_t at = p.host.rfind('@'); at != std::string_view::npos) {
    p.userinfo = p.host.substr(0, at);
    p.host = p.host.substr(at + 1);
  }
  if (!is_authority(p.host) || !valid_escapes(p.path)) return std::nullopt;
  return p;
}

}  // namespace gateproof::http
