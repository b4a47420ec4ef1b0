#include "engine/http/read_buffer.h"

namespace gateproof::http {

std::span<char> ReadBuffer::space(size_t bytes_max) {
  if (!data_) {
    data_ = pool_.take();
    capacity_ = pool_.block_bytes();
  }
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_ && capacity_ < bytes_max) {
    const bool parked = capacity_ < pool_.block_bytes();
    const size_t bigger = parked ? pool_.block_bytes() : std::min(capacity_ * 2, bytes_max);
    auto fresh = parked ? pool_.take() : std::make_unique_for_overwrite<char[]>(bigger);
    std::memcpy(fresh.get(), data_.get(), end_);
    if (capacity_ == pool_.block_bytes()) pool_.give(std::move(data_));
    data_ = std::move(fresh);
    capacity_ = bigger;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void ReadBuffer::put(std::string_view bytes) {
  const size_t bytes_max = end_ + bytes.size() + pool_.block_bytes();
  while (!bytes.empty()) {
    const std::span<char> room = space(bytes_max);
    const size_t n = bytes.copy(room.data(), room.size());
    filled(n);
    bytes.remove_prefix(n);
  }
}

IoResult ReadBuffer::fill(Stream& s, size_t bytes_max) {
  if (!data_ && !s.read_ready()) return {};  // who waits holds no block: few are in use, and warm
  const std::span<char> free = space(bytes_max);
  if (free.empty()) return {IoResult::failed, 0, Code::limit};
  const IoResult r = s.try_read(free);
  if (r.kind == IoResult::bytes) filled(r.n);
  if (r.kind == IoResult::would_block && empty()) release();
  return r;
}

void ReadBuffer::park() {
  const size_t n = end_ - begin_;
  if (n == 0 || n > parked_bytes_max || capacity_ != pool_.block_bytes()) return;
  auto place = std::make_unique_for_overwrite<char[]>(n);
  std::memcpy(place.get(), data_.get() + begin_, n);
  pool_.give(std::exchange(data_, std::move(place)));
  capacity_ = end_ = n;
  begin_ = 0;
}

void ReadBuffer::release() {
  if (data_ && capacity_ == pool_.block_bytes()) pool_.give(std::move(data_));
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace gateproof::http
