// Go templates: any bytes end in a text or in an error with a place, within the limits, the same twice over; every piece of the
// result points into the template, and copied pieces are equal to what they were copied from.
#include "engine/base/assert.h"
#include "engine/config/template.h"

using namespace gateproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  config::TemplateLimits limits;
  limits.output_bytes_max = 1 << 16;
  limits.steps_max = 20'000;
  limits.memory_bytes_max = 1 << 20;
  const MapEnvironment environment(std::map<std::string, std::string, std::less<>>{{"FOO", "bar"}});
  const auto once = config::render_template(text, "f.yml", environment, limits);
  const auto again = config::render_template(text, "f.yml", environment, limits);
  GP_ASSERT(once.has_value() == again.has_value());
  if (!once) {
    GP_ASSERT(once.error().message == again.error().message);
    GP_ASSERT(!once.error().message.empty() && !once.error().remedy.empty());
    GP_ASSERT(once.error().span.line >= 1 && once.error().span.column >= 1);
    return 0;
  }
  GP_ASSERT(once->text == again->text);
  GP_ASSERT(once->text.size() <= std::max(limits.output_bytes_max, size));
  if (!once->executed) {
    GP_ASSERT(once->text == text);
    return 0;
  }
  size_t before = 0;
  for (size_t i = 0; i < once->pieces.size(); ++i) {
    const auto& p = once->pieces[i];
    const size_t end = i + 1 < once->pieces.size() ? once->pieces[i + 1].output : once->text.size();
    GP_ASSERT(p.output >= before && p.output <= end && p.source < size);
    before = p.output;
    if (p.length == 0) {
      GP_ASSERT(text.substr(p.source, end - p.output) ==
                std::string_view(once->text).substr(p.output, end - p.output));
    }
  }
  return 0;
}
