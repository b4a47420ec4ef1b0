// What a step of a chain changed in a message, written to the trace: for the steps that do not tell it themselves.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::middleware {

// Begins with the request as it is. Copies are made only when something changed: most steps of most chains leave most of a
// message alone.
class Watch {
 public:
  explicit Watch(const http::Exchange& x);
  // What changed since the last look.
  void note_request(http::Exchange& x, const std::string& stage);
  void note_response(http::Exchange& x, const std::string& stage);
  void look_at_answer(const http::Exchange& x);

 private:
  std::string method_, target_, host_;
  http::Headers request_, response_;
  int status_ = 0;
};

}  // namespace gateproof::middleware
