// Every middleware type, sorted by name: one line each. Explicit, because a static library's linker drops objects that only
// register themselves.
#include "engine/base/text.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

MiddlewareSpec add_prefix();
MiddlewareSpec basic_auth();
MiddlewareSpec buffering();
MiddlewareSpec chain_type();
MiddlewareSpec circuit_breaker();
MiddlewareSpec compress();
MiddlewareSpec content_type();
MiddlewareSpec digest_auth();
MiddlewareSpec encoded_characters();
MiddlewareSpec errors();
MiddlewareSpec forward_auth();
MiddlewareSpec grpc_web();
MiddlewareSpec headers();
MiddlewareSpec in_flight_req();
MiddlewareSpec ip_allow_list();
MiddlewareSpec ip_white_list();
MiddlewareSpec pass_tls_client_cert();
MiddlewareSpec plugin();
MiddlewareSpec rate_limit();
MiddlewareSpec redirect_regex();
MiddlewareSpec redirect_scheme();
MiddlewareSpec replace_path();
MiddlewareSpec replace_path_regex();
MiddlewareSpec retry();
MiddlewareSpec strip_prefix();
MiddlewareSpec strip_prefix_regex();

namespace {

std::vector<MiddlewareSpec> make_table() {
  // clang-format off
  std::vector<MiddlewareSpec> specs = {
      add_prefix(),
      basic_auth(),
      buffering(),
      chain_type(),
      circuit_breaker(),
      compress(),
      content_type(),
      digest_auth(),
      encoded_characters(),
      errors(),
      forward_auth(),
      grpc_web(),
      headers(),
      in_flight_req(),
      ip_allow_list(),
      ip_white_list(),
      pass_tls_client_cert(),
      plugin(),
      rate_limit(),
      redirect_regex(),
      redirect_scheme(),
      replace_path(),
      replace_path_regex(),
      retry(),
      strip_prefix(),
      strip_prefix_regex(),
  };
  // clang-format on
  std::sort(specs.begin(), specs.end(), [](const MiddlewareSpec& a, const MiddlewareSpec& b) {
    return text::to_lower(a.schema.type) < text::to_lower(b.schema.type);
  });
  return specs;
}

const std::vector<MiddlewareSpec>& table() {
  static const std::vector<MiddlewareSpec> specs = make_table();
  return specs;
}

const MiddlewareSpec* find_in(std::span<const MiddlewareSpec> specs, std::string_view type) {
  for (const MiddlewareSpec& s : specs) {
    if (text::iequals(s.schema.type, type)) return &s;
  }
  return nullptr;
}

class Types final : public config::MiddlewareTypes {
 public:
  const config::MiddlewareSchema* find(std::string_view type) const override {
    const MiddlewareSpec* s = find_in(table(), type);
    return s ? &s->schema : nullptr;
  }
  const config::MiddlewareSchema* find_of_provider(std::string_view type) const override {
    const MiddlewareSpec* s = find_in(provider_types(), type);
    return s ? &s->schema : find(type);
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
  const MiddlewareSpec* s = find_in(table(), type);
  return s ? s : find_in(provider_types(), type);
}

const config::MiddlewareTypes& middleware_types() {
  static const Types types;
  return types;
}

}  // namespace gateproof::middleware
