// Arena: bump allocation with stable addresses until reset(). Keeps its first block, so that reuse costs no allocation.
#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace gateproof {

class Arena {
 public:
  // What glibc hands out from a thread's own cache: larger blocks cost several times as much.
  static constexpr size_t block_bytes = 1024;

  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

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
    if (blocks_.empty()) return;
    blocks_.resize(1);
    at_ = blocks_.front().data.get();
    left_ = blocks_.front().size;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size;
  };
  void grow(size_t n) {
    const size_t size = n > block_bytes ? n : block_bytes;
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    at_ = blocks_.back().data.get();
    left_ = size;
  }
  std::vector<Block> blocks_;
  char* at_ = nullptr;
  size_t left_ = 0;
};

}  // namespace gateproof
