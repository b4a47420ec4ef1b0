#include "engine/middleware/compress_encoder.h"

#include <gtest/gtest.h>

#include "engine/http/inflate.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Pieces;
using testing::Rig;
using Mode = Encoder::Mode;

constexpr Coding codings[] = {Coding::gzip, Coding::brotli, Coding::zstd};

std::string gunzipped(Rig& rig, std::string text) {
  http::Body body = http::gunzip(http::Body::text(std::move(text)));
  auto out = rig.world.run(http::read_all(body, 64u << 20));
  return out && *out ? **out : "(broken)";
}

// The beginning of each format: gzip (RFC 1952 section 2.3.1), zstd (RFC 8878 section 3.1.1); brotli has none.
TEST(CompressEncoder, Formats) {
  EXPECT_EQ(encode_all(Coding::gzip, "x").value().substr(0, 3), "\x1f\x8b\x08");
  EXPECT_EQ(encode_all(Coding::zstd, "x").value().substr(0, 4), "\x28\xb5\x2f\xfd");
  for (Coding c : codings) {
    EXPECT_FALSE(encode_all(c, "").value().empty()) << "nothing is a stream, too";
    EXPECT_LT(encode_all(c, std::string(100'000, 'a')).value().size(), 300u) << coding_name(c);
  }
}

TEST(CompressEncoder, SizesAroundItsSteps) {
  Rig rig;
  for (size_t n : {0u, 1u, 16383u, 16384u, 16385u, 32768u, 100'000u}) {
    std::string text;  // does not compress: output passes every step
    auto random = rig.world.random.stream("text");
    while (text.size() < n) text += static_cast<char>(random.next());
    EXPECT_EQ(gunzipped(rig, encode_all(Coding::gzip, text).value()), text) << n;
  }
}

TEST(CompressEncoder, FlushMakesReadable) {
  for (Coding c : codings) {
    const auto encoder = make_encoder(c);
    std::string out;
    ASSERT_TRUE(encoder->write("abc", Mode::go_on, out));
    const size_t held = out.size();
    ASSERT_TRUE(encoder->write({}, Mode::flush, out));
    EXPECT_GT(out.size(), held) << coding_name(c);
    const size_t flushed = out.size();
    ASSERT_TRUE(encoder->write({}, Mode::finish, out));
    EXPECT_GT(out.size(), flushed) << coding_name(c);
  }
}

// A body that would block: what has come goes out before the wait.
TEST(CompressEncoder, BodyHandsOutWhatCame) {
  Rig rig;
  auto pieces = std::make_unique<Pieces>(rig.world.scheduler, std::vector<std::string>{"a", "b"},
                                         std::chrono::seconds(1));
  http::Body slow = http::Body::stream(std::move(pieces), std::nullopt);
  CompressedBody body(Coding::gzip, std::move(slow));
  EXPECT_FALSE(body.try_read()) << "nothing has come";
  const auto first = rig.world.run(body.read());
  ASSERT_TRUE(first && *first);
  EXPECT_FALSE((*first)->data.empty());
  EXPECT_FALSE((*first)->last);
  EXPECT_EQ(rig.world.clock.now().time_since_epoch(), std::chrono::seconds(1));
}

}  // namespace
}  // namespace gateproof::middleware
