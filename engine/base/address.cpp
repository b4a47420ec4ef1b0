#include "engine/base/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/text.h"

namespace gateproof {
namespace {

constexpr std::array<uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const IpAddress& ip) {
  return ip.v6 && std::equal(mapped_prefix.begin(), mapped_prefix.end(), ip.bytes.begin());
}

// Four decimal numbers, no leading zeros (Go refuses them: they are octal elsewhere).
bool parse_v4(std::string_view s, uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    unsigned v = 0;
    size_t n = 0;
    while (n < s.size() && text::is_digit(s[n]) && n < 4)
      v = v * 10 + static_cast<unsigned>(s[n++] - '0');
    if (n == 0 || n > 3 || v > 255 || (n > 1 && s[0] == '0')) return false;
    out[i] = static_cast<uint8_t>(v);
    s.remove_prefix(n);
    if (i == 3) return s.empty();
    if (s.empty() || s[0] != '.') return false;
    s.remove_prefix(1);
  }
  return false;
}

bool parse_v6(std::string_view s, std::array<uint8_t, 16>& out) {
  size_t at = 0;  // bytes written
  int gap = -1;   // where "::" stood
  if (s.starts_with("::")) {
    gap = 0;
    s.remove_prefix(2);
  }
  while (!s.empty()) {
    if (at >= 16) return false;
    unsigned v = 0;
    size_t n = 0;
    while (n < s.size() && n < 5 && text::hex_value(s[n]) >= 0)
      v = v * 16 + static_cast<unsigned>(text::hex_value(s[n++]));
    if (n == 0 || n > 4) return false;
    if (n < s.size() && s[n] == '.') {  // a trailing IPv4 part
      if (at > 12 || (gap < 0 && at != 12) || !parse_v4(s, &out[at])) return false;
      at += 4;
      break;
    }
    out[at++] = static_cast<uint8_t>(v >> 8);
    out[at++] = static_cast<uint8_t>(v & 255);
    s.remove_prefix(n);
    if (s.empty()) break;
    if (s[0] != ':' || s.size() == 1) return false;
    s.remove_prefix(1);
    if (s[0] == ':') {
      if (gap >= 0) return false;
      gap = static_cast<int>(at);
      s.remove_prefix(1);
    }
  }
  if (at == 16) return gap < 0;  // "::" must stand for at least one group
  if (gap < 0) return false;
  std::copy_backward(out.begin() + gap, out.begin() + static_cast<long>(at), out.end());
  std::fill(out.begin() + gap, out.end() - static_cast<long>(at - static_cast<size_t>(gap)),
            uint8_t{0});
  return true;
}

std::string v4_text(const uint8_t* b) {
  char text[16];
  char* at = text;
  for (int i = 0; i < 4; ++i) {
    if (i) *at++ = '.';
    if (b[i] >= 100) *at++ = static_cast<char>('0' + b[i] / 100);
    if (b[i] >= 10) *at++ = static_cast<char>('0' + b[i] / 10 % 10);
    *at++ = static_cast<char>('0' + b[i] % 10);
  }
  return {text, at};
}

std::string v6_text(const IpAddress& ip) {
  if (is_mapped(ip)) return "::ffff:" + v4_text(&ip.bytes[12]);
  std::array<unsigned, 8> group{};
  for (size_t i = 0; i < 8; ++i)
    group[i] = static_cast<unsigned>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
  size_t best = 8,
         best_len = 1;  // RFC 5952 section 4.2: the first longest run of at least two zero groups
  for (size_t i = 0; i < 8;) {
    size_t j = i;
    while (j < 8 && group[j] == 0) ++j;
    if (j - i > best_len) best = i, best_len = j - i;
    i = j == i ? i + 1 : j;
  }
  std::string s;
  for (size_t i = 0; i < 8; ++i) {
    if (i == best) {
      s += "::";
      i += best_len - 1;
      continue;
    }
    if (!s.empty() && !s.ends_with(':')) s += ':';
    char text[4];
    const auto end = std::to_chars(text, text + 4, group[i], 16).ptr;
    s.append(text, end);
  }
  return s;
}

std::optional<unsigned> parse_number(std::string_view s, unsigned max) {
  if (s.empty() || s.size() > 9) return std::nullopt;
  unsigned v = 0;
  for (char c : s) {
    if (!text::is_digit(c)) return std::nullopt;
    v = v * 10 + static_cast<unsigned>(c - '0');
  }
  if (v > max) return std::nullopt;
  return v;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress ip;
  ip.v6 = text.find(':') != std::string_view::npos;
  if (ip.v6 ? parse_v6(text, ip.bytes) : parse_v4(text, ip.bytes.data())) return ip;
  return std::nullopt;
}

IpAddress IpAddress::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  IpAddress ip;
  ip.bytes = {a, b, c, d};
  return ip;
}

std::string IpAddress::to_string() const { return v6 ? v6_text(*this) : v4_text(bytes.data()); }

IpAddress IpAddress::masked(unsigned prefix_bits) const {
  IpAddress out = *this;
  const unsigned total = v6 ? 16 : 4;
  for (unsigned i = 0; i < total; ++i) {
    const unsigned kept = prefix_bits > 8 * i ? std::min(8u, prefix_bits - 8 * i) : 0;
    out.bytes[i] = static_cast<uint8_t>(out.bytes[i] & (0xff00u >> kept));
  }
  return out;
}

IpAddress IpAddress::unmapped() const {
  if (!is_mapped(*this)) return *this;
  return v4(bytes[12], bytes[13], bytes[14], bytes[15]);
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto ip = IpAddress::parse(text.substr(0, slash));
  if (slash == std::string_view::npos) {
    if (!ip) return Error(Code::invalid, "invalid IP address: " + std::string(text));
    return IpNetwork{*ip, ip->v6 ? 128u : 32u};
  }
  const auto bits = ip ? parse_number(text.substr(slash + 1), ip->v6 ? 128 : 32) : std::nullopt;
  if (!bits) return Error(Code::invalid, "invalid CIDR address: " + std::string(text));
  return IpNetwork{ip->masked(*bits), *bits};
}

namespace {
bool same_prefix(const IpAddress& a, const IpAddress& b, unsigned bits) {
  const size_t whole = bits / 8;
  if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a.bytes[whole] ^ b.bytes[whole]) & (0xff00u >> rest) & 0xff) == 0;
}
}  // namespace

// Go's IPNet.Contains: a mapped address is its IPv4 address, on both sides.
bool IpNetwork::contains(const IpAddress& ip) const {
  const IpAddress addr = ip.unmapped();
  const IpAddress net = base.unmapped();
  if (addr.v6 != net.v6) return false;
  const unsigned bits =
      base.v6 && !net.v6 ? (prefix_bits > 96 ? prefix_bits - 96 : 0) : prefix_bits;
  return same_prefix(addr, net, bits);
}

std::string SocketAddress::to_string() const {
  const std::string host = ip.v6 ? "[" + ip.to_string() + "]" : ip.to_string();
  return host + ":" + std::to_string(port);
}

// Go's netip.ParseAddrPort: brackets exactly around IPv6.
std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!ip || !port || ip->v6 != bracketed) return std::nullopt;
  return SocketAddress{*ip, static_cast<uint16_t>(*port)};
}

namespace {

bool has_bracket(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) { return c == '[' || c == ']'; });
}

// What a pair of brackets around the whole text encloses; else the text.
std::string_view inside_brackets(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('[') || !text.ends_with(']')) return text;
  const std::string_view inside = text.substr(1, text.size() - 2);
  return has_bracket(inside) ? text : inside;
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (text.find('[') == std::string_view::npos && text.find(']') == std::string_view::npos) {
    if (text.find(':') != colon) return std::nullopt;
    return HostPort{text.substr(0, colon), text.substr(colon + 1)};
  }
  const std::string_view front = text.substr(0, colon), port = text.substr(colon + 1);
  const std::string_view host = inside_brackets(front);
  const bool bracketed = host.size() != front.size();
  if (has_bracket(host) || has_bracket(port)) return std::nullopt;
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  return HostPort{host, port};
}

// As net.SplitHostPort where that succeeds; else the whole text is the host, without brackets that enclose it.
HostPort split_host_port(std::string_view text) {
  if (const auto parts = parse_host_port(text)) return *parts;
  return {inside_brackets(text), {}};
}

}  // namespace gateproof
