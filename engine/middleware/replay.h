// What a middleware needs that sends one request several times: the request as it was, and bodies that can be had again.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::middleware {

// Bodies that are kept in memory stop here when the configuration sets no limit; Traefik would go on, in files.
inline constexpr size_t kept_body_bytes_max = 256u << 20;

// A request without its body. Inner middlewares change the request; the next try begins with what the first one got, as
// Traefik gives each try a copy of its own (observed: addPrefix inside retry adds its prefix once).
class SavedRequest {
 public:
  explicit SavedRequest(const http::Exchange& x);
  void restore(http::Exchange& x) const;

 private:
  std::string method_, query_, host_;
  http::UrlPath url_;
  bool has_query_, asterisk_;
  http::Headers headers_;
  std::string target_received_, target_rewritten_, user_;
  bool append_forwarded_for_, suppress_forwarded_for_;
};

// Forgets everything about the try before.
void clear_answer(http::Exchange& x);

// Of an answer that is not passed on: read away so that the server's connection can be used again and what measures it inside
// (circuitBreaker) sees its end; more closes the connection.
inline constexpr size_t replaced_body_bytes_max = 256u << 10;

enum class Drained : uint8_t { whole, left, cut };

// Reads a body away: to its end, until more than bytes_max have come, or to where it is cut short.
Task<Drained> drain(http::Body& body, size_t bytes_max);

// A body that several tries read one after another: what one has taken, the next does not get.
class SharedBody {
 public:
  explicit SharedBody(http::Body body) : body_(std::make_shared<http::Body>(std::move(body))) {}
  http::Body share() const;

 private:
  std::shared_ptr<http::Body> body_;
};

// A body of which the first bytes were read already.
http::Body with_front(std::string front, http::Body rest);

// A body in memory that any number of tries get whole. Its length is shown as it was: a chunked one stays chunked.
class KeptBody {
 public:
  KeptBody(std::string bytes, std::optional<uint64_t> length, const http::Headers* trailers);
  http::Body whole() const;

 private:
  struct Kept {
    std::string bytes;
    std::optional<http::Headers> trailers;
  };
  class Source;
  std::shared_ptr<const Kept> kept_;
  std::optional<uint64_t> length_;
};

// Reads a body into `out` up to bytes_max; Code::limit when there is more (`out` then holds what was read, also beyond).
Task<Result<void>> read_up_to(http::Body& body, size_t bytes_max, std::string& out);

}  // namespace gateproof::middleware
