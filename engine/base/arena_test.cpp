#include "engine/base/arena.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof {
namespace {

TEST(Arena, ViewsStayValidWhileItGrows) {
  EXPECT_TRUE(rc::check("copies equal their sources", [](const std::vector<std::string>& texts) {
    Arena arena;
    std::vector<std::string_view> views;
    for (const std::string& t : texts) views.push_back(arena.copy(t));
    views.push_back(arena.copy(std::string(Arena::block_bytes * 3, 'x')));
    for (size_t i = 0; i < texts.size(); ++i) RC_ASSERT(views[i] == texts[i]);
  }));
}

TEST(Arena, ResetKeepsTheFirstBlock) {
  Arena arena;
  const char* first = arena.allocate(16);
  for (int i = 0; i < 100; ++i) arena.allocate(Arena::block_bytes);
  arena.reset();
  EXPECT_EQ(arena.allocate(16), first);
}

TEST(Arena, EmptyCopyAndExactBlock) {
  Arena arena;
  EXPECT_TRUE(arena.copy("").empty());
  char* a = arena.allocate(Arena::block_bytes);
  a[Arena::block_bytes - 1] = 'x';
  char* b = arena.allocate(1);
  EXPECT_NE(a + Arena::block_bytes, nullptr);
  *b = 'y';
  EXPECT_EQ(a[Arena::block_bytes - 1], 'x');
}

}  // namespace
}  // namespace gateproof
