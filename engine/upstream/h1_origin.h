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
  // Closes idle connections (shutdown, tests).
  void close_idle();
  size_t idle() const;

 private:
  Env& env_;
  std::shared_ptr<H1Pool> pool_;  // bodies under way give their connections back to it
};

}  // namespace gateproof::upstream
