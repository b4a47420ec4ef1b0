// What both HTTP/1 parsers share: finding whole heads and chunk lines before Beast sees them. Included by h1_*.cpp only.
#pragma once
#include <optional>

#include <boost/beast/http/basic_parser.hpp>

#include "engine/http/h1_parser.h"
#include "engine/http/h1_plain.h"

namespace gateproof::http::h1 {

// Finds the end of a head: the byte after CRLFCRLF. Remembers how far it looked. A line end without CR is an error (RFC 9112
// section 2.2 allows to accept it; a proxy that does so reads another message than its neighbours).
class HeadScanner {
 public:
  enum class Found : uint8_t { no, yes, bare_lf };
  void reset() { from_ = 0; }
  Found find(std::string_view input, size_t& end);

 private:
  size_t from_ = 0;  // line start of the line not seen whole, or the place to go on inside it
};

// One Connection, Upgrade, Content-Length or Transfer-Encoding rule for both directions.
struct FramingFields {
  bool close = false;
  bool keep_alive = false;
  bool upgrade_token = false;
  bool upgrade_field = false;
  bool chunked = false;
  bool bad_coding = false;  // anything but a single "chunked"
  bool length_known = false;
  bool bad_length = false;  // not 1*DIGIT, too large, or more than one line
  uint64_t length = 0;

  void connection(std::string_view value);
  void content_length(std::string_view value);
  void transfer_encoding(std::string_view value);
};

bool is_chunk_extension(std::string_view ext);

// What chunk lines may have beyond 16 bytes each and twice their data, summed up: who sends a body of single bytes with long
// extensions makes others work for nothing (Go's rule; its reader gives up at the same number).
inline constexpr int64_t chunk_excess_bytes_max = 16 * 1024;

// The body side of both parsers: feeds Beast only whole chunk lines, and body bytes as they come.
struct BodyCursor {
  bool chunked = false;
  bool first_chunk = true;
  uint64_t chunk_left = 0;
  size_t scanned = 0;
  int64_t excess = 0;

  void reset() { *this = {}; }
  // Blanks at the end of the size that comes next, where the line's end is there.
  size_t padding(std::string_view input) const;
  // A chunk line of so many bytes, with its CRLF; false: there were too many of them for the data.
  bool count(size_t line_bytes, uint64_t data_bytes);
  // In a chunked body between chunks: how many bytes make the next chunk line (with the CRLF of the chunk before), or the
  // last chunk with its trailers. 0: not there yet. nullopt: refused.
  std::optional<size_t> line(std::string_view input, const Limits& limits);
};

// Beast's basic_parser with hooks that write into our own heads. `Sink` has: start_line(...), field(...).
template <bool isRequest, class Sink>
class BeastParser final : public boost::beast::http::basic_parser<isRequest> {
 public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;

  explicit BeastParser(Sink& sink) : sink_(sink) {
    this->header_limit(UINT32_MAX);  // ours are checked before Beast is called
    this->body_limit(boost::none);
    this->eager(false);
  }

  // Makes it one that has read the head of a chunked message; nobody hears of that head.
  void begin_chunks() {
    constexpr std::string_view head = isRequest
                                          ? "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                          : "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n";
    silent_ = true;
    error_code ec;
    this->put({head.data(), head.size()}, ec);
    silent_ = false;
  }

  std::string_view data;  // what the last put() found of the body
  uint64_t chunk_size = 0;
  bool finished = false;

 private:
  static std::string_view sv(string_view s) { return {s.data(), s.size()}; }
  static error_code refuse() { return boost::beast::http::error::bad_value; }

  void on_request_impl(verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    if constexpr (isRequest) {
      if (!silent_ && !sink_.start_line(sv(method), sv(target), version)) ec = refuse();
    }
  }
  void on_response_impl(int status, string_view reason, int version, error_code& ec) override {
    if constexpr (!isRequest) {
      if (!silent_ && !sink_.start_line(status, sv(reason), version)) ec = refuse();
    }
  }
  void on_field_impl(field f, string_view name, string_view value, error_code& ec) override {
    if (!silent_ && !sink_.field(f, sv(name), sv(value))) ec = refuse();
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override {
    data = sv(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, string_view ext, error_code& ec) override {
    chunk_size = size;
    // As of Content-Length: what others may read as a negative number is none.
    if (size > static_cast<std::uint64_t>(INT64_MAX)) ec = boost::beast::http::error::bad_chunk;
    if (!is_chunk_extension(sv(ext))) ec = boost::beast::http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    data = sv(body);
    return body.size();
  }
  void on_finish_impl(error_code&) override { finished = true; }

  Sink& sink_;
  bool silent_ = false;
};

// Body bytes after a plain head.
inline Step parse_body(PlainBody& body, std::string_view input) {
  if (body.finished()) return {Event::end, 0, {}};
  if (input.empty()) return {};
  const std::string_view data = body.take(input);
  return {Event::body, data.size(), data};
}

// Whether Beast's view of a value lies behind its name on the same line: else the field was folded (RFC 9112 section 5.2).
bool on_one_line(std::string_view name, std::string_view value, std::string_view head);

// Body bytes or chunk lines after a head that Beast has read; the same for both directions. `fail` is told why.
template <class Parser, class Fail>
Step parse_body(Parser& parser, BodyCursor& cursor, const Limits& limits, std::string_view input,
                Fail fail) {
  if (parser.finished) return {Event::end, 0, {}};
  if (input.empty()) return {};
  std::string_view piece = input;
  const bool line = cursor.chunked && cursor.chunk_left == 0;
  if (line) {
    const auto n = cursor.line(input, limits);
    if (!n) return fail("malformed or oversized chunk line");
    if (*n == 0) return {};
    piece = input.substr(0, *n);
  }
  parser.data = {};
  boost::beast::error_code ec;
  const size_t consumed = parser.put({piece.data(), piece.size()}, ec);
  if (ec) return fail(line ? "malformed chunk line or trailer" : "malformed body");
  if (!line) {
    if (cursor.chunked) cursor.chunk_left -= parser.data.size();
    return {Event::body, consumed, parser.data};
  }
  const size_t line_bytes = consumed - (cursor.first_chunk ? 0 : 2);
  if (!parser.finished && !cursor.count(line_bytes, parser.chunk_size))
    return fail("chunk lines with too little data");
  cursor.first_chunk = false;
  cursor.scanned = 0;
  cursor.chunk_left = parser.chunk_size;
  if (parser.finished) return {Event::end, consumed, {}};
  if (consumed == input.size()) return {Event::need_more, consumed, {}};
  Step rest = parse_body(parser, cursor, limits, input.substr(consumed), fail);
  rest.consumed += consumed;
  return rest;
}

}  // namespace gateproof::http::h1
