#include "engine/base/frame_pool.h"

#include <array>
#include <memory>
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

// A free list is not a world: a frame may be born and die on any thread, the block only changes lists. A plain pointer, made
// on the first use, because a thread-local object with a destructor is asked for its state at every access.
#if defined(__GNUC__) && !defined(__clang__)
[[gnu::tls_model("initial-exec")]]
#endif
constinit thread_local Pool* mine = nullptr;

// Ends with the thread. Frames that are released later still (by other objects of the thread) start a new one, which is kept.
struct Owner {
  std::unique_ptr<Pool> pool = std::make_unique<Pool>();
  Owner() { mine = pool.get(); }
  ~Owner() { mine = nullptr; }
};

[[gnu::noinline]] Pool& first_use() {
  thread_local Owner owner;
  if (!mine) mine = new Pool;
  return *mine;
}

inline Pool& pool_of_thread() { return mine ? *mine : first_use(); }

size_t class_of(size_t bytes) { return (bytes + class_bytes - 1) / class_bytes - 1; }

}  // namespace

void* allocate(size_t bytes) {
  Pool& pool = pool_of_thread();
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
  Pool& pool = pool_of_thread();
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

Stats stats() { return pool_of_thread().stats; }

}  // namespace gateproof::frame_pool
