// Frames by hand, and a session that has somebody to talk to: for tests of the HTTP/2 session.
#pragma once
#include <utility>

#include "engine/http/h2_session.h"

namespace gateproof::http::h2::testing {

inline std::string frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out;
  append_frame_head(out, {static_cast<uint32_t>(payload.size()), type, flags, stream});
  return out += payload;
}
inline std::string settings(std::vector<std::pair<Setting, uint32_t>> values = {}) {
  std::string payload;
  for (const auto& [id, value] : values) append_setting(payload, id, value);
  return frame(FrameType::settings, 0, 0, payload);
}
inline std::string u32(uint32_t n) {
  std::string out;
  append_u32(out, n);
  return out;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// A literal field without indexing, names as they are: what no encoder would write.
inline std::string literal(std::string_view name, std::string_view value) {
  const auto length = [](size_t n) {
    if (n < 127) return std::string(1, static_cast<char>(n));
    std::string out(1, '\x7f');
    for (n -= 127; n >= 128; n /= 128) out += static_cast<char>(n % 128 + 128);
    return out + static_cast<char>(n);
  };
  std::string out(1, '\0');
  return out + length(name.size()) + std::string(name) + length(value.size()) + std::string(value);
}
inline std::string block(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += literal(name, value);
  return out;
}
inline Fields get(const Fields& more = {}) {
  Fields f = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a.test"}};
  f.insert(f.end(), more.begin(), more.end());
  return f;
}
inline std::string headers(uint32_t stream, const Fields& fields, bool end = true) {
  return frame(FrameType::headers, flag::end_headers | (end ? flag::end_stream : 0), stream,
               block(fields));
}
inline std::string data(uint32_t stream, std::string_view bytes, bool end = false) {
  return frame(FrameType::data, end ? flag::end_stream : 0, stream, bytes);
}

// What a session wrote, a frame a line: "HEADERS 1 5 END", "RST_STREAM 3 CANCEL", "GOAWAY 1 NO_ERROR why".
inline std::string told(std::string_view bytes) {
  static constexpr std::string_view names[] = {
      "DATA", "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
      "PUSH", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  std::string out;
  while (bytes.size() >= frame_head_bytes) {
    const FrameHead h = read_frame_head(bytes.data());
    const std::string_view payload = bytes.substr(frame_head_bytes, h.length);
    bytes.remove_prefix(frame_head_bytes + payload.size());
    out += std::string(names[static_cast<size_t>(h.type)]) + " ";
    if (h.type == FrameType::goaway) {
      out += std::to_string(read_u32(payload.data())) + " " +
             std::string(to_string(static_cast<ErrorCode>(read_u32(payload.data() + 4))));
    } else if (h.type == FrameType::rst_stream) {
      out += std::to_string(h.stream) + " " +
             std::string(to_string(static_cast<ErrorCode>(read_u32(payload.data()))));
    } else if (h.type == FrameType::window_update) {
      out += std::to_string(h.stream) + " " + std::to_string(read_u32(payload.data()));
    } else {
      out += std::to_string(h.stream) + " " + std::to_string(h.length);
      const bool ends = h.type == FrameType::data || h.type == FrameType::headers;
      if (ends && (h.flags & flag::end_stream)) out += " END";
      if (!ends && (h.flags & flag::ack)) out += " ACK";
    }
    out += "\n";
  }
  return out;
}

// Keeps what happens as text, and answers nothing by itself.
class Recorder final : public SessionOwner {
 public:
  std::string events;
  std::vector<std::unique_ptr<Stream>> streams;
  bool refuse = false;
  Session* answer_with = nullptr;  // 200 without a body to every request

  Stream* open_stream(uint32_t) override {
    if (refuse) return nullptr;
    streams.push_back(std::make_unique<Stream>());
    return streams.back().get();
  }
  void request(Stream& s, Block& b) override {
    events += "request " + std::to_string(s.id) + " " + b.method + " " + b.path +
              (b.too_large ? " too large" : "") + fields(b.headers) + "\n";
    if (!answer_with) return;
    answer_with->field(":status", "200");
    answer_with->send_fields(s, true);
  }
  void response(Stream& s, Block& b) override {
    events += "response " + std::to_string(s.id) + " " + std::to_string(b.status) +
              fields(b.headers) + "\n";
  }
  void trailers(Stream& s, Headers& t) override {
    events += "trailers " + std::to_string(s.id) + fields(t) + "\n";
  }
  void data(Stream& s, std::string_view piece) override {
    events += "data " + std::to_string(s.id) + " " + std::to_string(piece.size()) +
              (s.ended_there ? " end" : "") + "\n";
  }
  void reset(Stream& s, ErrorCode code) override {
    events += "reset " + std::to_string(s.id) + " " + std::string(to_string(code)) + "\n";
  }
  void goaway(uint32_t last, ErrorCode code) override {
    events += "goaway " + std::to_string(last) + " " + std::string(to_string(code)) + "\n";
  }

 private:
  static std::string fields(const Headers& h) {
    std::string out;
    for (const auto& f : h) out.append(" ").append(f.name).append("=").append(f.value);
    return out;
  }
};

// A server session behind its preface and SETTINGS, its first output taken.
struct ServerSession {
  Recorder owner;
  Session session;
  Instant now{};
  explicit ServerSession(const LocalSettings& s = {}, const Limits& l = {})
      : session(Role::server, s, l, owner) {
    session.receive(std::string(preface) + settings(), now);
    taken();
  }
  // Feeds frames; what was written since, as text.
  std::string feed(std::string_view bytes) {
    session.receive(bytes, now);
    return taken();
  }
  std::string taken() {
    std::string out = told(session.output());
    session.written(session.output().size());
    return out;
  }
  std::string events() { return std::exchange(owner.events, {}); }
};

}  // namespace gateproof::http::h2::testing
