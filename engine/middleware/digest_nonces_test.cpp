#include "engine/middleware/digest_nonces.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::middleware {
namespace {

using Use = DigestNonces::Use;

TEST(DigestNonces, CountsGrow) {
  DigestNonces nonces;
  nonces.add("a");
  const std::tuple<const char*, uint64_t, Use> rows[] = {
      {"0 is taken", 0, Use::accepted},
      {"again", 0, Use::accepted},
      {"1", 1, Use::accepted},
      {"the same", 1, Use::repeated},
      {"5", 5, Use::accepted},
      {"below", 4, Use::stale},
      {"0 is below now", 0, Use::stale},
      {"the last one", 5, Use::repeated},
      {"the greatest", UINT64_MAX, Use::accepted},
      {"nothing is above", 6, Use::stale},
  };
  for (const auto& [clause, count, want] : rows) EXPECT_EQ(nonces.use("a", count), want) << clause;
  EXPECT_EQ(nonces.use("b", 1), Use::unknown);
}

TEST(DigestNonces, TheLimitOneOverAndZero) {
  DigestNonces nonces({.kept = 10, .tolerance = 2});
  for (int i = 0; i < 13; ++i) nonces.add(std::to_string(i));
  EXPECT_EQ(nonces.size(), 13u);                 // one over 12: the next challenge makes room
  EXPECT_EQ(nonces.use("0", 1), Use::accepted);  // now the last used
  nonces.add("13");
  EXPECT_EQ(nonces.size(), 10u);
  EXPECT_EQ(nonces.use("0", 2), Use::accepted);
  for (const char* gone : {"1", "2", "3", "4"}) EXPECT_EQ(nonces.use(gone, 1), Use::unknown);
  EXPECT_EQ(nonces.use("5", 1), Use::accepted);

  DigestNonces none({.kept = 0, .tolerance = 0});
  none.add("a");
  none.add("b");
  EXPECT_EQ(none.size(), 2u);  // a tolerance of none takes none away
  DigestNonces usual;
  for (int i = 0; i < 1101; ++i) usual.add(std::to_string(i));
  EXPECT_EQ(usual.size(), 1101u);
  usual.add("last");
  EXPECT_EQ(usual.size(), 902u);
}

TEST(DigestNonces, NeverAboveTheLimitAndNeverTwiceTheSameCount) {
  rc::check("nonces", [](const std::vector<std::pair<uint8_t, uint8_t>>& steps) {
    DigestNonces nonces({.kept = 8, .tolerance = 2});
    std::map<std::string, uint64_t> greatest;
    for (const auto& [nonce, count] : steps) {
      const std::string name = std::to_string(nonce % 32);
      if (count % 3 == 0) {
        nonces.add(name);
        RC_ASSERT(nonces.size() <= 11u);
        continue;
      }
      if (nonces.use(name, count) != Use::accepted) continue;
      // A forgotten nonce given out again begins anew: here names repeat, real ones do not.
      greatest[name] = std::max<uint64_t>(greatest[name], count);
      RC_ASSERT(nonces.use(name, count) == Use::repeated);
    }
  });
}

}  // namespace
}  // namespace gateproof::middleware
