// Manifests of the Gateway API to a model and statuses. Whatever the text: no crash, the same text gives the same answer, every
// finding has a place and a remedy, indices lead somewhere, counts are those of the attachments, and a status that was merged
// once is not written again. Behind a NUL stands the status that an object has already.
#include "engine/base/assert.h"
#include "engine/kubernetes/gateway/certificates.h"
#include "engine/kubernetes/gateway/merge_status.h"
#include "engine/kubernetes/gateway/status_parts.h"
#include "engine/middleware/middleware.h"

namespace {

using namespace gateproof;
namespace gw = kubernetes::gateway;

void check_model(const gw::Model& m) {
  std::vector<std::vector<size_t>> counts;
  for (const gw::Gateway& g : m.gateways) counts.emplace_back(g.listeners.size());
  for (const gw::Route& r : m.routes) {
    GP_ASSERT(!r.attachments.empty());
    for (const gw::Attachment& a : r.attachments) {
      GP_ASSERT(a.gateway < counts.size() && a.listener < counts[a.gateway].size());
      GP_ASSERT(a.hostnames.size() == a.original_hostnames.size());
      ++counts[a.gateway][a.listener];
    }
    for (const gw::Rule& rule : r.rules) {
      GP_ASSERT(rule.rule);
      for (const gw::Backend& b : rule.backends)
        GP_ASSERT(b.error_status == 0 || b.endpoints.empty());
    }
  }
  for (size_t g = 0; g < m.gateways.size(); ++g) {
    for (size_t l = 0; l < m.gateways[g].listeners.size(); ++l) {
      const gw::Listener& listener = m.gateways[g].listeners[l];
      GP_ASSERT(listener.attached_routes == counts[g][l]);
      GP_ASSERT(!listener.serves || (!m.gateways[g].address.empty() && listener.port != 0));
      GP_ASSERT(!listener.serves || listener.tls != gw::ListenerTls::terminate ||
                !listener.certificates.empty());
    }
  }
}

// `merges` is how many statuses are merged: that takes longer than all the rest.
std::string run(std::string_view text, std::string_view existing, size_t merges) {
  config::TextLimits limits;
  limits.file_bytes_max = 1u << 20;
  auto documents = config::parse_documents(text, "m.yaml", config::Format::yaml, limits);
  if (!documents) return documents.error().message;
  config::Findings findings;
  kubernetes::ObjectStore store;
  store.add(std::move(*documents), findings);
  gw::Options options;
  const gw::Model m = gw::resolve(store, options, findings);
  check_model(m);
  config::Findings of_config;
  const config::DynamicConfig made = gw::to_config(m, middleware::middleware_types(), of_config);
  for (const auto& [name, router] : made.routers) GP_ASSERT(!router.service.value.empty());
  std::string print;
  for (const config::Finding& f : findings.list()) {
    GP_ASSERT(f.span.known());
    GP_ASSERT(!f.remedy.empty() && !f.message.empty());
    print += f.code + f.span.to_string() + f.message;
  }
  for (const gw::StatusUpdate& u : m.statuses) {
    print += u.object.kind + u.object.ns + u.object.name + u.status;
    if (merges == 0) continue;
    --merges;
    const auto merged = gw::merge_status(existing, u, options.controller_name, 1000);
    if (!merged) continue;
    GP_ASSERT(!gw::merge_status(*merged, u, options.controller_name, 2000));
  }
  for (const gw::StatusPart& p : gw::status_parts(m.statuses)) GP_ASSERT(!p.object.empty());
  return print;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(all.find('\0'), all.size());
  const std::string_view text = all.substr(0, end);
  const std::string_view existing = end < all.size() ? all.substr(end + 1) : std::string_view();
  constexpr size_t merges = 4;
  GP_ASSERT(run(text, existing, merges) == run(text, existing, 0));
  return 0;
}
