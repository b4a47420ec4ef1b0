#include "engine/pipeline/client_hello.h"

#include "engine/base/text.h"

namespace gateproof::pipeline {
namespace {

constexpr uint8_t record_handshake = 0x16;
constexpr uint8_t record_ssl2 = 0x80;  // a 16-bit length with its highest bit set
constexpr uint8_t message_client_hello = 1;
constexpr uint16_t extension_server_name = 0;
constexpr uint16_t extension_alpn = 16;
constexpr size_t record_header_bytes = 5;
constexpr size_t message_header_bytes = 4;
constexpr size_t record_bytes_max = 16384 + 256;

// Reads big-endian numbers and vectors; once anything is missing, everything fails.
class Reader {
 public:
  explicit Reader(std::string_view s) : s_(s) {}
  bool failed() const { return failed_; }
  bool empty() const { return s_.empty(); }
  uint32_t number(size_t bytes) {
    const std::string_view part = take(bytes);
    uint32_t n = 0;
    for (char c : part) n = n << 8 | static_cast<uint8_t>(c);
    return n;
  }
  std::string_view take(size_t n) {
    if (failed_ || n > s_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view part = s_.substr(0, n);
    s_.remove_prefix(n);
    return part;
  }
  // A vector with its length in front.
  std::string_view vector(size_t length_bytes) { return take(number(length_bytes)); }

 private:
  std::string_view s_;
  bool failed_ = false;
};

// One host name, not empty, without a final dot (Go's TLS server refuses the whole hello otherwise).
bool read_server_names(std::string_view data, std::string& out) {
  Reader r(data);
  Reader list(r.vector(2));
  if (r.failed() || !r.empty() || list.empty()) return false;
  while (!list.empty()) {
    const uint32_t type = list.number(1);
    const std::string_view name = list.vector(2);
    if (list.failed() || name.empty()) return false;
    if (type != 0) continue;
    if (!out.empty() || name.ends_with('.')) return false;
    out = text::to_lower(name);
  }
  return true;
}

bool read_alpn(std::string_view data, std::vector<std::string>& out) {
  Reader r(data);
  Reader list(r.vector(2));
  if (r.failed() || !r.empty() || list.empty()) return false;
  while (!list.empty()) {
    const std::string_view protocol = list.vector(1);
    if (list.failed() || protocol.empty()) return false;
    out.emplace_back(protocol);
  }
  return true;
}

bool read_extensions(std::string_view data, ClientHello& out) {
  Reader r(data);
  std::vector<uint32_t> seen;
  while (!r.empty()) {
    const uint32_t type = r.number(2);
    const std::string_view body = r.vector(2);
    if (r.failed()) return false;
    seen.push_back(type);
    if (type == extension_server_name && !read_server_names(body, out.server_name)) return false;
    if (type == extension_alpn && !read_alpn(body, out.alpn)) return false;
  }
  // No two of a type. Sorted, because a hello has room for thousands.
  std::sort(seen.begin(), seen.end());
  return std::adjacent_find(seen.begin(), seen.end()) == seen.end();
}

bool read_hello(std::string_view body, ClientHello& out) {
  Reader r(body);
  r.number(2);  // legacy_version
  r.take(32);   // random
  r.vector(1);  // legacy_session_id
  const std::string_view suites = r.vector(2);
  r.vector(1);  // legacy_compression_methods
  if (r.failed() || suites.size() % 2 != 0) return false;
  if (r.empty()) return true;
  const std::string_view extensions = r.vector(2);
  return !r.failed() && r.empty() && read_extensions(extensions, out);
}

struct Message {
  enum Kind : uint8_t { need_more, whole, broken };
  Kind kind = need_more;
  std::string bytes;  // with its header of 4
};

// The handshake message that the records carry, which may be spread over several of them.
Message first_message(std::string_view bytes) {
  Message m;
  size_t wanted = message_header_bytes;
  while (m.bytes.size() < wanted) {
    if (bytes.size() < record_header_bytes) return m;
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    const size_t length = static_cast<size_t>(byte(3)) << 8 | byte(4);
    if (byte(0) != record_handshake || length == 0 || length > record_bytes_max) {
      m.kind = Message::broken;
      return m;
    }
    if (bytes.size() < record_header_bytes + length) return m;
    m.bytes += bytes.substr(record_header_bytes, length);
    bytes.remove_prefix(record_header_bytes + length);
    if (m.bytes.size() < message_header_bytes) continue;
    Reader header(std::string_view(m.bytes).substr(1));
    wanted = message_header_bytes + header.number(3);
    if (wanted > message_header_bytes + client_hello_bytes_max) {
      m.kind = Message::broken;
      return m;
    }
  }
  m.bytes.resize(wanted);
  m.kind =
      static_cast<uint8_t>(m.bytes[0]) == message_client_hello ? Message::whole : Message::broken;
  return m;
}

}  // namespace

Opening look_at_tls(std::string_view bytes, bool ended, ClientHello& hello) {
  if (bytes.empty()) return ended ? Opening::broken : Opening::need_more;
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first == record_ssl2) return Opening::tls;  // the handshake itself will refuse it
  if (first != record_handshake) return Opening::plain;
  const Message message = first_message(bytes);
  if (message.kind == Message::need_more) {
    return ended || bytes.size() >= client_hello_wire_bytes_max ? Opening::broken
                                                                : Opening::need_more;
  }
  ClientHello read;
  if (message.kind == Message::broken ||
      !read_hello(std::string_view(message.bytes).substr(message_header_bytes), read))
    return Opening::broken;
  hello = std::move(read);
  return Opening::tls;
}

Opening look_at_opening(std::string_view bytes, bool ended, ClientHello& hello) {
  const size_t n = std::min(bytes.size(), postgres_ssl_request.size());
  if (n > 0 && bytes.substr(0, n) == postgres_ssl_request.substr(0, n)) {
    if (n == postgres_ssl_request.size()) return Opening::postgres;
    return ended ? Opening::plain : Opening::need_more;
  }
  return look_at_tls(bytes, ended, hello);
}

}  // namespace gateproof::pipeline
