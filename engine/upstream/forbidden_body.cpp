#include "engine/upstream/forbidden_body.h"

namespace gateproof::upstream {
namespace {

class ForbiddenBody final : public http::BodySource {
 public:
  std::optional<Result<http::Chunk>> try_read() override {
    return Result<http::Chunk>(http::Chunk{{}, true});
  }
  Task<Result<http::Chunk>> read() override { co_return http::Chunk{{}, true}; }
};

}  // namespace

http::Body forbidden_body() { return http::Body::stream(std::make_unique<ForbiddenBody>(), 0); }

bool is_forbidden(http::Response& r) {
  if (!r.body.streaming() || http::body_allowed(r.status)) return false;
  return dynamic_cast<const ForbiddenBody*>(r.body.source()) != nullptr;
}

}  // namespace gateproof::upstream
