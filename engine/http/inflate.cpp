#include "engine/http/inflate.h"

#include <zlib.h>

namespace gateproof::http {
namespace {

class Gunzip final : public BodySource {
 public:
  Gunzip(Body body, uint64_t bytes_max) : body_(std::move(body)), bytes_max_(bytes_max) {
    constexpr int gzip_only = 16;
    ready_ = inflateInit2(&z_, MAX_WBITS + gzip_only) == Z_OK;
  }
  ~Gunzip() override {
    if (ready_) inflateEnd(&z_);
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  std::optional<Result<Chunk>> try_read() override {
    for (;;) {
      if (auto done = step()) return done;
      std::optional<Result<Chunk>> in = body_.try_read();
      if (!in) return std::nullopt;
      if (!*in) return in;
      take(**in);
    }
  }

  Task<Result<Chunk>> read() override {
    for (;;) {
      std::optional<Result<Chunk>> done = step();
      if (done) co_return std::move(*done);
      Result<Chunk> in = co_await body_.read();
      if (!in) co_return in;
      take(*in);
    }
  }

  const Headers* trailers() const override { return body_.trailers(); }

 private:
  void take(const Chunk& in) {
    input_ = in.data;
    input_last_ = in.last;
    any_ = any_ || !in.data.empty();
  }

  // Output from what is there; nullopt when more input is needed.
  std::optional<Result<Chunk>> step() {
    if (!ready_) return Result<Chunk>(broken("no memory for a gzip reader"));
    while (!input_.empty() || pending_) {
      if (at_member_end_) {  // another member follows (RFC 1952 section 2.2)
        inflateReset(&z_);
        at_member_end_ = false;
      }
      const Result<size_t> made = inflate_some();
      if (!made) return Result<Chunk>(made.error());
      if (*made > 0) return Result<Chunk>(Chunk{{buffer_.get(), *made}, complete()});
    }
    if (!input_last_) return std::nullopt;
    if (any_ && !at_member_end_) return Result<Chunk>(broken("gzip body cut short"));
    return Result<Chunk>(Chunk{{}, true});
  }

  bool complete() const { return input_last_ && input_.empty() && at_member_end_; }

  Result<size_t> inflate_some() {
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
    z_.avail_in = static_cast<uInt>(std::min<size_t>(input_.size(), UINT32_MAX));
    z_.next_out = reinterpret_cast<Bytef*>(buffer_.get());
    z_.avail_out = inflate_buffer_bytes;
    const size_t offered = z_.avail_in;
    const int rc = inflate(&z_, Z_NO_FLUSH);
    const size_t taken = offered - z_.avail_in;
    input_.remove_prefix(taken);
    const size_t made = inflate_buffer_bytes - z_.avail_out;
    if (rc != Z_OK && rc != Z_STREAM_END && !(rc == Z_BUF_ERROR && pending_))
      return broken("broken gzip body");
    at_member_end_ = rc == Z_STREAM_END;
    pending_ = !at_member_end_ && z_.avail_out == 0;
    if (made > bytes_max_)
      return Error(Code::limit, Source::upstream, "decompressed body too large");
    bytes_max_ -= made;
    return made;
  }

  static Error broken(std::string text) {
    return Error(Code::protocol, Source::upstream, std::move(text));
  }

  Body body_;
  uint64_t bytes_max_;
  z_stream z_{};
  bool ready_ = false;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(inflate_buffer_bytes);
  std::string_view input_;
  bool input_last_ = false;
  bool any_ = false;
  bool at_member_end_ = false;
  bool pending_ = false;  // the output buffer was full: zlib may hold more
};

}  // namespace

Body gunzip(Body body, uint64_t bytes_max) {
  return Body::stream(std::make_unique<Gunzip>(std::move(body), bytes_max), std::nullopt);
}

}  // namespace gateproof::http
