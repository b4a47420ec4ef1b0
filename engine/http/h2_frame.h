// HTTP/2 frames on the wire (RFC 9113 sections 4 and 6): heads, error codes, and the frames that need no state to be written.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::http::h2 {

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr size_t frame_head_bytes = 9;
// The largest payload that we take and, until the peer allows more, send (SETTINGS_MAX_FRAME_SIZE's default).
inline constexpr size_t frame_bytes_max = 16384;
inline constexpr int64_t window_default = 65535;
inline constexpr int64_t window_max = 0x7fffffff;
inline constexpr uint32_t stream_id_max = 0x7fffffff;

enum class FrameType : uint8_t {
  data,
  headers,
  priority,
  rst_stream,
  settings,
  push_promise,
  ping,
  goaway,
  window_update,
  continuation
};

namespace flag {
inline constexpr uint8_t end_stream = 0x1, ack = 0x1, end_headers = 0x4, padded = 0x8,
                         priority = 0x20;
}

enum class Setting : uint16_t {
  header_table_size = 1,
  enable_push,
  max_concurrent_streams,
  initial_window_size,
  max_frame_size,
  max_header_list_size,
  enable_connect_protocol = 8
};

enum class ErrorCode : uint32_t {
  no_error,
  protocol_error,
  internal_error,
  flow_control_error,
  settings_timeout,
  stream_closed,
  frame_size_error,
  refused_stream,
  cancel,
  compression_error,
  connect_error,
  enhance_your_calm,
  inadequate_security,
  http_1_1_required
};
std::string_view to_string(ErrorCode code);  // "PROTOCOL_ERROR"; "" for an unknown one

struct FrameHead {
  uint32_t length = 0;
  FrameType type = FrameType::data;  // may be a value outside the enumeration
  uint8_t flags = 0;
  uint32_t stream = 0;
};

uint32_t read_u32(const char* at);
void append_u32(std::string& out, uint32_t value);
FrameHead read_frame_head(const char* at);  // frame_head_bytes of them
// Overwrites frame_head_bytes at `at`.
void put_frame_head(char* at, const FrameHead& head);
void append_frame_head(std::string& out, const FrameHead& head);
void append_setting(std::string& out, Setting id, uint32_t value);
void append_rst_stream(std::string& out, uint32_t stream, ErrorCode code);
void append_window_update(std::string& out, uint32_t stream, uint32_t bytes);
void append_ping(std::string& out, std::string_view eight_bytes, bool ack);
void append_goaway(std::string& out, uint32_t last_stream, ErrorCode code, std::string_view why);

}  // namespace gateproof::http::h2
