// HTTP/1.1 framing, sans-IO: bytes in, events out (RFC 9112). Derived from Beast's basic_parser, which is hidden in the .cpp
// files; what Beast lets through and a proxy must not is refused here (catalogue of checks: reliability rules 2.1).
//
// parse() looks at the bytes that were not consumed yet and gives one event. The caller drops `consumed` bytes, adds what it
// read, and calls again. Events depend on the bytes only, never on how they were cut. Nothing is allocated in steady state:
// parsers are reset and used again.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "engine/http/headers.h"
#include "engine/http/message.h"
#include "engine/http/url.h"

namespace gateproof::http::h1 {

inline constexpr size_t head_bytes_slack =
    4096;  // Go's server reads this much more than maxHeaderBytes
inline constexpr size_t max_header_bytes_default =
    1'048'576;  // entry point option http.maxHeaderBytes (catalogue 2.1)

struct Limits {
  size_t head_bytes_max =
      max_header_bytes_default + head_bytes_slack;  // start line, fields and the empty line: 431
  size_t start_line_bytes_max =
      SIZE_MAX;                // without CRLF: 414 for requests. Traefik has none but the head's
  size_t fields_max = 10'000;  // field lines of one head: 431
  size_t chunk_line_bytes_max = 4096;  // size, extensions and CRLF: 400
  size_t trailer_bytes_max = 65'536;   // all trailer lines: 400
  // Names keep their spelling, and a target of no known form is taken as a path: for servers that play upstreams and show
  // what they were sent.
  bool verbatim = false;
};

enum class Event : uint8_t {
  need_more,  // nothing to say without more bytes
  head,       // head() is complete
  body,       // `data` is a piece of the body
  end,        // the message is complete; trailers() too
  error,      // error(); the connection cannot go on
};

struct Step {
  Event event = Event::need_more;
  size_t consumed = 0;
  std::string_view data;  // views into the input
};

// Why a message was refused. For requests, `status` and `text` are Go's server's (catalogue 1.4 and 2.1).
struct Failure {
  int status = 400;
  std::string_view text;  // static; after "400 Bad Request: ", "" for none
  std::string_view why;   // static; for logs and traces
  // The whole answer as Go's server sends it before it closes the connection.
  std::string answer() const;
};

enum class BodyKind : uint8_t { none, length, chunked, until_close };
enum class Expect : uint8_t { none, continue_100, other };

struct RequestHead {
  std::string method;
  std::string target;     // as received
  Target parts;           // views into `target`
  std::string host;       // the authority of an absolute-form target, else the Host line's value
  bool has_host = false;  // a Host line was there (HTTP/1.0 may do without)
  Version version = Version::http11;
  Headers headers;  // names in Go's canonical spelling; without Host, Transfer-Encoding and Trailer
  BodyKind body = BodyKind::none;
  uint64_t length = 0;
  bool keep_alive = true;
  bool upgrade = false;  // Connection: upgrade and an Upgrade field
  Expect expect = Expect::none;
};

struct ResponseHead {
  int status = 0;
  std::string reason;
  Version version = Version::http11;
  Headers headers;  // without Transfer-Encoding
  BodyKind body = BodyKind::none;
  uint64_t length = 0;
  bool keep_alive =
      true;  // the connection may be used again once the message has ended, if no byte follows it
  bool upgrade = false;  // 101: the bytes after this head are not HTTP
};

class RequestParser {
 public:
  explicit RequestParser(const Limits& limits = {});
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  Step parse(std::string_view input);
  // For the next request on the same connection. The head is cleared, its memory kept.
  void reset();

  // The caller may swap parts out (headers, strings); `parts` views `target`.
  RequestHead& head();
  const Headers& trailers() const;
  const Failure& error() const;
  bool done() const;  // Event::end was given

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseParser {
 public:
  explicit ResponseParser(const Limits& limits = {});
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  // For the answer to the next request, or the head that follows an interim (1xx) one. An answer to HEAD has no body.
  void reset(bool head_request);
  Step parse(std::string_view input);
  // The peer closed. Event::end for a body that ends so, Event::error for a message cut short.
  Step finish();

  ResponseHead& head();
  const Headers& trailers() const;
  const Failure& error() const;
  bool done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateproof::http::h1
