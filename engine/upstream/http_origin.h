// HttpOrigin: the version of HTTP that a server speaks. http is HTTP/1.1, h2c is HTTP/2, and an https server says by ALPN which of
// the two it wants (serversTransport.disableHTTP2: never the latter). Upgrades are always HTTP/1.1.
#pragma once
#include "engine/upstream/h1_origin.h"
#include "engine/upstream/h2_origin.h"

namespace gateproof::upstream {

class HttpOrigin final : public http::Origin {
 public:
  explicit HttpOrigin(Env& env) : env_(env), h1_(env), h2_(env) {}
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override;
  void close_idle() {
    h1_.close_idle();
    h2_.close_idle();
  }
  size_t idle_h1() const { return h1_.idle(); }
  size_t h2_connections() const { return h2_.connections(); }

 private:
  Task<Result<void>> negotiate(http::Exchange& x, http::Outbound& out);

  Env& env_;
  H1Origin h1_;
  H2Origin h2_;
};

}  // namespace gateproof::upstream
