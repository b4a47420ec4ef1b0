#include "engine/base/frame_pool.h"

#include <gtest/gtest.h>

namespace gateproof {
namespace {

bool pooled() {  // sanitizer builds take every frame from the heap
  frame_pool::release(frame_pool::allocate(64), 64);
  const size_t before = frame_pool::stats().heap_allocations;
  frame_pool::release(frame_pool::allocate(64), 64);
  return frame_pool::stats().heap_allocations == before;
}

TEST(FramePool, SameClassIsReused) {
  if (!pooled()) GTEST_SKIP() << "frames come from the heap in this build";
  void* a = frame_pool::allocate(100);
  frame_pool::release(a, 100);
  EXPECT_EQ(frame_pool::allocate(128), a);  // one class of 64 bytes
  frame_pool::release(a, 128);
  void* c = frame_pool::allocate(129);
  EXPECT_NE(c, a);
  frame_pool::release(c, 129);
}

TEST(FramePool, LiveCountsAndLargeFrames) {
  const size_t live = frame_pool::stats().live;
  const size_t large = frame_pool::frame_bytes_pooled_max + 1;
  void* a = frame_pool::allocate(large);
  EXPECT_EQ(frame_pool::stats().live, live + 1);
  const size_t before = frame_pool::stats().heap_allocations;
  frame_pool::release(a, large);
  frame_pool::release(frame_pool::allocate(large), large);
  EXPECT_EQ(frame_pool::stats().heap_allocations, before + 1);  // never kept
  EXPECT_EQ(frame_pool::stats().live, live);
}

TEST(FramePool, KeepsNoMoreThanTheLimit) {
  if (!pooled()) GTEST_SKIP() << "frames come from the heap in this build";
  std::vector<void*> frames;
  const size_t n = frame_pool::frames_kept_per_class_max + 10;
  for (size_t i = 0; i < n; ++i) frames.push_back(frame_pool::allocate(3000));
  for (void* f : frames) frame_pool::release(f, 3000);
  frames.clear();
  const size_t before = frame_pool::stats().heap_allocations;
  for (size_t i = 0; i < n; ++i) frames.push_back(frame_pool::allocate(3000));
  EXPECT_EQ(frame_pool::stats().heap_allocations - before, 10u);
  for (void* f : frames) frame_pool::release(f, 3000);
}

}  // namespace
}  // namespace gateproof
