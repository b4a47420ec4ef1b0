// Free lists for coroutine frames: an exchange takes a dozen frames, and malloc would cost more than the work in them.
#pragma once
#include <cstddef>

namespace gateproof::frame_pool {

inline constexpr size_t frame_bytes_pooled_max = 4096;    // larger frames go to the heap
inline constexpr size_t frames_kept_per_class_max = 512;  // per thread and size class of 64 bytes

void* allocate(size_t bytes);
void release(void* frame, size_t bytes) noexcept;

struct Stats {
  size_t heap_allocations = 0;  // frames that were not served from a free list
  size_t live = 0;
};
Stats stats();  // of the calling thread

}  // namespace gateproof::frame_pool
