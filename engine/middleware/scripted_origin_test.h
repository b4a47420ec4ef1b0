// An origin for tests: keeps what was sent, answers what it is told.
#pragma once
#include "engine/http/origin.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware::testing {

class ScriptedOrigin final : public http::Origin {
 public:
  std::function<Result<void>(Exchange&)> answer = [](Exchange& x) {
    x.response = http::Response::make(200);
    return Result<void>();
  };
  Duration delay{0};
  int calls = 0;
  std::string method, target, host, body;
  bool length_known = false;
  http::Headers headers;
  Task<Result<void>> round_trip(Exchange& x, http::Outbound& out) override {
    ++calls;
    method = out.method;
    target = out.target;
    host = out.host;
    headers = out.headers;
    length_known = out.body->length().has_value();
    Result<std::string> read = co_await http::read_all(*out.body, 1u << 20);
    body = read ? *read : "(error)";
    if (delay > Duration(0)) co_await sleep_for(x.env->scheduler, delay);
    co_return answer(x);
  }
};

}  // namespace gateproof::middleware::testing
