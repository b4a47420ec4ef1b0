#include "engine/http/h2_hpack.h"

#include <nghttp2/nghttp2.h>

#include "engine/base/arena.h"
#include "engine/base/text.h"

namespace gateproof::http::h2 {
namespace {

uint8_t* bytes_of(const char* text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text));  // nghttp2 does not write there
}

std::string_view view_of(const uint8_t* at, size_t n) {
  return {reinterpret_cast<const char*>(at), n};
}

}  // namespace

struct HpackDecoder::Impl {
  ~Impl() { nghttp2_hd_inflate_del(coder); }
  nghttp2_hd_inflater* coder = nullptr;
};

HpackDecoder::HpackDecoder() = default;
HpackDecoder::~HpackDecoder() = default;

bool HpackDecoder::make() {
  if (impl_) return true;
  auto fresh = std::make_unique<Impl>();
  if (nghttp2_hd_inflate_new(&fresh->coder) != 0) return false;
  impl_ = std::move(fresh);
  return table_bytes_ == table_bytes_default ||
         nghttp2_hd_inflate_change_table_size(impl_->coder, table_bytes_) == 0;
}

void HpackDecoder::set_table_bytes(size_t bytes) {
  table_bytes_ = bytes;
  if (impl_) nghttp2_hd_inflate_change_table_size(impl_->coder, bytes);
}

bool HpackDecoder::decode(std::string_view piece, bool last, FieldSink& sink) {
  if (!make()) return false;
  for (;;) {
    nghttp2_nv nv;
    int flags = 0;
    const ssize_t n = nghttp2_hd_inflate_hd2(impl_->coder, &nv, &flags, bytes_of(piece.data()),
                                             piece.size(), last ? 1 : 0);
    if (n < 0) return false;
    piece.remove_prefix(static_cast<size_t>(n));
    if (flags & NGHTTP2_HD_INFLATE_EMIT)
      sink.field(view_of(nv.name, nv.namelen), view_of(nv.value, nv.valuelen));
    if (flags & NGHTTP2_HD_INFLATE_FINAL) {
      nghttp2_hd_inflate_end_headers(impl_->coder);
      return true;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && piece.empty()) return !last;
  }
}

struct HpackEncoder::Impl {
  ~Impl() { nghttp2_hd_deflate_del(coder); }
  nghttp2_hd_deflater* coder = nullptr;
  std::vector<nghttp2_nv> fields;
  Arena names;
};

HpackEncoder::HpackEncoder(size_t table_bytes_max) : table_bytes_max_(table_bytes_max) {}
HpackEncoder::~HpackEncoder() = default;

bool HpackEncoder::make() {
  if (impl_) return true;
  auto fresh = std::make_unique<Impl>();
  if (nghttp2_hd_deflate_new(&fresh->coder, table_bytes_max_) != 0) return false;
  impl_ = std::move(fresh);
  if (peer_table_bytes_ == table_bytes_default && table_bytes_max_ == table_bytes_default)
    return true;
  const size_t bytes = std::min(peer_table_bytes_, table_bytes_max_);
  return nghttp2_hd_deflate_change_table_size(impl_->coder, bytes) == 0;
}

void HpackEncoder::set_peer_table_bytes(size_t bytes) {
  peer_table_bytes_ = bytes;
  if (impl_) nghttp2_hd_deflate_change_table_size(impl_->coder, std::min(bytes, table_bytes_max_));
}

void HpackEncoder::add(std::string_view name, std::string_view value, bool secret) {
  if (!make()) return;
  char* low = impl_->names.allocate(name.size());
  for (size_t i = 0; i < name.size(); ++i) low[i] = text::lower(name[i]);
  impl_->fields.push_back(
      {bytes_of(low), bytes_of(value.data()), name.size(), value.size(),
       static_cast<uint8_t>(secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)});
}

bool HpackEncoder::finish(std::string& out) {
  if (!make()) return false;
  auto& fields = impl_->fields;
  const size_t had = out.size();
  out.resize(had + nghttp2_hd_deflate_bound(impl_->coder, fields.data(), fields.size()));
  const ssize_t n = nghttp2_hd_deflate_hd(impl_->coder, bytes_of(out.data() + had),
                                          out.size() - had, fields.data(), fields.size());
  out.resize(had + (n > 0 ? static_cast<size_t>(n) : 0));
  fields.clear();
  impl_->names.reset();
  return n >= 0;
}

}  // namespace gateproof::http::h2
