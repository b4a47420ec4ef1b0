// Every middleware type, sorted by name: one line each. Explicit, because a static library's linker drops objects that only
// register themselves.
#include "engine/base/text.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

MiddlewareSpec add_prefix();

namespace {

const std::vector<MiddlewareSpec>& table() {
  static const std::vector<MiddlewareSpec> specs = {
      add_prefix(),
  };
  return specs;
}

class Types final : public config::MiddlewareTypes {
 public:
  const config::MiddlewareSchema* find(std::string_view type) const override {
    const MiddlewareSpec* s = find_middleware(type);
    return s ? &s->schema : nullptr;
  }
  std::vector<std::string_view> names() const override {
    std::vector<std::string_view> out;
    for (const MiddlewareSpec& s : table()) out.push_back(s.schema.type);
    return out;
  }
};

}  // namespace

std::span<const MiddlewareSpec> registry() { return table(); }

const MiddlewareSpec* find_middleware(std::string_view type) {
  for (const MiddlewareSpec& s : table()) {
    if (text::iequals(s.schema.type, type)) return &s;
  }
  return nullptr;
}

const config::MiddlewareTypes& middleware_types() {
  static const Types types;
  return types;
}

}  // namespace gateproof::middleware
