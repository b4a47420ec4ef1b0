// How an answer's end is shown to a client (RFC 9112 section 6.3): one decision for the arms that write bytes and for the one
// that does not.
#pragma once
#include "engine/http/h1_writer.h"
#include "engine/http/message.h"

namespace gateproof::pipeline {

struct AnswerFraming {
  http::Framing framing = http::Framing::none;
  uint64_t length = 0;           // with Framing::length
  bool with_body = false;        // whether body bytes follow the head
  bool ends_connection = false;  // the end of the body is the end of the connection
};

// Takes what Go's server takes from answers that have no body: Content-Length, of a 304 also Content-Type.
void drop_body_fields(http::Response& response);
AnswerFraming framing_of(const http::Request& request, const http::Response& response);

}  // namespace gateproof::pipeline
