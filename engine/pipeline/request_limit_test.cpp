#include "engine/pipeline/request_limit.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/http/held_body.h"

namespace gateproof::pipeline {
namespace {

TEST(RequestLimit, AtItOneOverAndBack) {
  RequestLimit limit(2);
  EXPECT_TRUE(limit.any());
  auto first = std::make_unique<RequestLimit::Place>(limit.enter());
  RequestLimit::Place second = limit.enter();
  EXPECT_TRUE(*first && second);
  EXPECT_FALSE(limit.enter());
  EXPECT_EQ(limit.under_way(), 2);
  first.reset();
  EXPECT_EQ(limit.under_way(), 1);
  RequestLimit::Place moved = std::move(second);
  EXPECT_TRUE(limit.enter());
  moved.leave();
  moved.leave();  // once is enough
  EXPECT_EQ(limit.under_way(), 0);
}

TEST(RequestLimit, NoneUnlessItIsAskedFor) { EXPECT_FALSE(RequestLimit(0).any()); }

// Answers in two pieces.
class Pieces final : public http::BodySource {
 public:
  std::optional<Result<http::Chunk>> try_read() override {
    return Result<http::Chunk>(http::Chunk{"a", ++given_ == 2});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }

 private:
  int given_ = 0;
};

TEST(RequestLimit, APlaceIsHeldUntilTheAnswerWasReadOrDropped) {
  RequestLimit limit(1);
  http::Body body = http::Body::stream(std::make_unique<Pieces>(), 2);
  http::hold(body, limit.enter());
  EXPECT_FALSE(limit.enter());
  body.try_read();
  EXPECT_EQ(limit.under_way(), 1);
  body.try_read();
  EXPECT_EQ(limit.under_way(), 0);

  http::Body dropped = http::Body::stream(std::make_unique<Pieces>(), 2);
  http::hold(dropped, limit.enter());
  EXPECT_EQ(limit.under_way(), 1);
  dropped = http::Body();
  EXPECT_EQ(limit.under_way(), 0);

  http::Body whole = http::Body::text("a");
  http::hold(whole, limit.enter());
  EXPECT_EQ(limit.under_way(), 0);
}

TEST(RequestLimit, WhoHasNoPlaceIsToldWhenToComeAgain) {  // RFC 9110 section 15.6.4
  gateproof::testing::FakeWorld world;
  http::Exchange x(world.env);
  RequestLimit::refuse(x);
  EXPECT_EQ(x.response.status, 503);
  EXPECT_EQ(x.response.headers.get("Retry-After"), "1");
}

}  // namespace
}  // namespace gateproof::pipeline
