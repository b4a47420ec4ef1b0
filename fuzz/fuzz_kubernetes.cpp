// Text of manifests to objects to a translation. Whatever the text: no crash, every finding has a place and a remedy, every
// reference is qualified, and the same text gives the same answer.
#include "engine/base/assert.h"
#include "engine/kubernetes/translate.h"

namespace {

using namespace gateproof;

struct Options {
  std::vector<std::string> users;
  std::vector<config::Text> refs;
};

// Two types are enough: one that takes a Secret's users, and the one that refers to others.
class Types final : public config::MiddlewareTypes {
 public:
  const config::MiddlewareSchema* find(std::string_view type) const override {
    static const auto auth =
        config::Schema<Options>().field("users", &Options::users, "list of strings");
    static const auto chain =
        config::Schema<Options>().field("middlewares", &Options::refs, "list of strings");
    static const auto make = +[]() -> std::shared_ptr<void> { return std::make_shared<Options>(); };
    static const auto refs = +[](const void* o) { return static_cast<const Options*>(o)->refs; };
    static const config::MiddlewareSchema all[] = {{"basicAuth", &auth, make},
                                                   {"chain", &chain, make, false, refs}};
    for (const config::MiddlewareSchema& s : all) {
      if (s.type == type) return &s;
    }
    return nullptr;
  }
  std::vector<std::string_view> names() const override { return {"basicAuth", "chain"}; }
};

bool qualified(const std::string& name) {
  return name.empty() || name.find('@') != std::string::npos;
}

void check(const config::DynamicConfig& c) {
  for (const auto& [name, r] : c.routers) {
    GP_ASSERT(qualified(name) && qualified(r.service.value));
    GP_ASSERT(r.span.known());
    for (const config::Text& m : r.parent_refs) GP_ASSERT(qualified(m.value));
  }
  for (const auto& [name, s] : c.services) {
    GP_ASSERT(qualified(name));
    GP_ASSERT(s.types.size() == 1);
    if (!s.weighted) continue;
    for (const config::WeightedChild& child : s.weighted->services)
      GP_ASSERT(qualified(child.name.value));
  }
  for (const auto& [name, m] : c.middlewares) GP_ASSERT(qualified(name) && m.span.known());
}

std::string run(std::string_view text, const config::StaticConfig* statics) {
  config::TextLimits limits;
  limits.file_bytes_max = 1u << 20;
  auto documents = config::parse_documents(text, "m.yaml", config::Format::yaml, limits);
  if (!documents) return documents.error().message;
  config::Findings findings;
  kubernetes::ObjectStore store;
  store.add(std::move(*documents), findings);
  const kubernetes::Translation t = kubernetes::translate(store, statics, Types(), findings);
  check(t.config);
  std::string print;
  for (const config::Finding& f : findings.list()) {
    GP_ASSERT(f.span.known());
    GP_ASSERT(!f.remedy.empty() && !f.message.empty());
    print += f.code + f.span.to_string() + f.message;
  }
  for (const auto& [name, r] : t.config.routers) print += name + r.rule.value;
  return print;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const config::StaticConfig open = [] {
    config::StaticConfig s;
    s.kubernetes_crd.emplace().allow_cross_namespace = true;
    s.kubernetes_crd->allow_external_name_services = true;
    s.kubernetes_crd->allow_empty_services = true;
    s.kubernetes_ingress.emplace().strict_prefix_matching = true;
    s.kubernetes_gateway.emplace();
    s.entry_points["web"].address.value = ":80";
    return s;
  }();
  GP_ASSERT(run(text, nullptr) == run(text, nullptr));
  run(text, &open);
  return 0;
}
