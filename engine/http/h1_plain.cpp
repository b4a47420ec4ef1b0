#include "engine/http/h1_plain.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gateproof::http::h1 {
namespace {

using Field = boost::beast::http::field;
static_assert(std::endian::native == std::endian::little);

constexpr size_t known_fields = static_cast<size_t>(Field::xref) + 1;

// Names by their hash, with open addressing.
class KnownFields {
 public:
  KnownFields() {
    for (size_t i = 1; i < known_fields; ++i) {
      const auto name = boost::beast::http::to_string(static_cast<Field>(i));
      texts_[i] = canonical_name({name.data(), name.size()});
      all_[i] = {static_cast<Field>(i), HeaderName(texts_[i])};
      size_t at = slot(all_[i].name.hash);
      while (slots_[at]) at = (at + 1) % slots_.size();
      slots_[at] = static_cast<uint16_t>(i);
    }
  }
  const KnownField& at(size_t field) const { return all_[field]; }
  const KnownField& find(const HeaderName& name) const {
    for (size_t at = slot(name.hash); slots_[at]; at = (at + 1) % slots_.size()) {
      const KnownField& k = all_[slots_[at]];
      if (k.name.hash != name.hash) continue;
      if (k.name.text == name.text || text::iequals(k.name.text, name.text)) return k;
    }
    return all_[0];
  }

 private:
  static constexpr size_t slot_bits = 10;
  static size_t slot(uint32_t hash) { return hash * 0x9E3779B1u >> (32 - slot_bits); }

  std::array<std::string, known_fields> texts_;
  std::array<KnownField, known_fields> all_;
  std::array<uint16_t, size_t{1} << slot_bits> slots_{};
};

const KnownFields& table() {
  static const KnownFields fields;
  return fields;
}

// The first byte that is below `least` (0x21 at most) or DEL; `end` if there is none.
const char* first_below(const char* p, const char* end, uint8_t least) {
  constexpr uint64_t ones = 0x0101010101010101ull, high = ones * 0x80;
  for (; end - p >= 8; p += 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    // Bits above the lowest one may be of a carry; the lowest is right.
    const uint64_t low = (word - ones * least) & ~word;
    const uint64_t del = word ^ ones * 0x7f;
    const uint64_t bad = (low | ((del - ones) & ~del)) & high;
    if (bad) return p + std::countr_zero(bad) / 8;
  }
  while (p != end && static_cast<uint8_t>(*p) >= least && *p != 0x7f) ++p;
  return p;
}

// A text up to its CRLF without control characters but HTAB; `p` is behind it then.
bool read_text(const char*& p, const char* end, std::string_view& out) {
  const char* const begin = p;
  while ((p = first_below(p, end, 0x20)) != end && *p == '\t') ++p;
  if (end - p < 2 || p[0] != '\r' || p[1] != '\n') return false;
  out = {begin, p};
  p += 2;
  return true;
}

// A word without blanks and control characters, and the blank behind it.
bool read_word(const char*& p, const char* end, std::string_view& out) {
  const char* const begin = p;
  p = first_below(p, end, 0x21);
  if (p == begin || p == end || *p != ' ') return false;
  out = {begin, p++};
  return true;
}

bool read_version(const char*& p, const char* end, int& version) {
  constexpr std::string_view name = "HTTP/1.";
  if (end - p <= static_cast<ptrdiff_t>(name.size())) return false;
  if (std::memcmp(p, name.data(), name.size()) != 0) return false;
  p += name.size();
  if (*p != '0' && *p != '1') return false;
  version = 10 + (*p++ - '0');
  return true;
}

// The fields so far that say how long the body is.
struct Framing {
  bool length = false, chunked = false;
};

// What Beast has an opinion about besides the line's form.
bool is_usual(Field f, std::string_view value, Framing& seen) {
  constexpr size_t digits_max = 18;
  switch (f) {
    case Field::connection:
    case Field::proxy_connection: return is_token(value);
    case Field::transfer_encoding:
      return !seen.length && !std::exchange(seen.chunked, true) && text::iequals(value, "chunked");
    case Field::content_length:
      return !seen.chunked && !std::exchange(seen.length, true) && !value.empty() &&
             value.size() <= digits_max && std::all_of(value.begin(), value.end(), text::is_digit);
    default: return true;
  }
}

bool read_lines(const char* p, const char* end, PlainHead& out) {
  if (static_cast<size_t>(end - p) > UINT32_MAX) return false;
  const KnownFields& fields = table();
  Framing seen;
  for (out.count = 0;; ++out.count) {
    if (end - p < 2) return false;
    if (p[0] == '\r') return p[1] == '\n' && p + 2 == end;
    if (out.count == plain_lines_max) return false;
    const auto* const colon =
        static_cast<const char*>(std::memchr(p, ':', static_cast<size_t>(end - p)));
    if (!colon) return false;
    const std::string_view name(p, colon);
    if (!is_token(name)) return false;
    p = colon + 1;
    while (p != end && is_blank(*p)) ++p;
    std::string_view value;
    if (!read_text(p, end, value)) return false;
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    if (p != end && is_blank(*p)) return false;  // goes on in the next line
    const KnownField& known = fields.find(HeaderName(name));
    if (!is_usual(known.field, value, seen)) return false;
    out.lines[out.count] = {&known, name.data(), static_cast<uint32_t>(name.size()),
                            static_cast<uint32_t>(value.data() - name.data()),
                            static_cast<uint32_t>(value.size())};
  }
}

}  // namespace

const KnownField& known_field(Field f) { return table().at(static_cast<size_t>(f)); }
const KnownField& known_field(const HeaderName& name) { return table().find(name); }

bool read_plain_request(std::string_view head, PlainHead& out) {
  const char* p = head.data();
  const char* const end = p + head.size();
  if (!read_word(p, end, out.method) || !is_token(out.method)) return false;
  if (!read_word(p, end, out.target) || !read_version(p, end, out.version)) return false;
  if (end - p < 2 || p[0] != '\r' || p[1] != '\n') return false;
  return read_lines(p + 2, end, out);
}

bool read_plain_response(std::string_view head, PlainHead& out) {
  const char* p = head.data();
  const char* const end = p + head.size();
  if (!read_version(p, end, out.version) || end - p < 5 || p[0] != ' ' || p[4] != ' ') return false;
  if (!std::all_of(p + 1, p + 4, text::is_digit)) return false;
  out.status = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
  p += 5;
  return read_text(p, end, out.reason) && read_lines(p, end, out);
}

}  // namespace gateproof::http::h1
