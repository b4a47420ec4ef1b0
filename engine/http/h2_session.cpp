// The session's receiving side up to whole frames of the connection itself; header blocks and bodies are in h2_receive.cpp,
// what goes out in h2_send.cpp.
#include "engine/http/h2_session.h"

namespace gateproof::http::h2 {

Session::Session(Role role, const LocalSettings& settings, const Limits& limits,
                 SessionOwner& owner)
    : role_(role),
      owner_(owner),
      limits_(limits),
      encoder_(limits.encoder_table_bytes_max),
      resets_(limits.resets_max, limits.resets_per_second),
      idle_frames_(limits.idle_frames_max, limits.idle_frames_per_second),
      preface_seen_(role == Role::server ? 0 : preface.size()),
      streams_max_(settings.streams_max),
      stream_window_(settings.stream_window),
      connection_window_(settings.connection_window),
      header_table_bytes_(settings.header_table_bytes) {
  send_preface(settings);
}

Session::~Session() = default;

void Session::send_preface(const LocalSettings& settings) {
  if (role_ == Role::client) out_ += preface;
  std::string values;
  if (settings.header_table_bytes != table_bytes_default)
    append_setting(values, Setting::header_table_size, settings.header_table_bytes);
  if (role_ == Role::client) {
    append_setting(values, Setting::enable_push, 0);
  } else {
    append_setting(values, Setting::max_concurrent_streams, settings.streams_max);
    if (settings.connect_protocol) append_setting(values, Setting::enable_connect_protocol, 1);
  }
  append_setting(values, Setting::initial_window_size, settings.stream_window);
  append_setting(values, Setting::max_header_list_size,
                 static_cast<uint32_t>(limits_.block.list_bytes_max));
  append_frame_head(out_, {static_cast<uint32_t>(values.size()), FrameType::settings, 0, 0});
  out_ += values;
  if (connection_window_ > window_default) {
    append_window_update(out_, 0, connection_window_ - static_cast<uint32_t>(window_default));
    receive_window_ = connection_window_;
  }
}

size_t Session::receive(std::string_view in, Instant now) {
  now_ = now;
  const size_t had = in.size();
  if (preface_seen_ < preface.size()) {
    const size_t n = std::min(preface.size() - preface_seen_, in.size());
    if (in.substr(0, n) != preface.substr(preface_seen_, n)) {
      fail(ErrorCode::protocol_error, "no connection preface");
      return had;
    }
    preface_seen_ += n;
    in.remove_prefix(n);
  }
  while (!failed_) {
    if (in_data_) {
      if (in.empty() && data_left_ + padding_left_ > 0) break;
      in.remove_prefix(continue_data(in));
      continue;
    }
    if (in.size() < frame_head_bytes) break;
    const FrameHead h = read_frame_head(in.data());
    if (h.length > frame_bytes_max) {
      fail(ErrorCode::frame_size_error, "frame larger than SETTINGS_MAX_FRAME_SIZE");
      break;
    }
    const bool in_block = h.type == FrameType::continuation && h.stream == block_stream_;
    if (block_stream_ != 0 && !in_block) {
      fail(ErrorCode::protocol_error, "another frame inside a header block");
      break;
    }
    if (!settled_ && h.type != FrameType::settings) {
      fail(ErrorCode::protocol_error, "the first frame is not SETTINGS");
      break;
    }
    if (h.type == FrameType::data) {
      const bool padded = (h.flags & flag::padded) != 0 && h.length > 0;
      if (padded && in.size() == frame_head_bytes) break;
      in.remove_prefix(frame_head_bytes);
      if (!begin_data(h, in)) break;
      if (padded) in.remove_prefix(1);
      continue;
    }
    if (in.size() < frame_head_bytes + h.length) break;
    if (!frame(h, in.substr(frame_head_bytes, h.length))) break;
    in.remove_prefix(frame_head_bytes + h.length);
  }
  return failed_ ? had : had - in.size();
}

bool Session::frame(const FrameHead& h, std::string_view payload) {
  switch (h.type) {
    case FrameType::headers: return on_headers(h, payload);
    case FrameType::priority: return on_priority(h, payload);
    case FrameType::rst_stream: return on_rst_stream(h, payload);
    case FrameType::settings: return on_settings(h, payload);
    case FrameType::push_promise:
      return broken(ErrorCode::protocol_error, "PUSH_PROMISE, which nobody may send us");
    case FrameType::ping: return on_ping(h, payload);
    case FrameType::goaway: return on_goaway(h, payload);
    case FrameType::window_update: return on_window_update(h, payload);
    case FrameType::continuation: return on_continuation(h, payload);
    default: return idle_frame(1);  // section 4.1: unknown types are ignored
  }
}

bool Session::idle_frame(uint32_t cost) {
  if (idle_frames_.take(cost, now_)) return true;
  return broken(ErrorCode::enhance_your_calm, "too many frames that carry nothing");
}

bool Session::answered() {
  ++answers_fresh_;
  if (++answers_waiting_ <= limits_.answers_waiting_max) return true;
  return broken(ErrorCode::enhance_your_calm, "answers to PING and SETTINGS are not taken");
}

// Section 5.1: never used by the client, so nothing but HEADERS and PRIORITY may name it.
bool Session::idle(uint32_t id) const { return id > last_stream_ || id % 2 == 0; }

Stream* Session::find(uint32_t id) const {
  const auto at = std::lower_bound(streams_.begin(), streams_.end(), id,
                                   [](const Stream* s, uint32_t wanted) { return s->id < wanted; });
  return at != streams_.end() && (*at)->id == id ? *at : nullptr;
}

void Session::attach(Stream& s, uint32_t id) {
  s.id = id;
  s.open = true;
  s.ended_here = s.ended_there = s.head_seen = false;
  s.send_window = peer_window_;
  s.receive_window = stream_window_;
  s.credit = 0;
  s.length_left.reset();
  streams_.push_back(&s);  // ids only grow
}

void Session::close(Stream& s, Closed how) {
  const auto at = std::lower_bound(streams_.begin(), streams_.end(), s.id,
                                   [](const Stream* a, uint32_t id) { return a->id < id; });
  if (at != streams_.end() && *at == &s) streams_.erase(at);
  s.open = false;
  remember(s.id, how);
}

void Session::remember(uint32_t id, Closed how) {
  if (closed_.size() < closed_kept_max) {
    closed_.push_back({id, how});
  } else {
    closed_[closed_at_] = {id, how};
    closed_at_ = (closed_at_ + 1) % closed_kept_max;
  }
}

Session::Closed Session::how_closed(uint32_t id) const {
  for (const ClosedStream& c : closed_) {
    if (c.id == id) return c.how;
  }
  return Closed::unknown;
}

bool Session::stream_error(uint32_t id, ErrorCode code) {
  append_rst_stream(out_, id, code);
  if (Stream* s = find(id)) {
    close(*s, Closed::by_us);
    owner_.reset(*s, code);
  } else if (how_closed(id) == Closed::unknown) {
    remember(id, Closed::by_us);
  }
  // Resets that a peer provokes cost as much as its own (CVE-2025-8671).
  if (resets_.take(1, now_)) return true;
  return broken(ErrorCode::enhance_your_calm, "too many streams are reset");
}

bool Session::on_priority(const FrameHead& h, std::string_view payload) {
  if (h.stream == 0) return broken(ErrorCode::protocol_error, "PRIORITY on stream 0");
  const bool known = !idle(h.stream);
  if (payload.size() != 5) {
    return known ? stream_error(h.stream, ErrorCode::frame_size_error)
                 : broken(ErrorCode::frame_size_error, "PRIORITY of a wrong size");
  }
  if ((read_u32(payload.data()) & stream_id_max) == h.stream) {  // RFC 7540 section 5.3.1
    return known ? stream_error(h.stream, ErrorCode::protocol_error)
                 : broken(ErrorCode::protocol_error, "a stream that depends on itself");
  }
  return idle_frame(1);
}

bool Session::on_rst_stream(const FrameHead& h, std::string_view payload) {
  if (payload.size() != 4) return broken(ErrorCode::frame_size_error, "RST_STREAM of a wrong size");
  if (h.stream == 0 || idle(h.stream))
    return broken(ErrorCode::protocol_error, "RST_STREAM on an idle stream");
  Stream* s = find(h.stream);
  if (!s) return idle_frame(1);
  close(*s, Closed::by_them);
  owner_.reset(*s, static_cast<ErrorCode>(read_u32(payload.data())));
  if (role_ == Role::client || resets_.take(1, now_)) return true;
  return broken(ErrorCode::enhance_your_calm, "too many streams are reset");
}

bool Session::on_settings(const FrameHead& h, std::string_view payload) {
  if (h.stream != 0) return broken(ErrorCode::protocol_error, "SETTINGS on a stream");
  if (h.flags & flag::ack) {
    if (!payload.empty()) return broken(ErrorCode::frame_size_error, "SETTINGS ACK with values");
    if (!settled_) return broken(ErrorCode::protocol_error, "the first frame is not SETTINGS");
    if (!std::exchange(acknowledged_, true)) decoder_.set_table_bytes(header_table_bytes_);
    return idle_frame(1);
  }
  if (payload.size() % 6 != 0) return broken(ErrorCode::frame_size_error, "SETTINGS cut short");
  settled_ = true;
  if (!apply_settings(payload)) return false;
  append_frame_head(out_, {0, FrameType::settings, flag::ack, 0});
  return answered() && idle_frame(limits_.settings_cost);
}

bool Session::apply_settings(std::string_view payload) {
  int64_t window = peer_window_;
  for (; !payload.empty(); payload.remove_prefix(6)) {
    const uint32_t id = read_u32(payload.data()) >> 16;
    const uint32_t value = read_u32(payload.data() + 2);
    switch (static_cast<Setting>(id)) {
      case Setting::header_table_size: encoder_.set_peer_table_bytes(value); break;
      case Setting::enable_push:
        if (value > 1 || (value == 1 && role_ == Role::client))
          return broken(ErrorCode::protocol_error, "bad SETTINGS_ENABLE_PUSH");
        break;
      case Setting::max_concurrent_streams: peer_streams_max_ = value; break;
      case Setting::initial_window_size:
        if (value > window_max)
          return broken(ErrorCode::flow_control_error, "bad SETTINGS_INITIAL_WINDOW_SIZE");
        window = value;
        break;
      case Setting::max_frame_size:
        if (value < frame_bytes_max || value > 16'777'215)
          return broken(ErrorCode::protocol_error, "bad SETTINGS_MAX_FRAME_SIZE");
        break;  // frames of the default size are sent whatever else is allowed: others get their turn sooner
      case Setting::enable_connect_protocol:
        if (value > 1) return broken(ErrorCode::protocol_error, "bad ENABLE_CONNECT_PROTOCOL");
        peer_connect_protocol_ = value == 1;
        break;
      default: break;
    }
  }
  const int64_t grown = window - std::exchange(peer_window_, window);
  for (Stream* s : streams_) {
    s->send_window += grown;
    if (s->send_window > window_max)
      return broken(ErrorCode::flow_control_error, "a window grew too large by SETTINGS");
  }
  return true;
}

bool Session::on_ping(const FrameHead& h, std::string_view payload) {
  if (h.stream != 0) return broken(ErrorCode::protocol_error, "PING on a stream");
  if (payload.size() != 8) return broken(ErrorCode::frame_size_error, "PING of a wrong size");
  if (h.flags & flag::ack) {
    owner_.ping_answered();
    return idle_frame(1);
  }
  append_ping(out_, payload, true);
  return answered() && idle_frame(1);
}

bool Session::on_goaway(const FrameHead& h, std::string_view payload) {
  if (h.stream != 0) return broken(ErrorCode::protocol_error, "GOAWAY on a stream");
  if (payload.size() < 8) return broken(ErrorCode::frame_size_error, "GOAWAY cut short");
  goaway_seen_ = true;
  owner_.goaway(read_u32(payload.data()) & stream_id_max,
                static_cast<ErrorCode>(read_u32(payload.data() + 4)));
  return idle_frame(1);
}

bool Session::on_window_update(const FrameHead& h, std::string_view payload) {
  if (payload.size() != 4)
    return broken(ErrorCode::frame_size_error, "WINDOW_UPDATE of a wrong size");
  const int64_t bytes = read_u32(payload.data()) & stream_id_max;
  if (h.stream == 0) {
    if (bytes == 0) return broken(ErrorCode::protocol_error, "WINDOW_UPDATE of nothing");
    send_window_ += bytes;
    if (send_window_ > window_max)
      return broken(ErrorCode::flow_control_error, "the connection's window grew too large");
    return idle_frame(1);
  }
  if (idle(h.stream)) return broken(ErrorCode::protocol_error, "WINDOW_UPDATE on an idle stream");
  Stream* s = find(h.stream);
  if (!s) return idle_frame(1);  // section 5.1: it was under way when the stream ended
  if (bytes == 0) return stream_error(h.stream, ErrorCode::protocol_error);
  s->send_window += bytes;
  if (s->send_window > window_max) return stream_error(h.stream, ErrorCode::flow_control_error);
  return idle_frame(1);
}

}  // namespace gateproof::http::h2
