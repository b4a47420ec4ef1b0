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

// For what a request needs beside its frames: as many live at once as requests are under way, which is more of a size than the C
// library keeps at hand.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class U>
  Allocator(const Allocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(frame_pool::allocate(n * sizeof(T))); }
  void deallocate(T* p, size_t n) noexcept { release(p, n * sizeof(T)); }
  friend bool operator==(const Allocator&, const Allocator&) { return true; }
};

}  // namespace gateproof::frame_pool
