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

}  // namespace gateproof::middleware
