// The session's receiving side: header blocks and bodies.
#include "engine/http/h2_session.h"

namespace gateproof::http::h2 {

// Takes the padding off a payload that is here whole.
bool Session::unpad(const FrameHead& h, std::string_view& payload) {
  if (!(h.flags & flag::padded)) return true;
  if (payload.empty()) return broken(ErrorCode::frame_size_error, "no length of padding");
  const auto padding = static_cast<unsigned char>(payload.front());
  payload.remove_prefix(1);
  if (padding > payload.size()) return broken(ErrorCode::protocol_error, "more padding than frame");
  payload.remove_suffix(padding);
  return true;
}

bool Session::on_headers(const FrameHead& h, std::string_view payload) {
  if (h.stream == 0) return broken(ErrorCode::protocol_error, "HEADERS on stream 0");
  if (!unpad(h, payload)) return false;
  block_error_.reset();
  if (h.flags & flag::priority) {
    if (payload.size() < 5) return broken(ErrorCode::frame_size_error, "HEADERS cut short");
    if ((read_u32(payload.data()) & stream_id_max) == h.stream)  // RFC 7540 section 5.3.1
      block_error_ = ErrorCode::protocol_error;
    payload.remove_prefix(5);
  }
  block_end_ = (h.flags & flag::end_stream) != 0;
  if (!idle(h.stream)) {
    if (!on_headers_of_known(h.stream)) return false;
  } else {
    if (role_ == Role::client || h.stream % 2 == 0)
      return broken(ErrorCode::protocol_error, "HEADERS on a stream that is not the sender's");
    last_stream_ = h.stream;
    // RFC 9113 section 6.8: what comes behind a GOAWAY is not looked at.
    const bool late = h.stream > goaway_last_;
    block_for_ = late ? BlockFor::nobody : BlockFor::request;
    if (late) remember(h.stream, Closed::by_us);
  }
  const BlockKind kind = block_for_ == BlockFor::trailers   ? BlockKind::trailers
                         : block_for_ == BlockFor::response ? BlockKind::response
                                                            : BlockKind::request;
  reader_.begin(kind, limits_.block);
  block_stream_ = h.stream;
  block_bytes_ = continuations_ = 0;
  idle_frames_.give(limits_.idle_frames_per_work);
  return feed_block(payload, (h.flags & flag::end_headers) != 0);
}

bool Session::on_headers_of_known(uint32_t id) {
  if (const Stream* s = find(id)) {
    if (s->ended_there) {
      block_for_ = BlockFor::nobody;
      block_error_ = ErrorCode::stream_closed;
      return true;
    }
    const bool head = role_ == Role::client && !s->head_seen;
    block_for_ = head ? BlockFor::response : BlockFor::trailers;
    // Section 8.1: trailers are the end.
    if (!head && !block_end_) block_error_ = ErrorCode::protocol_error;
    return true;
  }
  block_for_ = BlockFor::nobody;
  switch (how_closed(id)) {
    case Closed::by_us: return true;  // it was under way; the coder has to see it
    case Closed::by_them: block_error_ = ErrorCode::stream_closed; return true;
    case Closed::ended: return broken(ErrorCode::stream_closed, "HEADERS on a closed stream");
    default: return broken(ErrorCode::protocol_error, "HEADERS with a smaller stream identifier");
  }
}

bool Session::on_continuation(const FrameHead& h, std::string_view payload) {
  if (block_stream_ == 0) return broken(ErrorCode::protocol_error, "CONTINUATION without HEADERS");
  if (++continuations_ > limits_.continuations_max)
    return broken(ErrorCode::enhance_your_calm, "too many CONTINUATION frames");
  if (payload.empty() && !idle_frame(1)) return false;
  return feed_block(payload, (h.flags & flag::end_headers) != 0);
}

bool Session::feed_block(std::string_view piece, bool last) {
  block_bytes_ += piece.size();
  if (block_bytes_ > undecoded_lists_max * limits_.block.list_bytes_max)
    return broken(ErrorCode::enhance_your_calm, "header block too large");
  if (!decoder_.decode(piece, last, reader_))
    return broken(ErrorCode::compression_error, "header block cannot be decoded");
  // What is beyond the limits is decoded, since the table depends on it, but not without end.
  if (reader_.list_bytes() > decoded_lists_max * limits_.block.list_bytes_max ||
      reader_.fields() > decoded_lists_max * limits_.block.fields_max)
    return broken(ErrorCode::enhance_your_calm, "header list far too large");
  if (!last) return true;
  finish_block();
  return !failed_;
}

void Session::finish_block() {
  reader_.finish();
  const uint32_t id = std::exchange(block_stream_, 0);
  Block& block = reader_.block();
  if (block_for_ == BlockFor::nobody && !block_error_) return;
  if (!block_error_ && !block.malformed.empty()) block_error_ = ErrorCode::protocol_error;
  if (!block_error_ && block_for_ == BlockFor::request) {
    const bool none = block_end_ && block.content_length.value_or(0) > 0;
    if (none) block_error_ = ErrorCode::protocol_error;  // section 8.1.1
    if (!none && streams_.size() >= streams_max_) block_error_ = ErrorCode::refused_stream;
  }
  if (block_error_) {
    stream_error(id, *block_error_);
    return;
  }
  if (block_for_ == BlockFor::request) {
    Stream* s = owner_.open_stream(id);
    if (!s) {
      stream_error(id, ErrorCode::refused_stream);
      return;
    }
    attach(*s, id);
    s->length_left = block.content_length;
    s->ended_there = block_end_;
    owner_.request(*s, block);
    return;
  }
  Stream* s = find(id);
  if (!s) return;
  if (block_for_ == BlockFor::trailers) {
    if (block.too_large) {
      stream_error(id, ErrorCode::enhance_your_calm);
      return;
    }
    owner_.trailers(*s, block.headers);
    finish_message(*s);
    return;
  }
  const bool interim = block.status < 200;
  if (block.status == 101 || (interim && block_end_) || block.too_large) {
    stream_error(id, block.too_large ? ErrorCode::enhance_your_calm : ErrorCode::protocol_error);
    return;
  }
  if (!interim) {
    s->head_seen = true;
    if (block.status == 204 || block.status == 304) s->no_body = true;
    if (!s->no_body) s->length_left = block.content_length;
    if (block_end_ && s->length_left.value_or(0) > 0) {
      stream_error(id, ErrorCode::protocol_error);
      return;
    }
    s->ended_there = block_end_;
  }
  owner_.response(*s, block);
  if (block_end_) {
    s = find(id);
    if (s && s->ended_here) close(*s, Closed::ended);
  }
}

// END_STREAM behind trailers.
void Session::finish_message(Stream& s) {
  const uint32_t id = s.id;
  if (s.length_left.value_or(0) > 0) {
    stream_error(id, ErrorCode::protocol_error);
    return;
  }
  s.ended_there = true;
  owner_.data(s, {});
  Stream* again = find(id);
  if (again && again->ended_here) close(*again, Closed::ended);
}

// Looks at the head of a DATA frame, and at the length of its padding (which the caller takes off).
bool Session::begin_data(const FrameHead& h, std::string_view in) {
  if (h.stream == 0) return broken(ErrorCode::protocol_error, "DATA on stream 0");
  if (idle(h.stream)) return broken(ErrorCode::protocol_error, "DATA on an idle stream");
  size_t padding = 0;
  size_t overhead = 0;
  if (h.flags & flag::padded) {
    if (h.length == 0) return broken(ErrorCode::frame_size_error, "no length of padding");
    padding = static_cast<unsigned char>(in.front());
    overhead = 1;
    if (padding >= h.length) return broken(ErrorCode::protocol_error, "more padding than frame");
  }
  receive_window_ -= h.length;
  if (receive_window_ < 0)
    return broken(ErrorCode::flow_control_error, "DATA beyond the connection's window");
  data_left_ = h.length - padding - overhead;
  padding_left_ = padding;
  data_end_ = (h.flags & flag::end_stream) != 0;
  data_stream_ = h.stream;
  in_data_ = true;
  if (overhead > 0) give_back(overhead + padding);
  if (data_left_ > 0) {
    idle_frames_.give(limits_.idle_frames_per_work);
  } else if (!data_end_ && !idle_frame(1)) {
    return false;
  }
  Stream* s = find(h.stream);
  if (!s) {
    data_stream_ = 0;
    const Closed how = how_closed(h.stream);
    if (how == Closed::by_us) return true;
    if (how == Closed::ended) return broken(ErrorCode::stream_closed, "DATA on a closed stream");
    return stream_error(h.stream, ErrorCode::stream_closed);
  }
  s->receive_window -= h.length;
  const bool wrong_length = s->length_left && !s->no_body && *s->length_left < data_left_;
  const bool headless = role_ == Role::client && !s->head_seen;
  std::optional<ErrorCode> error;
  if (wrong_length || headless || (s->no_body && data_left_ > 0)) error = ErrorCode::protocol_error;
  if (s->receive_window < 0) error = ErrorCode::flow_control_error;
  if (s->ended_there) error = ErrorCode::stream_closed;
  if (!error) {
    open_window(*s, overhead + padding);
    return true;
  }
  data_stream_ = 0;
  return stream_error(h.stream, *error);
}

size_t Session::continue_data(std::string_view in) {
  const std::string_view piece = in.substr(0, data_left_);
  data_left_ -= piece.size();
  const size_t padding = std::min(padding_left_, in.size() - piece.size());
  padding_left_ -= padding;
  const bool whole = data_left_ + padding_left_ == 0;
  in_data_ = !whole;
  data_piece(piece, whole && data_end_);
  return piece.size() + padding;
}

void Session::data_piece(std::string_view piece, bool last) {
  Stream* s = data_stream_ == 0 ? nullptr : find(data_stream_);
  if (!s) {
    give_back(piece.size());
    return;
  }
  if (s->length_left) *s->length_left -= piece.size();
  const bool short_of_it = last && s->length_left.value_or(0) > 0;
  s->ended_there = last && !short_of_it;
  if (!piece.empty() || s->ended_there) owner_.data(*s, piece);
  if (!last) return;
  if (short_of_it) {
    stream_error(data_stream_, ErrorCode::protocol_error);
    return;
  }
  s = find(data_stream_);
  if (s && s->ended_here) close(*s, Closed::ended);
}

}  // namespace gateproof::http::h2
