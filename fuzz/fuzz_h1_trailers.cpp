// Chunked bodies with extensions and trailers, both directions. Properties: requests and answers are read alike, whole and cut; the
// trailers that were accepted are legal fields, none of them framing; written again and read again they are the same.
#include "engine/base/assert.h"
#include "engine/http/h1_parser.h"
#include "engine/http/h1_writer.h"

using namespace gateproof::http;

namespace {

struct Outcome {
  std::string body;
  std::string trailers;
  bool ended = false;
  bool refused = false;
  bool operator==(const Outcome&) const = default;
};

h1::Limits limits() {
  h1::Limits l;
  l.chunk_line_bytes_max = 64;
  l.trailer_bytes_max = 200;
  return l;
}

template <class Parser>
Outcome run(Parser& parser, std::string_view head, std::string_view body, size_t cut) {
  Outcome o;
  std::string pending(head);
  GP_ASSERT(parser.parse(pending).event == h1::Event::head);
  pending.clear();
  for (size_t at = 0;;) {
    const h1::Step step = parser.parse(pending);
    GP_ASSERT(step.consumed <= pending.size());
    if (step.event == h1::Event::body) o.body += step.data;
    pending.erase(0, step.consumed);
    if (step.event == h1::Event::error) {
      o.refused = true;
      return o;
    }
    if (step.event == h1::Event::end) {
      o.ended = true;
      for (const Headers::Field& f : parser.trailers()) {
        GP_ASSERT(is_token(f.name) && is_field_value(f.value));
        GP_ASSERT(!f.is("Content-Length") && !f.is("Transfer-Encoding"));
        o.trailers.append(f.name).append(": ").append(f.value).append("\n");
      }
      return o;
    }
    if (step.event != h1::Event::need_more) continue;
    if (at == body.size()) return o;
    pending += body.substr(at, cut);
    at = std::min(body.size(), at + cut);
  }
}

Outcome as_request(std::string_view body, size_t cut, Headers* trailers = nullptr) {
  h1::RequestParser parser(limits());
  Outcome o =
      run(parser, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", body, cut);
  if (trailers) *trailers = parser.trailers();
  return o;
}

Outcome as_response(std::string_view body, size_t cut) {
  h1::ResponseParser parser(limits());
  parser.reset(false);
  return run(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body, cut);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  Headers trailers;
  const Outcome whole = as_request(wire, size + 1, &trailers);
  for (size_t cut : {size_t{1}, size_t{2}, 3 + size % 13})
    GP_ASSERT(as_request(wire, cut) == whole);
  const Outcome answer = as_response(wire, size + 1);
  GP_ASSERT(as_response(wire, 1) == answer);
  // A request's trailers may hold no Host either.
  if (whole.ended) GP_ASSERT(answer == whole);
  if (answer.refused) GP_ASSERT(whole.refused);
  if (!whole.ended) return 0;
  std::string again;
  if (!whole.body.empty()) {
    write_chunk_size(again, whole.body.size());
    again.append(whole.body).append("\r\n");
  }
  write_last_chunk(again, &trailers);
  h1::RequestParser parser;
  const Outcome second =
      run(parser, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", again, 7);
  GP_ASSERT(second == whole);
  return 0;
}
