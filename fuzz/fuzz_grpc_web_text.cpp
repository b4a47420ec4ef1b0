// The base64 bodies of gRPC-Web text: however the text is cut into pieces, the stream decoder gives what decoding it whole does,
// and never more than three bytes for four characters.
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/base/crypto.h"
#include "engine/middleware/grpc_web_body.h"

using namespace gateproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t step = 1 + data[0] % 7;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  middleware::TextDecoder decoder;
  std::string out;
  bool good = true;
  for (size_t at = 0; good && at < text.size(); at += step)
    good = decoder.feed(text.substr(at, step), out).has_value();
  good = good && decoder.finish().has_value();
  GP_ASSERT(out.size() <= text.size() / 4 * 3);
  const auto whole = crypto::base64_decode(text);
  // Decoded whole, text behind the padding may begin a second part.
  GP_ASSERT(!good || (whole && *whole == out));
  const std::string round = crypto::base64(text);
  middleware::TextDecoder again;
  std::string back;
  GP_ASSERT(again.feed(round, back) && again.finish() && back == text);
  return 0;
}
