#include "engine/base/frame_pool.h"

#include <array>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define GP_FRAMES_FROM_HEAP 1  // so that the sanitizer sees a use after destruction
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GP_FRAMES_FROM_HEAP 1
#endif
#endif

namespace gateproof::frame_pool {
namespace {

constexpr size_t class_bytes = 64;
constexpr size_t classes = frame_bytes_pooled_max / class_bytes;

struct Free {
  Free* next;
};

struct Pool {
  std::array<Free*, classes> head{};
  std::array<size_t, classes> count{};
  Stats stats;
  ~Pool() {
    for (Free*& list : head) {
      while (list) {
        Free* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
  }
};

// A free list is not a world: a frame may be born and die on any thread, the block only changes lists.
thread_local Pool pool;

size_t class_of(size_t bytes) { return (bytes + class_bytes - 1) / class_bytes - 1; }

}  // namespace

void* allocate(size_t bytes) {
  ++pool.stats.live;
#ifndef GP_FRAMES_FROM_HEAP
  if (bytes <= frame_bytes_pooled_max) {
    const size_t c = class_of(bytes);
    if (Free* f = pool.head[c]) {
      pool.head[c] = f->next;
      --pool.count[c];
      return f;
    }
    ++pool.stats.heap_allocations;
    return ::operator new((c + 1) * class_bytes);
  }
#endif
  ++pool.stats.heap_allocations;
  return ::operator new(bytes);
}

void release(void* frame, size_t bytes) noexcept {
  --pool.stats.live;
#ifndef GP_FRAMES_FROM_HEAP
  if (bytes <= frame_bytes_pooled_max) {
    const size_t c = class_of(bytes);
    if (pool.count[c] < frames_kept_per_class_max) {
      pool.head[c] = new (frame) Free{pool.head[c]};
      ++pool.count[c];
      return;
    }
  }
#endif
  ::operator delete(frame);
}

Stats stats() { return pool.stats; }

}  // namespace gateproof::frame_pool
