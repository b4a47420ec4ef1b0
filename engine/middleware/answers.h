// Small answers made by middlewares, in the forms that Traefik's have.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::middleware {

// Go's http.Error: the text and a newline, as text/plain, not to be sniffed.
void answer_error(http::Exchange& x, int status, std::string_view text);
// The status and its usual phrase as the body, without a Content-Type (catalogue 3.0).
void answer_phrase(http::Exchange& x, int status);

// While it lives, the answer's fields are collected by the middleware that made it (buffering, errors, retry): what contentType
// says inside it does not reach the answer, and Go's own answers inside have the type that Go gives them.
class FieldsApart {
 public:
  explicit FieldsApart(http::Exchange& x)
      : x_(x), apart_(x.fields_apart), detect_(x.detect_content_type) {
    x.fields_apart = true;
  }
  ~FieldsApart() {
    x_.fields_apart = apart_;
    x_.detect_content_type = detect_;
  }
  FieldsApart(const FieldsApart&) = delete;
  FieldsApart& operator=(const FieldsApart&) = delete;

 private:
  http::Exchange& x_;
  const bool apart_, detect_;
};

}  // namespace gateproof::middleware
