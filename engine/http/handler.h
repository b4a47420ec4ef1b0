// Handler: what answers an exchange. The end of a chain (a service), a chain itself and a router are all handlers.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::http {

class Handler {
 public:
  virtual ~Handler() = default;
  // Fills x.response. Failures become answers here (502, 503, 504 ...), so there is nothing to return.
  virtual Task<void> handle(Exchange& x) = 0;
  // Whether x.request is as it was, but for its body, when handle() has ended: who sends it again then needs no copy.
  virtual bool leaves_request() const { return false; }
};

}  // namespace gateproof::http
