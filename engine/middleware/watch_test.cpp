#include "engine/middleware/watch.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

std::string told(const http::ExchangeTrace& trace) {
  std::string out;
  for (const auto& step : trace) out += step.action + " " + step.detail + "; ";
  return out;
}

TEST(Watch, TellsWhatAStepChangedInTheRequest) {
  Rig rig;
  http::ExchangeTrace trace;
  const auto x = rig.request("/a", {"X-Old: 1", "X-Same: s"});
  x->trace = &trace;
  Watch watch(*x);
  watch.note_request(*x, "m");
  EXPECT_EQ(told(trace), "");
  x->request.method = "POST";
  x->request.url.path = "/b";
  x->request.host = "y.test";
  x->request.headers.set("X-Old", "2");
  watch.note_request(*x, "m");
  EXPECT_EQ(told(trace),
            "method GET -> POST; path /a -> /b; host x.test -> y.test; request header - X-Old: 1; "
            "request header + X-Old: 2; ");
  trace.clear();
  watch.note_request(*x, "m");
  EXPECT_EQ(told(trace), "");  // since the last look
}

TEST(Watch, CountsLinesThatAreAlike) {
  Rig rig;
  http::ExchangeTrace trace;
  const auto x = rig.request("/");
  x->trace = &trace;
  Watch watch(*x);
  x->response.status = 200;
  x->response.headers = {{"X", "1"}, {"X", "1"}};
  watch.look_at_answer(*x);
  x->response.headers.add("X", "1");
  x->response.status = 503;
  watch.note_response(*x, "m");
  EXPECT_EQ(told(trace), "status 200 -> 503; response header + X: 1; ");
}

}  // namespace
}  // namespace gateproof::middleware
