#include "engine/http/url.h"

#include <algorithm>
#include <array>

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/http/plain_path.h"

namespace gateproof::http {
namespace {

enum : uint8_t {
  kUnreserved = 1,  // RFC 3986 section 2.3
  kPathByte = 2,    // left alone by Go's escape(path, encodePath)
  kPathValid = 4,   // accepted by Go's validEncoded in a raw path, '%' aside
  kReserved = 8,    // stays encoded in the routing path (catalogue 1.5)
  kHostByte = 16,   // httpguts.ValidHostHeader
};

constexpr std::array<uint8_t, 256> make_table() {
  std::array<uint8_t, 256> t{};
  const auto mark = [&](std::string_view bytes, int flags) {
    for (char c : bytes) t[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(flags);
  };
  for (int c = 0; c < 128; ++c) {
    if (text::is_alnum(static_cast<char>(c)))
      t[c] = kUnreserved | kPathByte | kPathValid | kHostByte;
  }
  mark("-._~", kUnreserved | kPathByte | kPathValid | kHostByte);
  mark("$&+,/:;=@", kPathByte | kPathValid);
  mark("!'()*[]", kPathValid);
  mark(":/?#[]@!$&'()*+,;=%", kReserved);
  mark("!$%&()*+,:;='[]", kHostByte);
  return t;
}
constexpr auto table = make_table();

bool has(char c, uint8_t flag) { return table[static_cast<unsigned char>(c)] & flag; }
bool all(std::string_view s, uint8_t flag) {
  return std::all_of(s.begin(), s.end(), [flag](char c) { return has(c, flag); });
}

constexpr char upper_hex[] = "0123456789ABCDEF";
void append_escaped(std::string& out, char c) {
  const auto u = static_cast<unsigned char>(c);
  out += '%';
  out += upper_hex[u >> 4];
  out += upper_hex[u & 15];
}

// The byte that the triplet at s[i] stands for, or -1.
int triplet(std::string_view s, size_t i) {
  if (i + 2 >= s.size()) return -1;
  const int hi = text::hex_value(s[i + 1]);
  const int lo = text::hex_value(s[i + 2]);
  return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

std::optional<std::string> unescape(std::string_view s, bool plus_is_space) {
  if (!plus_is_space && s.find('%') == std::string_view::npos) return std::string(s);
  std::string out;
  out.reserve(s.size());
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%') {
      const int byte = triplet(s, i);
      if (byte < 0) return std::nullopt;
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += plus_is_space && s[i] == '+' ? ' ' : s[i];
    }
  }
  return out;
}

// Go's validEncoded: whether a raw path may stand as it is.
bool valid_encoded(std::string_view raw) {
  return std::all_of(raw.begin(), raw.end(), [](char c) { return c == '%' || has(c, kPathValid); });
}

Error bad_escape(std::string_view s) {
  return Error(Code::invalid, Source::downstream, "invalid URL escape in " + text::quote(s));
}

bool has_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 || u == 0x7f;
  });
}

}  // namespace

bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  char before = 'x';
  for (const char c : path) {
    if (!has(c, kPathByte) || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

// Go's URL.setPath.
Result<UrlPath> UrlPath::parse(std::string_view escaped) {
  UrlPath out;
  if (all(escaped, kPathByte)) {
    out.path = escaped;
    return out;
  }
  auto path = unescape_path(escaped);
  if (!path) return bad_escape(escaped);
  out.path = std::move(*path);
  if (escape_path(out.path) != escaped) out.raw = escaped;
  return out;
}

std::string UrlPath::escaped() const {
  if (!raw.empty()) {
    if (raw == path && all(raw, kPathByte)) return raw;
    if (valid_encoded(raw)) {
      const auto decoded = unescape_path(raw);
      if (decoded && *decoded == path) return raw;
    }
  }
  if (path == "*") return path;  // not "%2A"
  return escape_path(path);
}

std::optional<std::string> unescape_path(std::string_view s) { return unescape(s, false); }
std::optional<std::string> unescape_query(std::string_view s) { return unescape(s, true); }

std::string escape_path(std::string_view decoded) {
  if (all(decoded, kPathByte)) return std::string(decoded);
  std::string out;
  out.reserve(decoded.size());
  for (char c : decoded) {
    if (has(c, kPathByte)) {
      out += c;
    } else {
      append_escaped(out, c);
    }
  }
  return out;
}

std::string escape_query(std::string_view decoded) {
  std::string out;
  out.reserve(decoded.size());
  for (char c : decoded) {
    if (c == ' ') {
      out += '+';
    } else if (has(c, kUnreserved)) {
      out += c;
    } else {
      append_escaped(out, c);
    }
  }
  return out;
}

Result<std::string> normalize_path(std::string_view escaped) {
  std::string out;
  out.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      out += escaped[i];
      continue;
    }
    const int byte = triplet(escaped, i);
    if (byte < 0) return bad_escape(escaped);
    if (has(static_cast<char>(byte), kUnreserved)) {
      out += static_cast<char>(byte);
    } else {
      append_escaped(out, static_cast<char>(byte));
    }
    i += 2;
  }
  return out;
}

// Go's path.Clean: the shortest equal path; "" becomes ".".
std::string clean_path(std::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = path.front() == '/';
  std::string out(rooted ? "/" : "");
  size_t fixed = out.size();  // `..` cannot go back beyond this
  size_t i = rooted ? 1 : 0;
  while (i < path.size()) {
    const size_t end = std::min(path.find('/', i), path.size());
    const std::string_view segment = path.substr(i, end - i);
    i = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      if (out.size() > (rooted ? 1 : 0)) out += '/';
      out += segment;
    } else if (out.size() > fixed) {
      const size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : std::max(slash, fixed));
    } else if (!rooted) {
      if (!out.empty()) out += '/';
      out += "..";
      fixed = out.size();
    }
  }
  if (out.empty()) return ".";
  return out;
}

// Go's URL.JoinPath without elements, which Traefik uses.
std::string sanitize_path(std::string_view escaped) {
  if (is_plain_path(escaped)) return std::string(escaped);
  const bool rooted = escaped.starts_with('/');
  std::string joined = rooted ? std::string(escaped) : "/" + std::string(escaped);
  std::string out = clean_path(joined);
  if (!rooted) out.erase(0, 1);
  if (out.empty() || (joined.ends_with('/') && !out.ends_with('/'))) out += '/';
  return out;
}

Result<UrlPath> canonical_path(std::string_view escaped, bool sanitize, std::string* text) {
  if (is_plain_path(escaped)) {
    if (text) *text = escaped;
    return UrlPath{std::string(escaped), {}};
  }
  if (has_control(escaped))
    return Error(Code::invalid, Source::downstream, "control character in the path");
  if (escaped.find('#') != std::string_view::npos)
    return Error(Code::invalid, Source::downstream, "fragment in the path");
  Result<std::string> clean = normalize_path(escaped);
  if (!clean) return clean.error();
  std::string as_sent;  // what the encoded form stays, valid or not, where nobody cleans it
  if (!sanitize && *clean != escaped)
    as_sent = *clean;  // Go keeps an encoded form, which addPrefix sees
  if (!valid_encoded(*clean)) {
    if (!sanitize) as_sent = *clean;
    clean = escape_path(*unescape_path(*clean));
  }
  if (sanitize) clean = sanitize_path(*clean);
  Result<UrlPath> url = UrlPath::parse(*clean);
  if (url && !as_sent.empty()) url->raw = std::move(as_sent);
  if (url && text) *text = std::move(*clean);
  return url;
}

std::string routing_path(std::string_view escaped) {
  if (escaped.find('%') == std::string_view::npos) return std::string(escaped);
  std::string out;
  out.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    const int byte = escaped[i] == '%' ? triplet(escaped, i) : -1;
    if (byte < 0) {
      out += escaped[i];
      continue;
    }
    if (has(static_cast<char>(byte), kReserved)) {
      append_escaped(out, static_cast<char>(byte));
    } else {
      out += static_cast<char>(byte);
    }
    i += 2;
  }
  return out;
}

std::string with_query_semicolons(std::string query, bool encode) {
  if (query.find(';') == std::string::npos) return query;
  return text::replace_all(std::move(query), ";", encode ? "%3B" : "&");
}

std::string canonical_host(std::string_view host) {
  return text::to_lower(text::trim(split_host_port(host).host));
}

bool is_host_value(std::string_view host) { return all(host, kHostByte); }

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  if (query.empty()) return out;
  if (static_cast<size_t>(std::count(query.begin(), query.end(), '&')) + 1 > query_parameters_max)
    return out;
  for (std::string_view pair : text::split(query, '&')) {
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const size_t eq = pair.find('=');
    auto key = unescape_query(pair.substr(0, eq));
    auto value =
        unescape_query(eq == std::string_view::npos ? std::string_view() : pair.substr(eq + 1));
    if (key && value) out.emplace_back(std::move(*key), std::move(*value));
  }
  return out;
}

std::string clean_query(std::string_view query) {
  bool readable = query.find(';') == std::string_view::npos;
  for (size_t i = 0; readable && i < query.size(); ++i) {
    if (query[i] != '%') continue;
    readable = i + 2 < query.size() && text::hex_value(query[i + 1]) >= 0 &&
               text::hex_value(query[i + 2]) >= 0;
    i += 2;
  }
  if (readable) return std::string(query);
  auto pairs = parse_query(query);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += escape_query(key) + "=" + escape_query(value);
  }
  return out;
}

}  // namespace gateproof::http
