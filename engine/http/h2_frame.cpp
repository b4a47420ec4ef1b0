#include "engine/http/h2_frame.h"

#include <array>

namespace gateproof::http::h2 {

std::string_view to_string(ErrorCode code) {
  static constexpr std::array<std::string_view, 14> names = {"NO_ERROR",
                                                             "PROTOCOL_ERROR",
                                                             "INTERNAL_ERROR",
                                                             "FLOW_CONTROL_ERROR",
                                                             "SETTINGS_TIMEOUT",
                                                             "STREAM_CLOSED",
                                                             "FRAME_SIZE_ERROR",
                                                             "REFUSED_STREAM",
                                                             "CANCEL",
                                                             "COMPRESSION_ERROR",
                                                             "CONNECT_ERROR",
                                                             "ENHANCE_YOUR_CALM",
                                                             "INADEQUATE_SECURITY",
                                                             "HTTP_1_1_REQUIRED"};
  const auto at = static_cast<size_t>(code);
  return at < names.size() ? names[at] : std::string_view();
}

uint32_t read_u32(const char* at) {
  const auto* b = reinterpret_cast<const unsigned char*>(at);
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
}

void append_u32(std::string& out, uint32_t value) {
  const char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                         static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, sizeof bytes);
}

FrameHead read_frame_head(const char* at) {
  const auto* b = reinterpret_cast<const unsigned char*>(at);
  FrameHead h;
  h.length = uint32_t{b[0]} << 16 | uint32_t{b[1]} << 8 | b[2];
  h.type = static_cast<FrameType>(b[3]);
  h.flags = b[4];
  h.stream = read_u32(at + 5) & stream_id_max;
  return h;
}

void put_frame_head(char* at, const FrameHead& h) {
  const char bytes[frame_head_bytes] = {
      static_cast<char>(h.length >> 16), static_cast<char>(h.length >> 8),
      static_cast<char>(h.length),       static_cast<char>(h.type),
      static_cast<char>(h.flags),        static_cast<char>(h.stream >> 24),
      static_cast<char>(h.stream >> 16), static_cast<char>(h.stream >> 8),
      static_cast<char>(h.stream)};
  std::char_traits<char>::copy(at, bytes, sizeof bytes);
}

void append_frame_head(std::string& out, const FrameHead& head) {
  char bytes[frame_head_bytes];
  put_frame_head(bytes, head);
  out.append(bytes, sizeof bytes);
}

void append_setting(std::string& out, Setting id, uint32_t value) {
  const auto n = static_cast<uint16_t>(id);
  out += static_cast<char>(n >> 8);
  out += static_cast<char>(n);
  append_u32(out, value);
}

void append_rst_stream(std::string& out, uint32_t stream, ErrorCode code) {
  append_frame_head(out, {4, FrameType::rst_stream, 0, stream});
  append_u32(out, static_cast<uint32_t>(code));
}

void append_window_update(std::string& out, uint32_t stream, uint32_t bytes) {
  append_frame_head(out, {4, FrameType::window_update, 0, stream});
  append_u32(out, bytes);
}

void append_ping(std::string& out, std::string_view eight_bytes, bool ack) {
  append_frame_head(out, {8, FrameType::ping, ack ? flag::ack : uint8_t{0}, 0});
  out += eight_bytes;
}

void append_goaway(std::string& out, uint32_t last_stream, ErrorCode code, std::string_view why) {
  append_frame_head(out, {static_cast<uint32_t>(8 + why.size()), FrameType::goaway, 0, 0});
  append_u32(out, last_stream);
  append_u32(out, static_cast<uint32_t>(code));
  out += why;
}

}  // namespace gateproof::http::h2
