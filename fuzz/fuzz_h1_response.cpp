// Target 2: responses, fed whole and cut, with and without HEAD, ended by a close. Property: the events do not depend on the cuts.
#include "engine/base/assert.h"
#include "engine/http/h1_parser.h"

using namespace gateproof::http;

namespace {

std::string run(std::string_view wire, size_t cut, bool head_request) {
  h1::Limits limits;
  limits.head_bytes_max = 2000;
  limits.fields_max = 20;
  limits.chunk_line_bytes_max = 64;
  limits.trailer_bytes_max = 200;
  h1::ResponseParser parser(limits);
  parser.reset(head_request);
  std::string out, body, pending;
  size_t at = 0;
  while (true) {
    const h1::Step step = parser.parse(pending);
    GP_ASSERT(step.consumed <= pending.size());
    if (step.event == h1::Event::body) body += step.data;
    pending.erase(0, step.consumed);
    if (step.event == h1::Event::head) {
      const h1::ResponseHead& h = parser.head();
      GP_ASSERT(h.status >= 100 && h.status <= 999);
      GP_ASSERT(!head_request || h.body == h1::BodyKind::none);
      out += std::to_string(h.status) + h.reason + (h.keep_alive ? "k" : "c");
      for (const Headers::Field& f : h.headers) {
        GP_ASSERT(is_token(f.name) && is_field_value(f.value));
        out.append(f.name).append(": ").append(f.value).append("\n");
      }
    } else if (step.event == h1::Event::error) {
      return out + body + "!";
    } else if (step.event == h1::Event::end) {
      if (parser.head().status < 200 && !parser.head().upgrade) {
        parser.reset(head_request);
        continue;
      }
      return out + body + "$" + std::to_string(pending.size() + wire.size() - at);
    } else if (step.event == h1::Event::need_more) {
      if (at == wire.size())
        return out + body + (parser.finish().event == h1::Event::end ? "$" : "!");
      pending += wire.substr(at, cut);
      at = std::min(wire.size(), at + cut);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  for (bool head_request : {false, true}) {
    const std::string whole = run(wire, size + 1, head_request);
    GP_ASSERT(run(wire, 1, head_request) == whole);
    GP_ASSERT(run(wire, 3 + size % 13, head_request) == whole);
  }
  return 0;
}
