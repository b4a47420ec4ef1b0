// The usual head: a start line and lines of `name: value` with nothing odd about them. It is read in one pass and without Beast.
// What is odd (folded lines, other codings than chunked, lists of connection options, whatever is no legal HTTP) is left to Beast, so that
// there is one judge of it; of what is taken here Beast would say the same (h1_plain_test.cpp).
#pragma once
#include <array>

#include <boost/beast/http/field.hpp>

#include "engine/http/headers.h"

namespace gateproof::http::h1 {

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }  // OWS: RFC 9110 section 5.6.3

inline constexpr size_t plain_lines_max = 64;  // a head with more is Beast's, too

// A field that Beast knows: its number, and its name in Go's canonical spelling (static).
struct KnownField {
  boost::beast::http::field field = boost::beast::http::field::unknown;
  HeaderName name{""};
};
const KnownField& known_field(boost::beast::http::field f);
// By a name in any spelling; that of field::unknown if there is none.
const KnownField& known_field(const HeaderName& name);

// All views are into the text that was read.
struct PlainHead {
  struct Line {  // of plain parts: most of the many are never touched, at no cost
    const KnownField* known;
    const char* at;
    uint32_t name_bytes, value_at, value_bytes;
    std::string_view name() const { return {at, name_bytes}; }
    std::string_view value() const { return {at + value_at, value_bytes}; }
  };
  std::string_view method, target;  // of a request
  std::string_view reason;          // of an answer,
  int status;                       // three digits
  int version;                      // 10 or 11
  std::array<Line, plain_lines_max> lines;
  size_t count;
};

// `head`: to its empty line. False: Beast has to look at it.
bool read_plain_request(std::string_view head, PlainHead& out);
bool read_plain_response(std::string_view head, PlainHead& out);

// A body behind a plain head, if it is not chunked.
struct PlainBody {
  uint64_t left = 0;
  bool until_close = false;

  bool finished() const { return left == 0 && !until_close; }
  // The part of the input that belongs to it.
  std::string_view take(std::string_view input) {
    if (until_close) return input;
    const std::string_view data = input.substr(0, left);
    left -= data.size();
    return data;
  }
};

}  // namespace gateproof::http::h1
