// H2Origin: outbound requests over HTTP/2, several at once on one connection: with prior knowledge (h2c), or over TLS where the
// server chose h2. One per event loop.
#pragma once
#include <map>

#include "engine/http/origin.h"

namespace gateproof::upstream {

// How often a request is sent that no server has looked at (REFUSED_STREAM, GOAWAY), the first time included.
inline constexpr int h2_tries_max = 6;

class H2Origin final : public http::Origin {
 public:
  explicit H2Origin(Env& env);
  ~H2Origin() override;
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override;
  // The same, first on a connection that was just made.
  Task<Result<void>> round_trip_on(http::Exchange& x, http::Outbound& out,
                                   std::unique_ptr<Stream> fresh);
  // A connection to this server takes a request now.
  bool has_connection(const http::OriginServer& server) const;
  // Closes connections as soon as nothing uses them (shutdown, tests).
  void close_idle();
  size_t connections() const;
  size_t servers() const;  // that something is kept of

  struct Pool;

 private:
  Env& env_;
  std::shared_ptr<Pool> pool_;  // the tasks of connections leave it when they end
};

// Whether an answer's body comes in frames of HTTP/2, so that trailers may follow though its length is told.
bool is_of_frames(http::Body& body);

}  // namespace gateproof::upstream
