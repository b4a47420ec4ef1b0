// What the HTTP/2 fuzz targets share: frames fed whole and cut, by an owner that answers, resets and consumes as the input says.
#pragma once
#include "engine/base/assert.h"
#include "engine/http/h2_session.h"

namespace gateproof::http::h2 {

class FuzzOwner final : public SessionOwner {
 public:
  explicit FuzzOwner(uint8_t how) : how_(how) {}
  Session* session = nullptr;
  std::vector<std::unique_ptr<Stream>> streams;
  std::string text;  // what happened; must not depend on how bytes were cut

  Stream* open_stream(uint32_t id) override {
    if ((how_ & 1) != 0 && id % 8 == 7) return nullptr;
    streams.push_back(std::make_unique<Stream>());
    return streams.back().get();
  }
  void request(Stream& s, Block& b) override {
    message(s, b.headers, b.too_large ? "large" : b.method + b.path + b.authority);
    if ((how_ & 2) != 0) {
      session->field(":status", "200");
      session->send_fields(s, (how_ & 4) != 0);
    }
    if ((how_ & 8) != 0 && s.id % 4 == 1) session->reset(s, ErrorCode::cancel);
  }
  void response(Stream& s, Block& b) override {
    GP_ASSERT(b.status >= 100 && b.status <= 999);
    message(s, b.headers, std::to_string(b.status));
  }
  void trailers(Stream& s, Headers& t) override { message(s, t, "trailers"); }
  void data(Stream& s, std::string_view piece) override {
    text.append(piece);
    GP_ASSERT(s.receive_window >= 0);
    session->consumed(s, piece.size());
    const size_t room = s.ended_here ? 0 : session->room(s);
    if ((how_ & 2) != 0 && (how_ & 4) == 0 && s.open && room > 0)
      session->send_data(s, std::string(std::min<size_t>(room, 100), 'x'), s.ended_there);
  }
  void reset(Stream& s, ErrorCode) override {
    GP_ASSERT(!s.open);
    text += "!" + std::to_string(s.id);
  }

 private:
  void message(Stream& s, const Headers& headers, const std::string& first) {
    text += std::to_string(s.id) + first;
    for (const Headers::Field& f : headers) {
      GP_ASSERT(is_token(f.name) && is_field_value(f.value) && !is_connection_specific({f.name}));
      text.append(f.name).append(f.value);
    }
  }
  uint8_t how_;
};

// The first byte says how the owner behaves; `requests`: streams that a client opens first.
inline std::string run_session(Role role, std::string_view input, size_t cut, size_t requests) {
  Limits limits;
  limits.block = {2000, 30};
  limits.resets_max = 20;
  limits.idle_frames_max = 200;
  FuzzOwner owner(input.empty() ? uint8_t{0} : static_cast<uint8_t>(input.front()));
  LocalSettings settings;
  settings.stream_window = 4000;
  Session session(role, settings, limits, owner);
  owner.session = &session;
  for (size_t i = 0; i < requests; ++i) {
    owner.streams.push_back(std::make_unique<Stream>());
    session.start(*owner.streams.back());
    session.field(":method", "GET");
    session.send_fields(*owner.streams.back(), i % 2 == 0);
  }
  std::string wire = role == Role::server ? std::string(preface) : std::string();
  append_frame_head(wire, {0, FrameType::settings, 0, 0});
  wire += input.substr(std::min<size_t>(1, input.size()));
  std::string pending;
  for (size_t at = 0; at < wire.size() && !session.failed(); at += cut) {
    pending += wire.substr(at, cut);
    const size_t taken = session.receive(pending, Instant{});
    GP_ASSERT(taken <= pending.size());
    pending.erase(0, taken);
    GP_ASSERT(session.failed() || pending.size() < frame_head_bytes + frame_bytes_max);
    session.written(session.output().size());
  }
  for (const Stream* s : session.open_streams()) GP_ASSERT(s->open);
  return owner.text + (session.failed() ? std::string(to_string(session.failure())) : "");
}

// Whole and in pieces: the same.
inline void compare_cuts(Role role, std::string_view input, size_t requests) {
  const std::string whole = run_session(role, input, SIZE_MAX / 2, requests);
  for (const size_t cut : {1u, 7u, 1000u})
    GP_ASSERT(run_session(role, input, cut, requests) == whole);
}

}  // namespace gateproof::http::h2
