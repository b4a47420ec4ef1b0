// Accept-Encoding. First byte: preference and default; the rest is the field's value. Properties: the answer is one of the
// preferred codings or the default; a coding that is named with q=0 alone is not chosen; letters' case plays no part; without
// the field there is only the default.
#include <algorithm>

#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/middleware/compress_encoding.h"

using namespace gateproof;
using namespace gateproof::middleware;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::vector<std::vector<Coding>> preferences = {
      {Coding::gzip, Coding::brotli, Coding::zstd},
      {Coding::zstd},
      {Coding::brotli, Coding::gzip},
      {Coding::gzip},
  };
  const std::vector<Coding>& preference = preferences[data[0] & 3];
  const std::optional<Coding> fallback =
      data[0] & 4 ? std::optional(preference.back()) : std::nullopt;
  const std::string_view accept(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto chosen = choose_coding(accept, preference, fallback);
  if (chosen) {
    const bool preferred =
        std::find(preference.begin(), preference.end(), chosen->coding) != preference.end();
    GP_ASSERT(preferred || chosen->coding == fallback);
  }
  for (Coding c : preference) {
    const auto refused = choose_coding(std::string(coding_name(c)) + ";q=0", {c}, std::nullopt);
    GP_ASSERT(!refused);
  }
  const auto again = choose_coding(accept, preference, fallback);
  GP_ASSERT(again.has_value() == chosen.has_value() && (!again || again->coding == chosen->coding));
  GP_ASSERT(!choose_coding(std::nullopt, preference, std::nullopt));
  return 0;
}
