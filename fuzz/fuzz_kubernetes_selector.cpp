// Any text as a label selector and as a field selector: a refusal with words, or a selector that tells two objects apart the
// same way each time, and of which the parts are as strict together as alone.
#include <cstdint>
#include <cstdlib>

#include "engine/kubernetes/cluster/resources.h"
#include "engine/kubernetes/cluster/selectors.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Registry registry;
  static const TypePtr pods = registry.find_kind("", "Pod");
  static const Json labels = *parse_json(R"({"a":"1","b":"x","app.kubernetes.io/name":"web"})");
  static const Json pod = *parse_json(
      R"({"metadata":{"name":"p","namespace":"n"},"spec":{"nodeName":"a"},"status":{"phase":"Running"}})");
  const auto one = LabelSelector::parse(text);
  if (one) {
    const bool matches = one->matches(labels);
    require(LabelSelector::parse(text)->matches(labels) == matches);
    (void)one->matches(Json());
    // With a requirement that never holds, nothing matches.
    const std::string both = std::string(text) + (one->empty() ? "" : ",") + "zz,!zz";
    if (const auto never = LabelSelector::parse(both)) require(!never->matches(labels));
  } else {
    require(one.error().code == 400 && !one.error().message.empty());
  }
  const auto fields = FieldSelector::parse(text, *pods, "v1");
  if (fields) {
    (void)fields->matches(pod);
    if (const std::string* name = fields->name()) require(*name == "p" || !fields->matches(pod));
  } else {
    require(fields.error().code == 400 && !fields.error().message.empty());
  }
  return 0;
}
