// Manifests as `gateproof cluster` takes them: text to objects of a store, any kind, CustomResourceDefinitions among them. Whatever
// the text: each object is there or its failure has words and a place; those of one name are one object; and whoever applies the same again
// makes nothing new.
#include <map>
#include <set>

#include "engine/base/assert.h"
#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/manifests.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

StoreOptions small() {
  StoreOptions o;
  o.limits.object_bytes_max = 64u << 10;
  o.limits.annotation_bytes_max = 4u << 10;
  return o;
}

std::string name_of(const Applied& a) { return a.resource + "/" + a.ns + "/" + a.name; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  config::TextLimits limits;
  limits.file_bytes_max = 1u << 20;
  const auto documents = config::parse_documents(text, "m.yaml", config::Format::yaml, limits);
  if (!documents) {
    GP_ASSERT(!documents.error().message.empty() && documents.error().span.known());
    return 0;
  }
  gateproof::testing::FakeClock clock;
  gateproof::testing::FakeRandom random;
  Store store(clock, random, small());
  const std::vector<Applied> first = apply_manifests(store, *documents, "v9");
  std::map<std::string, int> made;
  for (const Applied& a : first) {
    GP_ASSERT(a.span.known());
    if (a.outcome == Applied::failed) {
      GP_ASSERT(!a.message.empty());
      continue;
    }
    GP_ASSERT(!a.name.empty() && !a.resource.empty());
    GP_ASSERT((a.outcome == Applied::created) == (made[name_of(a)]++ == 0));
    const size_t dot = std::min(a.resource.find('.'), a.resource.size());
    const TypePtr type = store.registry().find_plural(
        std::string_view(a.resource).substr(std::min(dot + 1, a.resource.size())),
        a.resource.substr(0, dot));
    GP_ASSERT(type);
    const ObjectPtr there = store.find(*type, a.ns, a.name);
    GP_ASSERT(there && there->name == a.name && there->ns == a.ns);
    GP_ASSERT(*parse_json(there->text()) == there->body);
  }
  const std::vector<Applied> again = apply_manifests(store, *documents, "v9");
  GP_ASSERT(again.size() == first.size());
  for (const Applied& a : again) {
    GP_ASSERT(a.outcome != Applied::created || !made.contains(name_of(a)));
    if (a.outcome == Applied::configured) GP_ASSERT(made[name_of(a)] > 1);
  }
  return 0;
}
