#include "engine/pipeline/announced_trailers.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

// One piece, then the trailer `X-T: end`.
class Source final : public http::BodySource {
 public:
  std::optional<Result<http::Chunk>> try_read() override {
    return Result<http::Chunk>(std::exchange(read_, true) ? http::Chunk{{}, true}
                                                          : http::Chunk{"data", false});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }
  const http::Headers* trailers() const override { return &trailers_; }

 private:
  bool read_ = false;
  http::Headers trailers_{{"X-T", "end"}};
};

std::string trailers_of(const http::Headers& head, std::optional<uint64_t> length = std::nullopt,
                        bool http2 = false) {
  gateproof::testing::FakeWorld world;
  http::Response r = http::Response::make(200);
  r.headers = head;
  r.body = http::Body::stream(std::make_unique<Source>(), length);
  repeat_announced(r, http2);
  EXPECT_EQ(r.body.length(), length);
  EXPECT_EQ(r.headers.size(), head.size());  // what is repeated stays
  const auto text = world.run(http::read_all(r.body, 100));
  EXPECT_EQ(**text, "data");
  std::string out;
  for (const auto& f : *r.body.trailers()) {
    out += std::string(f.name) + ": " + std::string(f.value) + "; ";
  }
  return out;
}

TEST(AnnouncedTrailers, FieldsOfTheHeadComeFirst) {  // catalogue 2.2
  EXPECT_EQ(trailers_of({{"Trailer", "X-T"}}), "X-T: end; ");
  EXPECT_EQ(trailers_of({{"X-T", "1"}}), "X-T: end; ");  // not announced
  EXPECT_EQ(trailers_of({{"X-T", "1"}, {"Trailer", "X-U, x-t"}, {"X-U", "2"}}),
            "X-T: 1; X-U: 2; X-T: end; ");
}

TEST(AnnouncedTrailers, BehindABodyOfKnownLengthOverHttp2Alone) {
  EXPECT_EQ(trailers_of({{"X-T", "1"}, {"Trailer", "X-T"}}, 4), "X-T: end; ");
  EXPECT_EQ(trailers_of({{"X-T", "1"}, {"Trailer", "X-T"}}, 4, true), "X-T: 1; X-T: end; ");
}

TEST(AnnouncedTrailers, AnswersWithoutABodyStayAsTheyAre) {
  http::Response r = http::Response::make(204);
  r.headers = {{"X-T", "1"}, {"Trailer", "X-T"}};
  repeat_announced(r, true);
  EXPECT_TRUE(r.body.empty());
}

}  // namespace
}  // namespace gateproof::pipeline
