// Two ends of a connection in memory, without latency, with a window that may be small.
#pragma once
#include "engine/env/transport.h"

namespace gateproof::testing {

class PairedStream final : public Stream {
 public:
  static std::pair<std::unique_ptr<PairedStream>, std::unique_ptr<PairedStream>> make(
      Scheduler& s, size_t window = 1u << 20) {
    auto a = std::make_unique<PairedStream>(s, window);
    auto b = std::make_unique<PairedStream>(s, window);
    a->other_ = b.get();
    b->other_ = a.get();
    return {std::move(a), std::move(b)};
  }
  PairedStream(Scheduler& s, size_t window) : Stream(s), window_(window) {}
  ~PairedStream() override {
    close();
    if (other_) other_->other_ = nullptr;
  }

  IoResult try_read(std::span<char> into) override {
    if (in_.empty()) return {in_ended_ ? IoResult::eof : IoResult::would_block};
    const size_t n = std::min(into.size(), std::min(in_.size(), read_at_once));
    std::copy_n(in_.data(), n, into.data());
    in_.erase(0, n);
    if (other_) other_->notify_writable();
    return {IoResult::bytes, n};
  }
  IoResult try_write(std::span<const std::string_view> pieces) override {
    if (!other_ || out_ended_) return {IoResult::failed, 0, Code::reset};
    size_t n = 0;
    for (const std::string_view piece : pieces) {
      const size_t part = std::min(piece.size(), room());
      other_->in_ += piece.substr(0, part);
      n += part;
    }
    if (n == 0 && room() == 0) return {};
    ++writes;
    other_->notify_readable();
    return {IoResult::bytes, n};
  }
  void shutdown_write() override {
    out_ended_ = true;
    if (!other_) return;
    other_->in_ended_ = true;
    other_->notify_readable();
  }
  void close() override {
    if (!out_ended_) shutdown_write();
  }
  SocketAddress peer() const override { return {IpAddress::v4(127, 0, 0, 1), 50000}; }
  SocketAddress local() const override { return {IpAddress::v4(127, 0, 0, 1), 443}; }
  bool ended() const override { return in_ended_; }
  bool read_ready() const override { return !in_.empty() || in_ended_; }
  bool write_ready() const override { return !other_ || out_ended_ || room() > 0; }

  size_t read_at_once = SIZE_MAX;
  size_t writes = 0;  // calls that took something

 private:
  size_t room() const { return window_ > other_->in_.size() ? window_ - other_->in_.size() : 0; }

  PairedStream* other_ = nullptr;
  size_t window_;
  std::string in_;
  bool in_ended_ = false, out_ended_ = false;
};

}  // namespace gateproof::testing
