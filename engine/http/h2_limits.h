// What a peer may cost us on one HTTP/2 connection, each with its unit (reliability rows H1 to H4).
#pragma once
#include "engine/env/clock.h"
#include "engine/http/h2_fields.h"

namespace gateproof::http::h2 {

struct Limits {
  BlockLimits block;
  // CONTINUATION frames behind one HEADERS: GOAWAY.
  size_t continuations_max = 1024;
  size_t encoder_table_bytes_max = table_bytes_default;  // of our dynamic table
  // Streams that end by a reset before they are complete, whoever sends it, and how many a second are forgiven: GOAWAY.
  // nghttp2's and nginx's measure; a browser that leaves a page resets some dozens.
  uint32_t resets_max = 1000;
  uint32_t resets_per_second = 33;
  // Frames that carry neither a request nor bytes of a body; forgiven with time and, as in Envoy, with work done.
  uint32_t idle_frames_max = 10'000;
  uint32_t idle_frames_per_second = 100;
  uint32_t idle_frames_per_work =
      10;  // for each header block, and each DATA frame with bytes, in either direction
  uint32_t settings_cost = 10;  // a SETTINGS frame may touch every stream
  // Answers to PING and SETTINGS that the peer has not taken yet: GOAWAY.
  size_t answers_waiting_max = 1000;
  // Bytes that wait to be written before streams wait, too.
  size_t output_bytes_max = 65536;
};

// How many times as large as allowed a header list may be, undecoded (as in Go) and decoded, to be answered with 431: beyond that
// the connection ends.
inline constexpr size_t undecoded_lists_max = 2, decoded_lists_max = 4;

// Counts what is bad in moderation: `max` at once, `per_second` of them forgiven as time goes by.
class Allowance {
 public:
  Allowance(uint32_t max, uint32_t per_second) : max_(max), per_second_(per_second) {}
  // False: that was one too many.
  bool take(uint32_t n, Instant now) {
    if (used_ > 0 && now > since_) {
      const int64_t ns = (now - since_).count();
      const int64_t forgiven = ns >= 3'600'000'000'000 ? max_ : ns * per_second_ / 1'000'000'000;
      if (forgiven > 0) {
        give(static_cast<uint64_t>(forgiven));
        since_ = now;
      }
    } else if (used_ == 0) {
      since_ = now;
    }
    used_ += n;
    return used_ <= max_;
  }
  void give(uint64_t n) { used_ = used_ > n ? used_ - n : 0; }

 private:
  uint32_t max_;
  uint32_t per_second_;
  uint64_t used_ = 0;
  Instant since_{};
};

}  // namespace gateproof::http::h2
