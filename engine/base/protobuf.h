// Protobuf on the wire: the fields of a message one after the other, read and written. What they mean is the caller's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::protobuf {

struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;       // 0: a number; 1: eight bytes; 2: bytes; 5: four bytes
  uint64_t value = 0;      // of all but bytes
  std::string_view bytes;  // of bytes
};

// Groups, which nobody writes any more, are malformed. Views point into what is read.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  // False: at the end, or bad().
  bool next(Field& f);
  bool bad() const { return bad_; }

 private:
  bool fail() {
    bad_ = true;
    return false;
  }
  bool fixed(size_t n, uint64_t& value);
  bool varint(uint64_t& value);
  std::string_view rest_;
  bool bad_ = false;
};

// As proto3 writes: numbers and bytes that say nothing stay out, messages are there though they be empty.
class Writer {
 public:
  void number(uint32_t field, uint64_t value);
  void bytes(uint32_t field, std::string_view value);
  // A text, whose bytes must be UTF-8.
  void text(uint32_t field, std::string_view value);
  void message(uint32_t field, const Writer& inner);
  const std::string& written() const { return out_; }

 private:
  void varint(uint64_t value);
  void put(uint32_t field, std::string_view value);
  std::string out_;
};

// Bytes that are no UTF-8 become '!', one for one: readers refuse a whole message for one of them.
std::string as_utf8(std::string_view s);

}  // namespace gateproof::protobuf
