// H1Origin: outbound requests over HTTP/1.1 on the world's Transport, with a pool of idle connections per server. One per
// event loop; used by the wire and socket arms alike.
#pragma once
#include "engine/http/origin.h"

namespace gateproof::upstream {

class H1Pool;

class H1Origin final : public http::Origin {
 public:
  explicit H1Origin(Env& env);
  ~H1Origin() override;
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override;
  // The same, first on a connection that was just made.
  Task<Result<void>> round_trip_on(http::Exchange& x, http::Outbound& out,
                                   std::unique_ptr<Stream> fresh);
  bool has_idle(const http::OriginServer& server) const;
  // Closes the idle ones to this server.
  void close_idle_of(const http::OriginServer& server);
  // Closes idle connections (shutdown, tests).
  void close_idle();
  size_t idle() const;

 private:
  Env& env_;
  std::shared_ptr<H1Pool> pool_;  // bodies under way give their connections back to it
};

}  // namespace gateproof::upstream
