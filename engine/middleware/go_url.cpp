#include "engine/middleware/go_url.h"

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/http/url.h"

namespace gateproof::middleware {
namespace {

constexpr char upper_hex[] = "0123456789ABCDEF";

Error bad(std::string_view why) { return Error(Code::invalid, "parse URL: " + std::string(why)); }

bool unreserved(char c) {
  return text::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

// Go's getScheme: "" and the whole text when there is none; nullopt for a text that begins with ':'.
std::optional<std::string_view> take_scheme(std::string_view& rest) {
  for (size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (text::is_alpha(c)) continue;
    if (text::is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return std::string_view();
      continue;
    }
    if (c != ':') return std::string_view();
    if (i == 0) return std::nullopt;
    const std::string_view scheme = rest.substr(0, i);
    rest.remove_prefix(i + 1);
    return scheme;
  }
  return std::string_view();
}

bool valid_optional_port(std::string_view s) {
  if (s.empty()) return true;
  if (s.front() != ':') return false;
  return std::all_of(s.begin() + 1, s.end(), text::is_digit);
}

// Bytes that may stand in a host: Go's shouldEscape(encodeHost), and what ends up escaped there.
bool host_byte(char c) {
  return unreserved(c) || std::string_view("!$&'()*+,;=:[]<>\"").find(c) != std::string_view::npos;
}

// Go's unescape(host, encodeHost): only bytes above ASCII, and the percent sign, may be written as triplets.
std::optional<std::string> unescape_host(std::string_view s) {
  std::string out;
  for (size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    if (c == '%') {
      if (i + 2 >= s.size() || text::hex_value(s[i + 1]) < 0 || text::hex_value(s[i + 2]) < 0 ||
          (text::hex_value(s[i + 1]) < 8 && s.substr(i, 3) != "%25")) {
        return std::nullopt;
      }
      out += static_cast<char>(text::hex_value(s[i + 1]) << 4 | text::hex_value(s[i + 2]));
      i += 2;
    } else if (static_cast<unsigned char>(c) < 0x80 && !host_byte(c)) {
      return std::nullopt;
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_bytes(std::string_view s, bool (*plain)(char)) {
  std::string out;
  for (char c : s) {
    if (plain(c)) {
      out += c;
    } else {
      const auto u = static_cast<unsigned char>(c);
      out += '%';
      out += upper_hex[u >> 4];
      out += upper_hex[u & 15];
    }
  }
  return out;
}

bool valid_userinfo(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) {
    return text::is_alnum(c) ||
           std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

std::string escape_user(std::string_view s) {
  return escape_bytes(*http::unescape_path(s), [](char c) {
    return unreserved(c) || std::string_view("$&+,;=").find(c) != std::string_view::npos;
  });
}

// In these "a::1" is no host: the port begins at the first colon. In others at the last one, as it always did (Go 1.26).
bool strict_colons(std::string_view scheme) { return scheme == "http" || scheme == "https"; }

// RFC 3986 section 3.2.2, as Go reads it since 1.25: an IPv6 address, perhaps with a zone.
bool is_ip_literal(std::string_view text) {
  const auto plain = unescape_host(text);
  if (!plain) return false;
  const size_t zone = plain->find('%');
  if (zone != std::string::npos && zone + 1 == plain->size()) return false;
  const std::string_view address = std::string_view(*plain).substr(0, zone);
  return address.find(':') != std::string_view::npos && IpAddress::parse(address).has_value();
}

Result<void> read_authority(std::string_view authority, GoUrl& out) {
  std::string_view host = authority;
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    if (!valid_userinfo(user) || !http::unescape_path(user)) return bad("invalid userinfo");
    const size_t colon = user.find(':');
    out.userinfo = escape_user(user.substr(0, colon));
    if (colon != std::string_view::npos) out.userinfo += ":" + escape_user(user.substr(colon + 1));
    out.has_userinfo = true;
    host.remove_prefix(at + 1);
  }
  if (host.starts_with('[')) {
    const size_t end = host.rfind(']');
    if (end == std::string_view::npos) return bad("missing ']' in host");
    if (!valid_optional_port(host.substr(end + 1))) return bad("invalid port after host");
    if (!is_ip_literal(host.substr(1, end - 1))) return bad("invalid host in brackets");
  } else if (const size_t colon = strict_colons(out.scheme) ? host.find(':') : host.rfind(':');
             colon != std::string_view::npos) {
    if (!valid_optional_port(host.substr(colon))) return bad("invalid port after host");
  }
  auto plain = unescape_host(host);
  if (!plain) return bad("invalid character in host name");
  out.host = std::move(*plain);
  return {};
}

}  // namespace

Result<GoUrl> parse_go_url(std::string_view text) {
  GoUrl out;
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) return bad("invalid control character in URL");
  if (const size_t hash = text.find('#'); hash != std::string_view::npos) {
    out.fragment = text.substr(hash + 1);
    if (!http::unescape_path(out.fragment)) return bad("invalid URL escape in the fragment");
    text = text.substr(0, hash);
  }
  std::string_view rest = text;
  const auto scheme = take_scheme(rest);
  if (!scheme) return bad("missing protocol scheme");
  out.scheme = text::to_lower(*scheme);
  if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
    out.query = rest.substr(mark + 1);
    out.force_query = out.query.empty();
    rest = rest.substr(0, mark);
  }
  if (!rest.starts_with('/')) {
    if (!out.scheme.empty()) {
      out.opaque = rest;
      return out;
    }
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return bad("first path segment in URL cannot contain colon");
    }
  }
  if (rest.starts_with("//") && (!out.scheme.empty() || !rest.starts_with("///"))) {
    const size_t slash = rest.find('/', 2);
    const std::string_view authority =
        rest.substr(2, slash == std::string_view::npos ? slash : slash - 2);
    auto read = read_authority(authority, out);
    if (!read) return read.error();
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  } else if (!out.scheme.empty() && rest.starts_with('/')) {
    out.omit_host = true;
  }
  auto path = http::UrlPath::parse(rest);
  if (!path) return path.error();
  out.path = std::move(*path);
  return out;
}

namespace {

std::string escaped_fragment(const std::string& raw) {
  const auto valid = [](char c) {
    return unreserved(c) ||
           std::string_view("!$&'()*+,;=:@[]%/?").find(c) != std::string_view::npos;
  };
  if (std::all_of(raw.begin(), raw.end(), valid)) return raw;
  return escape_bytes(*http::unescape_path(raw), [](char c) {
    return unreserved(c) || std::string_view("$&+,/:;=?@!()*").find(c) != std::string_view::npos;
  });
}

// Go's resolvePath: dot segments go, for the escaped forms.
std::string resolve_path(std::string_view base, std::string_view reference) {
  std::string full(reference);
  if (reference.empty()) {
    full = base;
  } else if (reference.front() != '/') {
    full = std::string(base.substr(0, base.rfind('/') + 1)) + full;
  }
  if (full.empty()) return {};
  const std::vector<std::string_view> elements = text::split(full, '/');
  bool first = true;
  std::string out = "/";
  for (std::string_view e : elements) {
    if (e == ".") {
      first = false;
    } else if (e == "..") {
      const size_t slash = out.rfind('/');
      first = slash == 0;
      out.resize(slash == 0 ? 1 : slash);
    } else {
      if (!first) out += '/';
      out += e;
      first = false;
    }
  }
  if (elements.back() == "." || elements.back() == "..") out += '/';
  return out.starts_with("//") ? out.substr(1) : out;
}

http::UrlPath path_of(const std::string& escaped) {
  auto path = http::UrlPath::parse(escaped);
  return path ? std::move(*path) : http::UrlPath{};
}

}  // namespace

std::string GoUrl::to_string() const {
  const GoUrl& u = *this;
  std::string out;
  if (!u.scheme.empty()) out = u.scheme + ":";
  if (!u.opaque.empty()) {
    out += u.opaque;
  } else {
    const bool authority = !u.scheme.empty() || !u.host.empty() || u.has_userinfo;
    const bool omitted = u.omit_host && u.host.empty() && !u.has_userinfo;
    if (authority && !omitted && (!u.host.empty() || !u.path.path.empty() || u.has_userinfo)) {
      out += "//";
    }
    if (u.has_userinfo) out += u.userinfo + "@";
    out += escape_bytes(u.host, host_byte);
    const std::string path = u.path.escaped();
    if (!path.empty() && path.front() != '/' && !u.host.empty()) out += '/';
    if (out.empty() && path.substr(0, path.find('/')).find(':') != std::string::npos) out += "./";
    out += path;
  }
  if (u.force_query || !u.query.empty()) out += "?" + u.query;
  if (!u.fragment.empty()) out += "#" + escaped_fragment(u.fragment);
  return out;
}

GoUrl GoUrl::resolve(const GoUrl& reference) const {
  GoUrl out = reference;
  if (reference.scheme.empty()) out.scheme = scheme;
  if (!reference.scheme.empty() || !reference.host.empty() || reference.has_userinfo) {
    out.path = path_of(resolve_path(reference.path.escaped(), ""));
    return out;
  }
  if (reference.path.path.empty() && !reference.force_query && reference.query.empty()) {
    out.query = query;
    if (reference.fragment.empty()) out.fragment = fragment;
  }
  out.host = host;
  out.userinfo = userinfo;
  out.has_userinfo = has_userinfo;
  out.path = path_of(resolve_path(path.escaped(), reference.path.escaped()));
  return out;
}

Result<std::string> go_url_normal_form(std::string_view text) {
  auto url = parse_go_url(text);
  if (!url) return url.error();
  return url->to_string();
}

}  // namespace gateproof::middleware
