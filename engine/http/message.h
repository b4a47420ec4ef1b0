// Request and Response as every layer sees them.
#pragma once
#include "engine/http/body.h"
#include "engine/http/headers.h"
#include "engine/http/url.h"

namespace gateproof::http {

enum class Version : uint8_t { http10, http11, http2 };

struct Request {
  std::string method = "GET";
  UrlPath url;             // normalised and sanitised; middlewares change it
  std::string query;       // without '?'
  bool has_query = false;  // a bare '?' is kept
  std::string host;        // as sent (Host field or authority); middlewares may change it
  Version version = Version::http11;
  Headers headers;  // without Host
  Body body;
  bool asterisk = false;  // OPTIONS *

  // Path and query as the next hop gets them; "/" for an empty path.
  std::string target() const;
  void reset();
};

struct Response {
  int status = 0;      // 0: none yet
  std::string reason;  // empty: the usual phrase
  Headers headers;
  Body body;
  std::unique_ptr<Headers>
      trailers;  // known before the body ends (scripted answers); else body.trailers()

  void reset();
  // A complete small answer made here. content_type may be empty.
  static Response make(int status, std::string_view body = {}, std::string_view content_type = {});
};

std::string_view status_text(int status);  // "Not Found"; "" for an unknown code
bool body_allowed(int status);             // false for 1xx, 204, 304

}  // namespace gateproof::http
