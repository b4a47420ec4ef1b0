#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Pieces;
using testing::Rig;

// Answers with a body that lasts a while; a request counts until that has been read.
void answer_slowly(Rig& rig) {
  rig.end->answer = [](Exchange& x) {
    x.response.status = 200;
    x.response.body = http::Body::stream(
        std::make_unique<Pieces>(x.env->scheduler, std::vector<std::string>{"ok"}, Duration(1)), 2);
  };
}

TEST(InFlightReq, Amount) {
  Rig rig;
  answer_slowly(rig);
  ASSERT_TRUE(rig.use("inFlightReq", "amount: 2")) << rig.why;
  const auto first = rig.send("/"), second = rig.send("/");
  EXPECT_EQ(second->response.status, 200) << "at the limit";
  const auto third = rig.send("/");
  EXPECT_EQ(third->response.status, 429) << "one over";
  EXPECT_EQ(rig.body_of(*third), "max connections reached: 2");
  EXPECT_EQ(rig.send("/", {"Host: other.test"})->response.status, 200) << "3.1 counted by Host";
  EXPECT_EQ(rig.body_of(*first), "ok");
  EXPECT_EQ(rig.send("/")->response.status, 200) << "one has ended";
}

TEST(InFlightReq, DroppedAnswersAreGivenBack) {
  Rig rig;
  answer_slowly(rig);
  ASSERT_TRUE(rig.use("inFlightReq", "amount: 1"));
  rig.send("/");  // dropped unread
  EXPECT_EQ(rig.send("/")->response.status, 200);
}

TEST(InFlightReq, ZeroRefusesAll) {  // 9.18
  Rig rig;
  ASSERT_TRUE(rig.use("inFlightReq", "amount: 0"));
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 429);
  EXPECT_EQ(rig.body_of(*x), "max connections reached: 0");
}

TEST(InFlightReq, Source) {
  Rig rig;
  answer_slowly(rig);
  ASSERT_TRUE(rig.use("inFlightReq", "{amount: 1, sourceCriterion: {requestHeaderName: X-Key}}"));
  const auto a = rig.send("/", {"X-Key: a"}), b = rig.send("/", {"X-Key: b"});
  EXPECT_EQ(b->response.status, 200);
  EXPECT_EQ(rig.send("/", {"X-Key: a"})->response.status, 429);
}

}  // namespace
}  // namespace gateproof::middleware
