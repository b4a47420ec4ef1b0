// A gRPC server's answer on its way to a browser: any body in any pieces, any trailers. Properties: the body comes out whole, in base64
// too; behind it stands one frame whose size is right, and whose fields are those of the trailers, without a line more.
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/middleware/grpc_web_body.h"
#include "engine/middleware/rig_test.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

constexpr size_t frame_bytes = 5;

// Lines `name: value` in front of an empty line are trailers, the rest is the body.
http::Headers trailers_of(std::string_view& input) {
  http::Headers out;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) continue;
    const std::string value(text::trim(line.substr(colon + 1)));
    if (http::is_field_value(value)) out.add(std::string(line.substr(0, colon)), value);
  }
  return out;
}

std::string answered(std::string_view body, size_t step, const http::Headers& trailers, bool text) {
  gateproof::testing::FakeWorld world;
  std::vector<std::string> pieces;
  for (size_t at = 0; at < body.size(); at += step) pieces.emplace_back(body.substr(at, step));
  auto source = std::make_unique<middleware::testing::Pieces>(world.scheduler, std::move(pieces),
                                                              Duration(0));
  GrpcWebAnswer how;
  how.text = text;
  http::Body out = with_trailers_frame(http::Body::stream(std::move(source), std::nullopt),
                                       std::make_unique<http::Headers>(trailers), std::move(how));
  const auto read = world.run(http::read_all(out, 1u << 22));
  GP_ASSERT(read && *read);
  return **read;
}

// Parts that are padded each, one behind the other.
std::string joined(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find('='), text.size());
    while (end < text.size() && text[end] == '=') ++end;
    const auto part = crypto::base64_decode(text.substr(0, end));
    GP_ASSERT(part);
    out += *part;
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 1u << 16) return 0;
  std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  const http::Headers trailers = trailers_of(body);
  const size_t step = 1 + data[0];
  const std::string frame = trailers_frame(&trailers, {});
  GP_ASSERT(frame.size() >= frame_bytes && frame[0] == '\x80');
  size_t told = 0;
  for (size_t i = 1; i < frame_bytes; ++i) told = told << 8 | static_cast<unsigned char>(frame[i]);
  GP_ASSERT(told == frame.size() - frame_bytes);
  size_t expected = 0, lines = 0;
  for (const auto& f : trailers) expected += text::iequals(f.name, "Trailer") ? 0 : 1;
  for (size_t at = frame.find("\r\n", frame_bytes); at != frame.npos;
       at = frame.find("\r\n", at + 2))
    ++lines;
  GP_ASSERT(lines == expected);
  GP_ASSERT(answered(body, step, trailers, false) == std::string(body) + frame);
  GP_ASSERT(joined(answered(body, step, trailers, true)) == std::string(body) + frame);
  return 0;
}
