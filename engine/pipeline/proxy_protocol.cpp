#include "engine/pipeline/proxy_protocol.h"

#include "engine/base/text.h"

namespace gateproof::pipeline {
namespace {

constexpr std::string_view signature_v1 = "PROXY";
constexpr std::string_view signature_v2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t fixed_bytes_v2 = 16;

IpAddress as_v6(const IpAddress& ip) {
  if (ip.v6) return ip;
  IpAddress out;
  out.v6 = true;
  out.bytes[10] = out.bytes[11] = 0xFF;
  std::copy_n(ip.bytes.begin(), 4, out.bytes.begin() + 12);
  return out;
}

void append_port(std::string& out, uint16_t port) {
  out += static_cast<char>(port >> 8);
  out += static_cast<char>(port & 0xFF);
}

bool starts_like(std::string_view bytes, std::string_view signature) {
  const size_t n = std::min(bytes.size(), signature.size());
  return bytes.substr(0, n) == signature.substr(0, n);
}

std::optional<SocketAddress> address(std::string_view ip, std::string_view port, bool v6) {
  const auto parsed = IpAddress::parse(ip);
  const auto number = text::parse_int(port);
  if (!parsed || parsed->v6 != v6 || !number || *number < 0 || *number > 65535) return std::nullopt;
  return SocketAddress{parsed->unmapped(), static_cast<uint16_t>(*number)};
}

ProxyHeader read_v1(std::string_view bytes) {
  ProxyHeader h;
  const size_t end = bytes.substr(0, proxy_header_v1_bytes_max).find("\r\n");
  if (end == std::string_view::npos) {
    h.kind =
        bytes.size() >= proxy_header_v1_bytes_max ? ProxyHeader::invalid : ProxyHeader::need_more;
    return h;
  }
  h.kind = ProxyHeader::invalid;
  const auto words = text::split(bytes.substr(0, end), ' ');
  if (words[0] != signature_v1 || words.size() < 2) return h;
  h.bytes = end + 2;
  if (words[1] == "UNKNOWN") {
    h.kind = ProxyHeader::header;
    return h;
  }
  const bool v6 = words[1] == "TCP6";
  if ((!v6 && words[1] != "TCP4") || words.size() < 6) return h;
  const auto source = address(words[2], words[4], v6);
  const auto destination = address(words[3], words[5], v6);
  if (!source || !destination) return h;
  h.kind = ProxyHeader::header;
  h.source = source;
  h.destination = destination;
  return h;
}

SocketAddress address_v2(std::string_view data, size_t at, size_t port_at, bool v6) {
  SocketAddress a;
  a.ip.v6 = v6;
  for (size_t i = 0; i < (v6 ? 16u : 4u); ++i) a.ip.bytes[i] = static_cast<uint8_t>(data[at + i]);
  a.ip = a.ip.unmapped();
  a.port = static_cast<uint16_t>(static_cast<uint8_t>(data[port_at]) << 8 |
                                 static_cast<uint8_t>(data[port_at + 1]));
  return a;
}

ProxyHeader read_v2(std::string_view bytes) {
  ProxyHeader h;
  if (bytes.size() < fixed_bytes_v2) return h;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t command = byte(12) & 0x0F, family = byte(13);
  const size_t length = static_cast<size_t>(byte(14)) << 8 | byte(15);
  h.kind = ProxyHeader::invalid;
  if (byte(12) >> 4 != 2 || command > 1) return h;
  const bool v4 = family == 0x11, v6 = family == 0x21;
  // Section 2.2: what is no family and no transport of this version is to be refused.
  if (command == 1 && (family >> 4 > 3 || (family & 0x0F) > 2)) return h;
  if (command == 1 && ((v4 && length < 12) || (v6 && length < 36))) return h;
  h.kind = ProxyHeader::need_more;
  if (bytes.size() < fixed_bytes_v2 + length) return h;
  h.kind = ProxyHeader::header;
  h.bytes = fixed_bytes_v2 + length;
  if (command == 0 || (!v4 && !v6)) return h;
  const size_t width = v6 ? 16 : 4;
  h.source = address_v2(bytes, 16, 16 + 2 * width, v6);
  h.destination = address_v2(bytes, 16 + width, 18 + 2 * width, v6);
  return h;
}

}  // namespace

std::string proxy_header(int version, const SocketAddress& source,
                         const SocketAddress& destination) {
  IpAddress from = source.ip.unmapped(), to = destination.ip.unmapped();
  const bool v6 = from.v6 || to.v6;
  if (v6) from = as_v6(from), to = as_v6(to);
  if (version == 1) {
    return std::string(v6 ? "PROXY TCP6 " : "PROXY TCP4 ") + from.to_string() + " " +
           to.to_string() + " " + std::to_string(source.port) + " " +
           std::to_string(destination.port) + "\r\n";
  }
  std::string out(signature_v2);
  out += '\x21';
  out += v6 ? '\x21' : '\x11';
  append_port(out, v6 ? 36 : 12);
  const size_t width = v6 ? 16 : 4;
  out.append(reinterpret_cast<const char*>(from.bytes.data()), width);
  out.append(reinterpret_cast<const char*>(to.bytes.data()), width);
  append_port(out, source.port);
  append_port(out, destination.port);
  return out;
}

ProxyHeader read_proxy_header(std::string_view bytes, bool ended) {
  ProxyHeader h;
  if (bytes.empty()) {
    h.kind = ended ? ProxyHeader::none : ProxyHeader::need_more;
    return h;
  }
  if (starts_like(bytes, signature_v2)) {
    if (bytes.size() >= signature_v2.size()) h = read_v2(bytes);
  } else if (starts_like(bytes, signature_v1)) {
    if (bytes.size() >= signature_v1.size()) h = read_v1(bytes);
  } else {
    h.kind = ProxyHeader::none;
  }
  const bool whole_signature = bytes.starts_with(signature_v2) || bytes.starts_with(signature_v1);
  if (h.kind == ProxyHeader::need_more && ended)
    h.kind = whole_signature ? ProxyHeader::invalid : ProxyHeader::none;
  return h;
}

}  // namespace gateproof::pipeline
