// contentType: an answer without Content-Type gets one by its first bytes (catalogue 3.2). Traefik turns Go's guessing off for
// every request; this turns it on again for the requests that come here, wherever it stands in the chain.
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::optional<bool> auto_detect;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("autoDetect", &Options::auto_detect, "bool")
                            .deprecated("remove it: an empty contentType detects");
  return s;
}

class ContentType final : public SyncFilter {
 public:
  explicit ContentType(bool detects) : detects_(detects) {}
  Flow on_request(Exchange& x) override {
    if (!detects_) return Flow::next;
    x.detect_content_type = true;
    if (x.trace) x.note(stage, "detect", "an answer without Content-Type gets one by its content");
    return Flow::next;
  }

 private:
  bool detects_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  return std::unique_ptr<Middleware>(std::make_unique<ContentType>(o.auto_detect.value_or(true)));
}

}  // namespace

MiddlewareSpec content_type() {
  return {{"contentType", &schema(), make_options<Options>, true}, build};
}

}  // namespace gateproof::middleware
