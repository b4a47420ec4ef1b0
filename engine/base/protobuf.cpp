#include "engine/base/protobuf.h"

#include "engine/base/utf8.h"

namespace gateproof::protobuf {
namespace {

constexpr uint32_t field_number_max = 0x1fffffff;

}  // namespace

bool Reader::next(Field& f) {
  if (rest_.empty() || bad_) return false;
  uint64_t key = 0;
  if (!varint(key) || key >> 3 == 0 || key >> 3 > field_number_max) return fail();
  f = Field{};
  f.number = static_cast<uint32_t>(key >> 3);
  f.wire = static_cast<uint32_t>(key & 7);
  if (f.wire == 0) return varint(f.value) || fail();
  if (f.wire == 1) return fixed(8, f.value) || fail();
  if (f.wire == 5) return fixed(4, f.value) || fail();
  uint64_t size = 0;
  if (f.wire != 2 || !varint(size) || size > rest_.size()) return fail();
  f.bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool Reader::fixed(size_t n, uint64_t& value) {
  if (n > rest_.size()) return false;
  for (size_t i = n; i > 0; --i) value = value << 8 | static_cast<unsigned char>(rest_[i - 1]);
  rest_.remove_prefix(n);
  return true;
}

// Up to ten bytes.
bool Reader::varint(uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void Writer::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

void Writer::put(uint32_t field, std::string_view value) {
  varint(uint64_t{field} << 3 | 2);
  varint(value.size());
  out_ += value;
}

void Writer::number(uint32_t field, uint64_t value) {
  if (value == 0) return;
  varint(uint64_t{field} << 3);
  varint(value);
}

void Writer::bytes(uint32_t field, std::string_view value) {
  if (!value.empty()) put(field, value);
}

void Writer::text(uint32_t field, std::string_view value) {
  if (text::is_utf8(value)) return bytes(field, value);
  bytes(field, as_utf8(value));
}

void Writer::message(uint32_t field, const Writer& inner) { put(field, inner.out_); }

std::string as_utf8(std::string_view s) { return text::mended_utf8(s, "!"); }

}  // namespace gateproof::protobuf
