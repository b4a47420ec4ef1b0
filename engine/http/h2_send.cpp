// The session's sending side.
#include "engine/http/h2_session.h"

namespace gateproof::http::h2 {

bool Session::can_open() const {
  return !failed_ && !goaway_seen_ && streams_.size() < peer_streams_max_ &&
         last_stream_ < stream_id_max - 2;
}

void Session::start(Stream& stream) {
  last_stream_ = last_stream_ == 0 ? 1 : last_stream_ + 2;
  attach(stream, last_stream_);
}

void Session::send_fields(Stream& s, bool end) {
  const size_t at = out_.size();
  out_.append(frame_head_bytes, '\0');
  if (!encoder_.finish(out_)) {
    out_.resize(at);
    fail(ErrorCode::internal_error, "a header block cannot be coded");
    return;
  }
  idle_frames_.give(limits_.idle_frames_per_work);
  const uint8_t end_flag = end ? flag::end_stream : uint8_t{0};
  const size_t length = out_.size() - at - frame_head_bytes;
  if (length <= frame_bytes_max) {
    put_frame_head(out_.data() + at, {static_cast<uint32_t>(length), FrameType::headers,
                                      static_cast<uint8_t>(flag::end_headers | end_flag), s.id});
  } else {
    const std::string block = out_.substr(at + frame_head_bytes);
    out_.resize(at);
    std::string_view left = block;
    for (FrameType type = FrameType::headers; !left.empty(); type = FrameType::continuation) {
      const std::string_view piece = left.substr(0, frame_bytes_max);
      left.remove_prefix(piece.size());
      uint8_t flags = left.empty() ? flag::end_headers : uint8_t{0};
      if (type == FrameType::headers) flags |= end_flag;
      append_frame_head(out_, {static_cast<uint32_t>(piece.size()), type, flags, s.id});
      out_ += piece;
    }
  }
  if (end) end_here(s);
}

size_t Session::shared_room() const {
  const size_t waiting = output().size();
  if (waiting >= limits_.output_bytes_max || send_window_ <= 0) return 0;
  return std::min(limits_.output_bytes_max - waiting, static_cast<size_t>(send_window_));
}

size_t Session::room(const Stream& s) const {
  return s.send_window <= 0 ? 0 : std::min(shared_room(), static_cast<size_t>(s.send_window));
}

void Session::send_data(Stream& s, std::string_view bytes, bool end) {
  s.send_window -= static_cast<int64_t>(bytes.size());
  send_window_ -= static_cast<int64_t>(bytes.size());
  if (!bytes.empty()) idle_frames_.give(limits_.idle_frames_per_work);
  do {
    const std::string_view piece = bytes.substr(0, frame_bytes_max);
    bytes.remove_prefix(piece.size());
    const bool last = end && bytes.empty();
    append_frame_head(out_, {static_cast<uint32_t>(piece.size()), FrameType::data,
                             last ? flag::end_stream : uint8_t{0}, s.id});
    out_ += piece;
  } while (!bytes.empty());
  if (end) end_here(s);
}

void Session::end_here(Stream& s) {
  s.ended_here = true;
  if (s.ended_there) close(s, Closed::ended);
}

void Session::reset(Stream& s, ErrorCode code) {
  if (!s.open) return;
  append_rst_stream(out_, s.id, code);
  close(s, Closed::by_us);
}

void Session::consumed(Stream& s, size_t bytes) {
  give_back(bytes);
  open_window(s, bytes);
}

// Told in pieces of half a window: less would be a frame for every read.
void Session::open_window(Stream& s, size_t bytes) {
  if (!s.open || s.ended_there) return;
  s.credit += static_cast<uint32_t>(bytes);
  if (s.credit < stream_window_ / 2) return;
  append_window_update(out_, s.id, s.credit);
  s.receive_window += s.credit;
  s.credit = 0;
}

void Session::give_back(size_t bytes) {
  credit_ += bytes;
  if (credit_ < connection_window_ / 2) return;
  append_window_update(out_, 0, static_cast<uint32_t>(credit_));
  receive_window_ += static_cast<int64_t>(credit_);
  credit_ = 0;
}

void Session::goaway(uint32_t last, ErrorCode code) {
  goaway_last_ = std::min(goaway_last_, last);
  append_goaway(out_, goaway_last_, code, {});
}

void Session::ping() { append_ping(out_, "gatepro!", false); }

void Session::fail(ErrorCode code, std::string_view why) {
  if (failed_) return;
  failed_ = true;
  failure_ = code;
  why_ = why;
  append_goaway(out_, role_ == Role::server ? std::min(last_stream_, goaway_last_) : 0, code, why);
}

void Session::written(size_t bytes) {
  out_from_ += bytes;
  written_ += bytes;
  if (output().empty()) {
    answers_waiting_ = answers_fresh_ = 0;
    answers_mark_ = written_;
  } else if (written_ >= answers_mark_) {
    answers_waiting_ = std::exchange(answers_fresh_, 0);
    answers_mark_ = written_ + output().size();
  }
  if (out_from_ == out_.size()) {
    out_.clear();
    out_from_ = 0;
  } else if (out_from_ >= limits_.output_bytes_max) {
    out_.erase(0, out_from_);
    out_from_ = 0;
  }
}

void Session::rest() {
  if (out_.empty()) std::string().swap(out_);
}

}  // namespace gateproof::http::h2
