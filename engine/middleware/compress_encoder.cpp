#include "engine/middleware/compress_encoder.h"

#include <array>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

namespace gateproof::middleware {
namespace {

constexpr size_t step_bytes = 16384;   // output made per call of a library
constexpr size_t chunk_bytes = 32768;  // compressed bytes gathered before they are handed out

// Levels and windows as Go's libraries have them by default, as far as they can be seen from outside: memory per stream is
// below 1.5 MB for all of them.
constexpr int gzip_level = 6;
constexpr int gzip_window_bits = 15 + 16;  // with a gzip frame
constexpr int brotli_quality = 4;
constexpr int brotli_window_bits = 18;
constexpr int zstd_level = 1;
constexpr int zstd_window_bits = 18;

Error failed(std::string_view library) {
  return Error(Code::io, Source::internal, std::string(library) + " failed to compress");
}

class GzipEncoder final : public Encoder {
 public:
  GzipEncoder() {
    ok_ =
        deflateInit2(&z_, gzip_level, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipEncoder() override {
    if (ok_) deflateEnd(&z_);
  }
  Result<void> write(std::string_view in, Mode mode, std::string& out) override {
    if (!ok_) return failed("zlib");
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    z_.avail_in = static_cast<uInt>(in.size());
    const int flush = mode == Mode::finish  ? Z_FINISH
                      : mode == Mode::flush ? Z_SYNC_FLUSH
                                            : Z_NO_FLUSH;
    std::array<char, step_bytes> step;
    do {
      z_.next_out = reinterpret_cast<Bytef*>(step.data());
      z_.avail_out = static_cast<uInt>(step.size());
      if (deflate(&z_, flush) == Z_STREAM_ERROR) return failed("zlib");
      out.append(step.data(), step.size() - z_.avail_out);
    } while (z_.avail_out == 0);
    return {};
  }

 private:
  z_stream z_{};
  bool ok_ = false;
};

class BrotliEncoder final : public Encoder {
 public:
  BrotliEncoder() : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) return;
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, brotli_quality);
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, brotli_window_bits);
  }
  ~BrotliEncoder() override {
    if (state_) BrotliEncoderDestroyInstance(state_);
  }
  Result<void> write(std::string_view in, Mode mode, std::string& out) override {
    if (!state_) return failed("brotli");
    const BrotliEncoderOperation op = mode == Mode::finish  ? BROTLI_OPERATION_FINISH
                                      : mode == Mode::flush ? BROTLI_OPERATION_FLUSH
                                                            : BROTLI_OPERATION_PROCESS;
    const auto* next = reinterpret_cast<const uint8_t*>(in.data());
    size_t left = in.size();
    do {
      size_t none = 0;
      if (!BrotliEncoderCompressStream(state_, op, &left, &next, &none, nullptr, nullptr)) {
        return failed("brotli");
      }
      size_t n = 0;
      const uint8_t* made = BrotliEncoderTakeOutput(state_, &n);
      out.append(reinterpret_cast<const char*>(made), n);
    } while (left > 0 || BrotliEncoderHasMoreOutput(state_));
    return {};
  }

 private:
  BrotliEncoderState* state_;
};

class ZstdEncoder final : public Encoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, zstd_level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, zstd_window_bits);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }
  Result<void> write(std::string_view in, Mode mode, std::string& out) override {
    if (!context_) return failed("zstd");
    const ZSTD_EndDirective op = mode == Mode::finish  ? ZSTD_e_end
                                 : mode == Mode::flush ? ZSTD_e_flush
                                                       : ZSTD_e_continue;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    std::array<char, step_bytes> step;
    for (;;) {
      ZSTD_outBuffer output{step.data(), step.size(), 0};
      const size_t left = ZSTD_compressStream2(context_, &output, &input, op);
      if (ZSTD_isError(left)) return failed("zstd");
      out.append(step.data(), output.pos);
      const bool done = mode == Mode::go_on ? input.pos == input.size : left == 0;
      if (done) return {};
    }
  }

 private:
  ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(Coding coding) {
  switch (coding) {
    case Coding::gzip: return std::make_unique<GzipEncoder>();
    case Coding::brotli: return std::make_unique<BrotliEncoder>();
    case Coding::zstd: return std::make_unique<ZstdEncoder>();
  }
  return nullptr;
}

Result<std::string> encode_all(Coding coding, std::string_view text) {
  std::string out;
  auto written = make_encoder(coding)->write(text, Encoder::Mode::finish, out);
  if (!written) return written.error();
  return out;
}

CompressedBody::CompressedBody(Coding coding, http::Body inner)
    : encoder_(make_encoder(coding)), inner_(std::move(inner)) {}

Result<void> CompressedBody::take(const Result<http::Chunk>& chunk) {
  if (!chunk) {
    failure_ = chunk.error();
    return flush();
  }
  ended_ = chunk->last;
  unflushed_ = !ended_ && (unflushed_ || !chunk->data.empty());
  const auto mode = ended_ ? Encoder::Mode::finish : Encoder::Mode::go_on;
  return encoder_->write(chunk->data, mode, pending_);
}

Result<void> CompressedBody::flush() {
  if (!unflushed_) return {};
  unflushed_ = false;
  return encoder_->write({}, Encoder::Mode::flush, pending_);
}

Result<http::Chunk> CompressedBody::hand_out() {
  handed_.swap(pending_);
  pending_.clear();
  return http::Chunk{handed_, ended_};
}

std::optional<Result<http::Chunk>> CompressedBody::ready() {
  if (ended_ || pending_.size() >= chunk_bytes) return hand_out();
  if (!failure_) return std::nullopt;
  if (!pending_.empty()) return hand_out();
  return Result<http::Chunk>(*failure_);
}

std::optional<Result<http::Chunk>> CompressedBody::try_read() {
  for (;;) {
    if (auto made = ready()) return made;
    auto chunk = inner_.try_read();
    if (!chunk) break;
    auto taken = take(*chunk);
    if (!taken) return Result<http::Chunk>(taken.error());
  }
  // The other body has no more for now: what came so far goes out.
  auto flushed = flush();
  if (!flushed) return Result<http::Chunk>(flushed.error());
  if (pending_.empty()) return std::nullopt;
  return hand_out();
}

Task<Result<http::Chunk>> CompressedBody::read() {
  for (;;) {
    auto made = try_read();
    if (made) co_return std::move(*made);
    Result<http::Chunk> chunk = co_await inner_.read();
    auto taken = take(chunk);
    if (!taken) co_return taken.error();
  }
}

}  // namespace gateproof::middleware
