// Small answers made by middlewares, in the forms that Traefik's have.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::middleware {

// Go's http.Error: the text and a newline, as text/plain, not to be sniffed.
void answer_error(http::Exchange& x, int status, std::string_view text);
// The status and its usual phrase as the body, without a Content-Type (catalogue 3.0).
void answer_phrase(http::Exchange& x, int status);
// For a request whose body could not be read whole: 413 beyond a limit, 499, 504 or 500. Returns which.
int answer_unread_request(http::Exchange& x, const Error& why);
// The message of a Code::limit error about a body.
std::string body_too_large(size_t bytes_max);

// While it lives, the answer's fields are collected by the middleware that made it (buffering, errors, grpcWeb, retry): what
// contentType says inside it does not reach the answer, Go's own answers inside have the type that Go gives them, and lines
// that were put in front of the answer outside are not seen. In the end the collected fields are added to those, or replace
// those of their names.
class FieldsApart {
 public:
  enum class Fields : uint8_t { added, replacing };

  FieldsApart(http::Exchange& x, Fields fields)
      : x_(x),
        fields_(fields),
        apart_(x.fields_apart),
        detect_(x.detect_content_type),
        vary_lines_(x.vary_lines) {
    x.fields_apart = true;
    x.vary_lines = 0;
  }
  ~FieldsApart() {
    x_.fields_apart = apart_;
    x_.detect_content_type = detect_;
    if (fields_ == Fields::added || !x_.response.headers.has("Vary")) x_.vary_lines = vary_lines_;
  }
  FieldsApart(const FieldsApart&) = delete;
  FieldsApart& operator=(const FieldsApart&) = delete;

 private:
  http::Exchange& x_;
  const Fields fields_;
  const bool apart_, detect_;
  const uint8_t vary_lines_;
};

}  // namespace gateproof::middleware
