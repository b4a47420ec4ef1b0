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

// Takes the Content-Length from answers that have no body; over HTTP/2 Go's server leaves a 304 its own, which tells the size of
// what it stands for (RFC 9110 section 8.6).
void drop_body_fields(http::Response& response, bool http2);
AnswerFraming framing_of(const http::Request& request, const http::Response& response);

}  // namespace gateproof::pipeline
