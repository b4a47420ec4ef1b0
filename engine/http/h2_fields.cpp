#include "engine/http/h2_fields.h"

#include "engine/http/url.h"

namespace gateproof::http::h2 {
namespace {

enum Seen : uint8_t { method = 1, scheme = 2, authority = 4, path = 8, protocol = 16, status = 32 };

// RFC 9113 section 8.2.1: lower case only, and a token (a colon leads pseudo-header fields alone).
bool is_lower_token(std::string_view name) {
  return is_token(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Section 8.2.1 forbids NUL, CR, LF and blanks at the edges; the other control characters go by RFC 9110, as in HTTP/1.1.
bool is_value(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!value.empty() && (blank(value.front()) || blank(value.back()))) return false;
  return is_field_value(value);
}

std::optional<uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t n = 0;
  for (const char c : text) {
    if (!text::is_digit(c)) return std::nullopt;
    n = n * 10 + static_cast<uint64_t>(c - '0');
  }
  return n;
}

}  // namespace

void Block::clear() {
  for (std::string* s : {&method, &scheme, &authority, &path, &protocol}) s->clear();
  has_authority = expect_continue = too_large = false;
  status = 0;
  headers.clear();
  content_length.reset();
  malformed = {};
}

bool is_connection_specific(const HeaderName& name) {
  static constexpr HeaderName names[] = {"Connection", "Keep-Alive", "Proxy-Connection",
                                         "Transfer-Encoding", "Upgrade"};
  return std::any_of(std::begin(names), std::end(names), [&](const HeaderName& n) {
    return n.hash == name.hash && text::iequals(n.text, name.text);
  });
}

void BlockReader::begin(BlockKind kind, const BlockLimits& limits) {
  block_.clear();
  limits_ = limits;
  kind_ = kind;
  seen_ = 0;
  regular_seen_ = host_seen_ = false;
  host_.clear();
  cookie_.clear();
  cookies_ = bytes_ = fields_ = 0;
}

void BlockReader::field(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + field_overhead_bytes;
  ++fields_;
  if (bytes_ > limits_.list_bytes_max || fields_ > limits_.fields_max) block_.too_large = true;
  if (block_.too_large) return;
  if (!is_value(value)) return bad("forbidden character or blank edge in a field value");
  if (name.starts_with(':')) return pseudo(name, value);
  regular_seen_ = true;
  regular(name, value);
}

void BlockReader::set_once(std::string& into, uint8_t bit, std::string_view value) {
  if (seen_ & bit) return bad("pseudo-header field repeated");
  seen_ |= bit;
  into.assign(value);
}

void BlockReader::pseudo(std::string_view name, std::string_view value) {
  if (kind_ == BlockKind::trailers) return bad("pseudo-header field in trailers");
  if (regular_seen_) return bad("pseudo-header field behind a regular one");
  if (kind_ == BlockKind::response) {
    if (name != ":status" || (seen_ & status) || value.size() != 3 || value.front() < '1' ||
        !std::all_of(value.begin(), value.end(), text::is_digit)) {
      return bad("pseudo-header fields of an answer are one :status");
    }
    seen_ |= status;
    block_.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    return;
  }
  if (name == ":method") return set_once(block_.method, method, value);
  if (name == ":scheme") return set_once(block_.scheme, scheme, value);
  if (name == ":authority") return set_once(block_.authority, authority, value);
  if (name == ":path") return set_once(block_.path, path, value);
  if (name == ":protocol") return set_once(block_.protocol, protocol, value);
  bad("unknown pseudo-header field");
}

void BlockReader::regular(std::string_view name, std::string_view value) {
  if (!is_lower_token(name)) return bad("forbidden character in a field name");
  const HeaderName hashed(name);
  const auto is = [&](const HeaderName& n) {
    return hashed.hash == n.hash && text::iequals(name, n.text);
  };
  if (is_connection_specific(hashed)) return bad("connection-specific field");
  if (is("te") && !text::iequals(value, "trailers")) return bad("TE other than trailers");
  if (is("content-length")) {
    const std::optional<uint64_t> length = parse_length(value);
    if (kind_ == BlockKind::trailers || block_.content_length || !length)
      return bad("invalid or repeated Content-Length");
    block_.content_length = length;
  }
  if (is("host")) {
    if (kind_ == BlockKind::trailers || std::exchange(host_seen_, true))
      return bad("more than one Host");
    if (kind_ == BlockKind::request) {
      host_.assign(value);
      return;
    }
  }
  if (kind_ == BlockKind::request) {
    if (is("cookie")) {  // section 8.2.3: crumbs are joined before anything else sees them
      if (cookies_++ > 0) cookie_ += "; ";
      cookie_ += value;
      return;
    }
    if (is("trailer")) return;  // ours is made from the trailers that come
  }
  block_.headers.add_canonical(name, value);
}

void BlockReader::finish() {
  if (block_.too_large) return;
  if (kind_ == BlockKind::response && !(seen_ & status)) bad("no :status");
  if (kind_ != BlockKind::request) return;
  if (cookies_ > 0) block_.headers.add("Cookie", cookie_);
  finish_request();
}

void BlockReader::finish_request() {
  Block& b = block_;
  b.has_authority = (seen_ & authority) != 0;
  if (!is_token(b.method)) return bad("no :method, or none that can be one");
  const bool connect = b.method == "CONNECT";
  const bool extended = (seen_ & protocol) != 0;
  if (extended && (!connect || !is_token(b.protocol))) return bad(":protocol without CONNECT");
  if (connect && !extended) {  // section 8.5
    if ((seen_ & (scheme | path)) || !b.has_authority) return bad("CONNECT is :authority alone");
  } else if (!(seen_ & scheme) || !(seen_ & path) || b.path.empty()) {
    return bad("no :scheme or no :path");
  } else if (b.scheme != "http" && b.scheme != "https") {  // Go's server knows no other
    return bad(":scheme is neither http nor https");
  }
  if (b.has_authority && !is_authority(b.authority)) return bad("malformed :authority");
  if (host_seen_ && !is_authority(host_)) return bad("malformed Host");
  // Section 8.3.1: two names for one request are no request.
  if (host_seen_ && b.has_authority && !text::iequals(host_, b.authority))
    return bad("Host differs from :authority");
  if (!b.has_authority) b.authority = host_;
  // RFC 9110 section 10.1.1, as Go's server: it is answered here, and nobody behind hears of it.
  b.expect_continue = list_has_token(b.headers, "Expect", "100-continue");
  if (b.expect_continue) b.headers.remove("Expect");
  // As in HTTP/1.1: an old client's Pragma is made a Cache-Control (Go's server).
  if (b.headers.get("Pragma") == "no-cache" && !b.headers.has("Cache-Control"))
    b.headers.add_static("Cache-Control", "no-cache");
}

}  // namespace gateproof::http::h2
