#include "engine/sim/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::sim {
namespace {

uint64_t digest_of(std::initializer_list<std::string_view> texts) {
  Digest d(Digest::of(1));
  for (std::string_view t : texts) d.add(t);
  return d.value();
}

TEST(Digest, TheSameTextsGiveTheSameValue) {
  EXPECT_EQ(digest_of({"GET", "/path"}), digest_of({"GET", "/path"}));
}

TEST(Digest, NeighboursSeedsAndOrderAreKeptApart) {
  EXPECT_NE(digest_of({"ab", "c"}), digest_of({"a", "bc"}));
  EXPECT_NE(digest_of({"a", "b"}), digest_of({"b", "a"}));
  EXPECT_NE(digest_of({"", "a"}), digest_of({"a", ""}));
  EXPECT_NE(Digest::of(1), Digest::of(2));
  EXPECT_NE(digest_of({}), digest_of({""}));
}

// Every byte counts, at every length and place.
TEST(Digest, OneChangedByteIsSeen) {
  const bool ok = rc::check([] {
    const auto text = *rc::gen::nonEmpty<std::string>();
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    std::string other = text;
    other[at] = static_cast<char>(other[at] ^ 1);
    RC_ASSERT(digest_of({text}) != digest_of({other}));
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::sim
