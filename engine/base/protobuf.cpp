#include "engine/base/protobuf.h"

namespace gateproof::protobuf {
namespace {

constexpr uint32_t field_number_max = 0x1fffffff;

bool continues(std::string_view s, size_t at, unsigned char low = 0x80, unsigned char high = 0xbf) {
  if (at >= s.size()) return false;
  const auto c = static_cast<unsigned char>(s[at]);
  return c >= low && c <= high;
}

// The length of the character that `s` begins with (RFC 3629: no overlong forms, no surrogates); 0: none.
size_t character(std::string_view s) {
  const auto c = static_cast<unsigned char>(s.front());
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return continues(s, 1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    const unsigned char low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
    return continues(s, 1, low, high) && continues(s, 2) ? 3 : 0;
  }
  if (c < 0xf0 || c > 0xf4) return 0;
  const unsigned char low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
  return continues(s, 1, low, high) && continues(s, 2) && continues(s, 3) ? 4 : 0;
}

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
  if (is_utf8(value)) return bytes(field, value);
  bytes(field, as_utf8(value));
}

void Writer::message(uint32_t field, const Writer& inner) { put(field, inner.out_); }

bool is_utf8(std::string_view s) {
  while (!s.empty()) {
    const size_t n = character(s);
    if (n == 0) return false;
    s.remove_prefix(n);
  }
  return true;
}

std::string as_utf8(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    const size_t n = character(s);
    out += n == 0 ? std::string_view("!") : s.substr(0, n);
    s.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace gateproof::protobuf
