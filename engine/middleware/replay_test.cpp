#include "engine/middleware/replay.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Pieces;
using testing::Rig;

http::Body pieces(Rig& rig, std::vector<std::string> list) {
  return http::Body::stream(
      std::make_unique<Pieces>(rig.world.scheduler, std::move(list), Duration(0)), std::nullopt);
}

std::string text_of(Rig& rig, http::Body body) {
  auto text = rig.world.run(http::read_all(body, 1000));
  return text && *text ? **text : "(no body)";
}

TEST(Replay, ARequestComesBackAsItWas) {
  Rig rig;
  const auto x = rig.request("/a%2Fb?c", {"X-A: 1"});
  const SavedRequest saved(*x);
  x->request.method = "POST";
  x->request.url = {};
  x->request.query = "d";
  x->request.host = "y.test";
  x->request.headers.add("X-B", "2");
  x->user = "u";
  x->suppress_forwarded_for = true;
  saved.restore(*x);
  EXPECT_EQ(x->request.method, "GET");
  EXPECT_EQ(x->request.target(), "/a%2Fb?c");
  EXPECT_EQ(x->request.host, "x.test");
  EXPECT_EQ(x->request.headers.size(), 1u);
  EXPECT_EQ(x->user, "");
  EXPECT_FALSE(x->suppress_forwarded_for);
}

TEST(Replay, KeptBodiesAreWholeEachTimeAndShowTheirLength) {
  Rig rig;
  const http::Headers trailers{{"X-T", "end"}};
  const KeptBody untold("abc", std::nullopt, &trailers);
  const KeptBody told("abc", 3, nullptr);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(untold.whole().length(), std::nullopt);
    EXPECT_EQ(text_of(rig, untold.whole()), "abc");
    EXPECT_EQ(told.whole().length(), 3u);
    EXPECT_EQ(text_of(rig, told.whole()), "abc");
  }
}

TEST(Replay, WhatOneTryHasReadOfASharedBodyTheNextDoesNotGet) {
  Rig rig;
  const SharedBody shared(pieces(rig, {"a", "b", "c"}));
  http::Body first = shared.share();
  const auto chunk = first.try_read();
  ASSERT_TRUE(chunk && *chunk);
  EXPECT_EQ((*chunk)->data, "a");
  EXPECT_EQ(text_of(rig, shared.share()), "bc");
}

TEST(Replay, AFrontIsReadFirst) {
  Rig rig;
  EXPECT_EQ(text_of(rig, with_front("xy", pieces(rig, {"z"}))), "xyz");
}

TEST(Replay, ReadUpToStopsAtItsLimit) {
  for (const size_t bytes : {0u, 3u, 4u, 5u}) {
    Rig rig;
    http::Body body = pieces(rig, {"ab", "cd"});
    std::string out;
    const auto read = rig.world.run(read_up_to(body, bytes, out));
    ASSERT_TRUE(read) << bytes;
    EXPECT_EQ(read->has_value(), bytes >= 4) << bytes;
    if (!read->has_value()) {
      EXPECT_EQ(read->error().code, Code::limit) << bytes;
    }
  }
}

TEST(Replay, DrainTellsHowItEnded) {
  Rig rig;
  http::Body whole = pieces(rig, {"ab", "cd"});
  EXPECT_EQ(rig.world.run(drain(whole, 4)), Drained::whole);
  http::Body more = pieces(rig, {"ab", "cd"});
  EXPECT_EQ(rig.world.run(drain(more, 3)), Drained::left);
  auto source =
      std::make_unique<Pieces>(rig.world.scheduler, std::vector<std::string>{"ab"}, Duration(0));
  source->fail_at_end = Error(Code::reset, "gone");
  http::Body cut = http::Body::stream(std::move(source), std::nullopt);
  EXPECT_EQ(rig.world.run(drain(cut, 100)), Drained::cut);
}

}  // namespace
}  // namespace gateproof::middleware
