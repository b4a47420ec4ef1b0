// Bodies: nothing, bytes in memory, or a stream that is read as it is needed (back-pressure: nobody reads ahead of the reader).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/task.h"
#include "engine/http/headers.h"

namespace gateproof::http {

// One piece of a body. `data` is valid until the next read of the same source. `last`: nothing follows.
struct Chunk {
  std::string_view data;
  bool last = false;
};

class BodySource {
 public:
  virtual ~BodySource() = default;
  static void* operator new(size_t bytes) { return frame_pool::allocate(bytes); }
  static void operator delete(void* p, size_t bytes) { frame_pool::release(p, bytes); }
  // What can be had without waiting; nullopt if read() would wait.
  virtual std::optional<Result<Chunk>> try_read() = 0;
  // The next piece. An error (reset, timeout, protocol, limit) ends the body; reading on is not allowed then.
  virtual Task<Result<Chunk>> read() = 0;
  // Fields after the last chunk; null if there are none. Complete once `last` was read.
  virtual const Headers* trailers() const { return nullptr; }
};

class Body {
 public:
  Body() = default;
  static Body text(std::string bytes) {
    Body b;
    b.text_ = std::move(bytes);
    b.length_ = b.text_.size();
    b.view_ = b.text_;
    b.own_ = true;
    return b;
  }
  // Bytes whose length is not told: they are sent chunked.
  static Body untold(std::string bytes);
  // Bytes that outlive the exchange (configuration, literals).
  static Body view(std::string_view bytes) {
    Body b;
    b.view_ = bytes;
    b.length_ = bytes.size();
    return b;
  }
  // `length`: known size in bytes, or nullopt (chunked, or until close).
  static Body stream(std::unique_ptr<BodySource> source, std::optional<uint64_t> length) {
    Body b;
    b.source_ = std::move(source);
    b.length_ = length;
    return b;
  }
  Body(Body&& o) noexcept { *this = std::move(o); }
  Body& operator=(Body&& o) noexcept {
    text_ = std::move(o.text_);
    own_ = o.own_;
    view_ = own_ ? std::string_view(text_) : o.view_;
    source_ = std::move(o.source_);
    length_ = o.length_;
    sent_ = o.sent_;
    o.reset();
    return *this;
  }

  bool streaming() const { return source_ != nullptr; }
  bool empty() const { return !source_ && view_.empty(); }
  std::optional<uint64_t> length() const { return length_; }
  // The bytes of a body that is in memory.
  std::string_view bytes() const { return view_; }
  BodySource* source() { return source_.get(); }
  std::unique_ptr<BodySource> take_source() { return std::move(source_); }
  void reset() {
    text_.clear();
    view_ = {};
    own_ = false;
    source_.reset();
    length_ = 0;
    sent_ = false;
  }

  // One interface for both kinds: a body in memory is one last chunk.
  std::optional<Result<Chunk>> try_read();
  Task<Result<Chunk>> read();
  const Headers* trailers() const { return source_ ? source_->trailers() : nullptr; }

 private:
  std::string text_;
  std::string_view view_;
  bool own_ = false;
  bool sent_ = false;
  std::unique_ptr<BodySource> source_;
  std::optional<uint64_t> length_ = 0;
};

// Reads a body to its end into memory; Code::limit when it is larger than bytes_max.
Task<Result<std::string>> read_all(Body& body, size_t bytes_max);

}  // namespace gateproof::http
