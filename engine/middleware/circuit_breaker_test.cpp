#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Rig;

TEST(CircuitBreaker, TripsAnswersAndRecovers) {  // 9.34
  Rig rig;
  ASSERT_TRUE(rig.use("circuitBreaker", "expression: NetworkErrorRatio() > 0.3")) << rig.why;
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(502, "Bad Gateway"); };
  EXPECT_EQ(rig.send("/")->response.status, 502);
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 503);
  EXPECT_EQ(rig.body_of(*x), "Service Unavailable");
  EXPECT_FALSE(x->response.headers.has("Content-Type"));
  EXPECT_EQ(rig.end->calls, 1);
  rig.world.clock.advance(seconds(10));
  EXPECT_EQ(rig.send("/")->response.status, 503) << "recovering begins with nothing";
  rig.world.clock.advance(seconds(10) + milliseconds(1));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(200, "ok"); };
  EXPECT_EQ(rig.send("/")->response.status, 200);
}

TEST(CircuitBreaker, ResponseCodes) {
  for (const auto& [code, status, body] :
       {std::tuple("503", 503, "Service Unavailable"), std::tuple("418", 418, "I'm a teapot"),
        std::tuple("599", 599, ""), std::tuple("204", 204, ""), std::tuple("200", 200, "OK"),
        std::tuple("999", 999, ""), std::tuple("199", 500, "Internal Server Error"),
        std::tuple("0", 500, "Internal Server Error"),
        std::tuple("1000", 500, "Internal Server Error")}) {
    Rig rig;
    ASSERT_TRUE(rig.use("circuitBreaker", "{expression: NetworkErrorRatio() > 0.3, responseCode: " +
                                              std::string(code) + "}"));
    rig.end->answer = [](Exchange& x) { x.response = http::Response::make(504); };
    rig.send("/");
    const auto x = rig.send("/");
    EXPECT_EQ(x->response.status, status) << code;
    EXPECT_EQ(rig.body_of(*x), body) << code;
  }
}

TEST(CircuitBreaker, DurationsOfZeroAreDefaults) {
  Rig rig;
  ASSERT_TRUE(rig.use("circuitBreaker",
                      "{expression: NetworkErrorRatio() > 0.3, fallbackDuration: 0s, "
                      "recoveryDuration: -1s, checkPeriod: 0}"));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(502); };
  rig.send("/");
  rig.world.clock.advance(seconds(9));
  EXPECT_EQ(rig.send("/")->response.status, 503);
}

TEST(CircuitBreaker, StreamedAnswersCountAtTheirEnd) {
  Rig rig;
  ASSERT_TRUE(rig.use("circuitBreaker", "expression: LatencyAtQuantileMS(50.0) > 100"));
  rig.end->answer = [&](Exchange& x) {
    x.response = http::Response::make(200);
    x.response.body = http::Body::stream(
        std::make_unique<testing::Pieces>(rig.world.scheduler, std::vector<std::string>{"a", "b"},
                                          milliseconds(60)),
        2);
  };
  auto x = rig.send("/");
  EXPECT_EQ(rig.send("/")->response.status, 200) << "nothing has ended yet";
  EXPECT_EQ(rig.body_of(*x), "ab");
  EXPECT_EQ(rig.send("/")->response.status, 503);
}

TEST(CircuitBreaker, AnswersThatBreakOffDoNotCount) {
  Rig rig;
  ASSERT_TRUE(rig.use("circuitBreaker", "expression: ResponseCodeRatio(200, 300, 0, 600) > 0.0"));
  rig.end->answer = [&](Exchange& x) {
    auto source = std::make_unique<testing::Pieces>(rig.world.scheduler,
                                                    std::vector<std::string>{"a"}, Duration(0));
    source->fail_at_end = Error(Code::reset, Source::upstream, "cut short");
    x.response = http::Response::make(200);
    x.response.body = http::Body::stream(std::move(source), 2);
  };
  auto x = rig.send("/");
  rig.body_of(*x);
  x.reset();
  EXPECT_EQ(rig.send("/")->response.status, 200);
}

TEST(CircuitBreaker, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("circuitBreaker", "expression: Bogus() > 1"),
            "unsupported function: Bogus");
  EXPECT_EQ(rig.build_error("circuitBreaker", "responseCode: 503"),
            "1:1: expected operand, found 'EOF'");
  const auto made = rig.build("circuitBreaker", "expression: NetworkErrorRatio() > 1");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().span.to_string(), "t.yml:1:13");
  EXPECT_EQ(made.error().remedy.substr(0, 24), "`expression`: column 1: ");
}

TEST(CircuitBreaker, Traces) {
  Rig rig;
  ASSERT_TRUE(rig.use("circuitBreaker", "expression: NetworkErrorRatio() > 0.3"));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(502); };
  std::vector<std::string> lines;
  for (int i = 0; i < 2; ++i) {
    http::ExchangeTrace trace;
    auto x = rig.request("/");
    x->trace = &trace;
    rig.run(*x);
    for (const auto& t : trace) lines.push_back(t.action + ": " + t.detail);
    rig.world.clock.advance(seconds(1));
  }
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "state: standby: let through",
          "trip: NetworkErrorRatio() is 1.0: NetworkErrorRatio() > 0.3 holds, tripped for 10s",
          "state: tripped for another 9s", "answer: 503"}));
}

}  // namespace
}  // namespace gateproof::middleware
