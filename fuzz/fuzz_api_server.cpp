// Requests to an API server, one store for all of an input: "METHOD TARGET\nCONTENT-TYPE\nBODY", separated by lines "====". A
// body that begins with 0x is hexadecimal, for protobuf. Properties: every request is answered, what says that it is JSON is, and
// no answer but a watch waits.
#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/api.h"
#include "engine/kubernetes/cluster/controllers.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

std::string body_of(std::string_view text) {
  if (!text.starts_with("0x")) return std::string(text);
  std::string out;
  for (size_t i = 2; i + 1 < text.size(); i += 2) {
    const int high = text::hex_value(text[i]);
    const int low = text::hex_value(text[i + 1]);
    if (high < 0 || low < 0) break;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string_view take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void ask(gateproof::testing::FakeWorld& world, Api& api, std::string_view request) {
  const std::string_view first = take_line(request);
  const std::string_view type = take_line(request);
  const size_t blank = first.find(' ');
  if (blank == std::string_view::npos) return;
  const std::string_view target = first.substr(blank + 1);
  http::Exchange x(world.env);
  x.request.method = first.substr(0, blank);
  const size_t question = target.find('?');
  x.request.url.raw = target.substr(0, question);
  x.request.has_query = question != std::string_view::npos;
  if (x.request.has_query) x.request.query = target.substr(question + 1);
  if (http::is_field_value(type)) {
    x.request.headers.add("Content-Type", type);
    if (x.request.method == "GET") x.request.headers.add("Accept", type);
  }
  x.request.body = http::Body::text(body_of(request));
  GP_ASSERT(world.run_void(api.handle(x), std::chrono::seconds(1)));
  GP_ASSERT(x.response.status >= 200 && x.response.status < 600);
  if (x.response.body.streaming()) {
    (void)x.response.body.try_read();
    return;
  }
  if (x.response.headers.get("Content-Type") == "application/json") {
    JsonLimits limits;
    limits.bytes_max = 64u << 20;
    limits.depth_max =
        1000;  // what is around an object, and the fields that are managed, go deeper than a body may
    GP_ASSERT(parse_json(x.response.body.bytes(), limits).has_value());
  }
}

// Everything that is asked for grows with the pods of a set: few of them are enough.
ControllerOptions few() {
  ControllerOptions o;
  o.pods_per_set_max = 4;
  return o;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  gateproof::testing::FakeWorld world;
  Store store(world.clock, world.random);
  Controllers controllers(store, world.clock, world.random, few());
  Api api(store);
  for (size_t n = 0; n < 16 && !rest.empty(); ++n) {
    constexpr std::string_view separator = "\n====\n";
    const size_t end = std::min(rest.find(separator), rest.size());
    ask(world, api, rest.substr(0, end));
    rest.remove_prefix(std::min(end + separator.size(), rest.size()));
  }
  return 0;
}
