// ReadBuffer: bytes read but not yet consumed, in one block that is borrowed only while there is something to read.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/env/transport.h"

namespace gateproof::http {

// Blocks of one size, kept for the next borrower, the one that was used last first. One per event loop.
class BlockPool {
 public:
  static constexpr size_t kept_bytes_max =
      2u << 20;  // what a rush has needed beyond goes back to the heap

  explicit BlockPool(size_t block_bytes)
      : block_bytes_(block_bytes), kept_max_(kept_bytes_max / block_bytes) {}
  size_t block_bytes() const { return block_bytes_; }
  size_t kept() const { return free_.size(); }
  std::unique_ptr<char[]> take() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_bytes_);
    std::unique_ptr<char[]> b = std::move(free_.back());
    free_.pop_back();
    return b;
  }
  void give(std::unique_ptr<char[]> b) {
    if (b && free_.size() < kept_max_) free_.push_back(std::move(b));
  }

 private:
  size_t block_bytes_;
  size_t kept_max_;
  std::vector<std::unique_ptr<char[]>> free_;
};

class ReadBuffer {
 public:
  static constexpr size_t parked_bytes_max = 1024;

  explicit ReadBuffer(BlockPool& pool) : pool_(pool) {}
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;
  ~ReadBuffer() { release(); }

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Where to read to: the free space behind the bytes, made by moving them or, up to `bytes_max` in all, by growing. Empty when
  // the limit is reached.
  std::span<char> space(size_t bytes_max);
  void filled(size_t n) { end_ += n; }
  // Adds bytes that were read elsewhere, however many.
  void put(std::string_view bytes);
  // One read from the stream into the free space. Where nothing comes and nothing is unread the block is given back: of many that
  // wait few read at a time.
  IoResult fill(Stream& s, size_t bytes_max);
  // Gives the block back, and keeps up to parked_bytes_max unread bytes in a place of their size: for a peer that is slow with
  // the rest.
  void park();
  // Gives the block back; what is unread is lost.
  void release();

 private:
  BlockPool& pool_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace gateproof::http
