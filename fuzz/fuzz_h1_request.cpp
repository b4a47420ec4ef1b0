// Target 1: request heads and bodies, fed whole and cut. Properties: the events do not depend on the cuts; nothing that was
// accepted can be read in two ways: written again and parsed again it is the same request.
#include "engine/base/assert.h"
#include "engine/http/h1_parser.h"
#include "engine/http/h1_writer.h"

using namespace gateproof::http;

namespace {

struct Outcome {
  std::string text;
  std::string body;
};

void describe_head(h1::RequestHead& head, std::string& out) {
  out += head.method + ' ' + head.target + ' ' + head.host + (head.keep_alive ? " k" : " c") +
         (head.upgrade ? "u" : "") + '\n';
  for (const Headers::Field& f : head.headers) {
    GP_ASSERT(is_token(f.name) && is_field_value(f.value));
    GP_ASSERT(canonical_name(f.name) == f.name);
    out.append(f.name).append(": ").append(f.value).append("\n");
  }
}

// The cut sizes come from the first bytes of the input, so that libFuzzer can steer them.
Outcome run(std::string_view wire, size_t cut) {
  h1::Limits limits;
  limits.head_bytes_max = 2000;
  limits.fields_max = 20;
  limits.chunk_line_bytes_max = 64;
  limits.trailer_bytes_max = 200;
  h1::RequestParser parser(limits);
  Outcome o;
  std::string pending;
  size_t at = 0;
  while (true) {
    const h1::Step step = parser.parse(pending);
    GP_ASSERT(step.consumed <= pending.size());
    if (step.event == h1::Event::body) o.body += step.data;
    pending.erase(0, step.consumed);
    if (step.event == h1::Event::head) {
      describe_head(parser.head(), o.text);
    } else if (step.event == h1::Event::end) {
      for (const Headers::Field& f : parser.trailers())
        o.text.append("+").append(f.name).append(f.value);
      o.text += "$" + std::to_string(o.body.size());
      parser.reset();
    } else if (step.event == h1::Event::error) {
      GP_ASSERT(parser.error().status >= 400 && parser.error().status <= 505);
      o.text += "!" + parser.error().answer();
      return o;
    } else if (step.event == h1::Event::need_more) {
      if (at == wire.size()) return o;
      pending += wire.substr(at, cut);
      at = std::min(wire.size(), at + cut);
    }
  }
}

void check_round_trip(std::string_view wire) {
  h1::RequestParser first;
  if (first.parse(wire).event != h1::Event::head) return;
  h1::RequestHead& a = first.head();
  if (a.version == Version::http10 || a.parts.form != Target::Form::origin) return;
  std::string again;
  const bool chunked = a.body == h1::BodyKind::chunked;
  write_request_head(again, a.method, a.target, a.host, a.headers,
                     chunked ? std::nullopt : std::optional<uint64_t>(a.length), true);
  h1::RequestParser second;
  const h1::Step step = second.parse(again);
  GP_ASSERT(step.event == h1::Event::head && step.consumed == again.size());
  h1::RequestHead& b = second.head();
  GP_ASSERT(a.method == b.method && a.target == b.target && a.host == b.host &&
            a.length == b.length);
  GP_ASSERT(a.keep_alive == b.keep_alive && a.upgrade == b.upgrade);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const Outcome whole = run(wire, size + 1);
  for (size_t cut : {size_t{1}, size_t{2}, 3 + size % 13}) {
    const Outcome pieces = run(wire, cut);
    GP_ASSERT(pieces.text == whole.text && pieces.body == whole.body);
  }
  check_round_trip(wire);
  return 0;
}
