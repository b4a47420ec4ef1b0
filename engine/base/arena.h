// Arena: bump allocation with stable addresses until reset(). Keeps its first block, so that reuse costs no allocation.
#pragma once
#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "engine/base/frame_pool.h"

namespace gateproof {

class Arena {
  struct Block {
    Block* before;
    size_t size;  // of what follows
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };

 public:
  // With the block's own fields a size that the pool has.
  static constexpr size_t block_bytes = 1024 - sizeof(Block);

  Arena() = default;
  Arena(Arena&& o) noexcept { swap(o); }
  Arena& operator=(Arena&& o) noexcept {
    swap(o);
    return *this;
  }
  ~Arena() {
    while (last_) drop_last();
  }

  char* allocate(size_t n) {
    if (n > left_) grow(n);
    char* p = at_;
    at_ += n;
    left_ -= n;
    return p;
  }
  std::string_view copy(std::string_view s) {
    if (s.empty()) return {};
    char* p = allocate(s.size());
    std::memcpy(p, s.data(), s.size());
    return {p, s.size()};
  }
  // Everything given out is gone.
  void reset() {
    if (!last_) return;
    while (last_->before) drop_last();
    at_ = last_->data();
    left_ = last_->size;
  }

 private:
  void grow(size_t n) {
    const size_t size = n > block_bytes ? n : block_bytes;
    last_ = new (frame_pool::allocate(sizeof(Block) + size)) Block{last_, size};
    at_ = last_->data();
    left_ = size;
  }
  void drop_last() {
    Block* const gone = std::exchange(last_, last_->before);
    frame_pool::release(gone, sizeof(Block) + gone->size);
  }
  void swap(Arena& o) {
    std::swap(last_, o.last_);
    std::swap(at_, o.at_);
    std::swap(left_, o.left_);
  }

  Block* last_ = nullptr;
  char* at_ = nullptr;
  size_t left_ = 0;
};

}  // namespace gateproof
