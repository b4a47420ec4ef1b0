#include "engine/http/inflate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zlib.h>

#include "engine/env/testing/fake.h"

namespace gateproof::http {
namespace {

std::string gzip(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// Gives its bytes in pieces, every second one only after a wait.
class Pieces final : public BodySource {
 public:
  Pieces(Scheduler& s, std::string bytes, size_t piece)
      : scheduler_(s), bytes_(std::move(bytes)), piece_(piece) {}
  std::optional<Result<Chunk>> try_read() override {
    if (++calls_ % 2) return std::nullopt;
    return next();
  }
  Task<Result<Chunk>> read() override {
    co_await sleep_for(scheduler_, Duration(1));
    co_return next();
  }

 private:
  Result<Chunk> next() {
    const std::string_view piece = std::string_view(bytes_).substr(at_, piece_);
    at_ += piece.size();
    return Chunk{piece, at_ == bytes_.size()};
  }
  Scheduler& scheduler_;
  std::string bytes_;
  size_t piece_, at_ = 0, calls_ = 0;
};

Result<std::string> unzip(std::string bytes, size_t piece, size_t read_max = 1 << 24,
                          uint64_t bytes_max = UINT64_MAX) {
  testing::FakeWorld w;
  Body body = gunzip(
      Body::stream(std::make_unique<Pieces>(w.scheduler, std::move(bytes), piece), std::nullopt),
      bytes_max);
  auto out = w.run(read_all(body, read_max));
  return out ? *out : Result<std::string>(Error(Code::timeout, "never ended"));
}

TEST(Gunzip, RoundTripHoweverCut) {
  EXPECT_TRUE(rc::check("gunzip(gzip(x)) == x", [](const std::string& text, uint8_t piece) {
    RC_ASSERT(*unzip(gzip(text), piece + 1) == text);
  }));
  const std::string big(3 * inflate_buffer_bytes, 'x');  // exactly full buffers
  for (size_t piece : {1, 7, 100000}) EXPECT_EQ(*unzip(gzip(big), piece), big);
}

TEST(Gunzip, MembersEmptyAndBroken) {
  EXPECT_EQ(*unzip(gzip("a") + gzip("") + gzip("b"), 3), "ab");
  EXPECT_EQ(*unzip("", 1), "");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += gzip("");
  EXPECT_EQ(*unzip(many, many.size()), "");
  const std::string good = gzip("hello hello hello");
  for (const std::string& bad : {good.substr(0, 5), good.substr(0, good.size() - 1), good + "junk",
                                 std::string("plain text"), std::string(20, '\0')}) {
    const auto r = unzip(bad, 4);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::protocol);
  }
}

TEST(Gunzip, R6_OutputLimit) {  // row R6: a bomb is cut, memory stays one buffer
  const std::string bomb = gzip(std::string(1 << 20, '\0'));
  EXPECT_TRUE(unzip(bomb, 512, 1 << 24, 1 << 20));
  EXPECT_EQ(unzip(bomb, 512, 1 << 24, (1 << 20) - 1).error().code, Code::limit);
  EXPECT_EQ(unzip(bomb, 512, 1 << 24, 0).error().code, Code::limit);
}

}  // namespace
}  // namespace gateproof::http
