// Two lines of JSON, an object and a patch of it, through every kind of patch. A merge patch equals its definition and does
// nothing the second time; a JSON patch keeps its limits; a strategic one has no directives left; an applied configuration is
// there afterwards, and applying it again changes nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "engine/kubernetes/cluster/builtin_schemas.h"
#include "engine/kubernetes/cluster/fields.h"
#include "engine/kubernetes/cluster/patch.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

Json as_written(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const Json::Member& m : patch.members()) {
    if (m.value.is_null()) {
      target.erase(m.key);
    } else {
      target.set(m.key, as_written(target[m.key], m.value));
    }
  }
  return target;
}

void comes_back(const Json& j) {
  JsonLimits wide;
  wide.depth_max = 300;
  const auto parsed = parse_json(to_text(j), wide);
  require(parsed && *parsed == j);
}

// A list with two of one key, or with items that have none: the store refuses it, whoever wrote it.
bool lists_are_lists(const Json& object, const Schema& schema) {
  std::vector<Cause> causes;
  Json whole = object;
  apply_defaults(whole, schema);
  validate(whole, schema, "", causes);
  return std::ranges::none_of(causes, [](const Cause& c) {
    return c.reason == "FieldValueDuplicate" || c.reason == "FieldValueTypeInvalid";
  });
}

void check_apply(const Json& live, const Json& wanted, const Schema& schema) {
  if (!lists_are_lists(live, schema) || !lists_are_lists(wanted, schema)) return;
  const FieldOwner owner{"fuzz", "v1", "", "2024-01-01T00:00:00Z"};
  Json start = live.is_object() ? live : Json();
  if (start.is_object()) track_update(Json(), start, &schema, {"other", "v1", "", owner.time});
  const Applied first = apply_configuration(start, wanted, &schema, owner, true);
  require(first.conflicts.empty());
  comes_back(first.object);
  const Applied second = apply_configuration(first.object, wanted, &schema, owner, false);
  require(second.conflicts.empty());
  require(to_text(second.object) == to_text(first.object));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  JsonLimits limits;
  limits.depth_max = 40;
  const auto target = parse_json(text.substr(0, line), limits);
  const auto patch = parse_json(text.substr(line + 1), limits);
  if (!target || !patch) return 0;
  comes_back(*target);

  const Json merged = merge_patch(*target, *patch);
  require(merged == as_written(*target, *patch));
  require(merge_patch(merged, *patch) == merged);
  const auto d = fields::difference(*target, merged, nullptr);
  require(fields::common(d.changed, fields::minus(d.changed, d.changed)).is_null());

  PatchLimits bounds;
  bounds.copied_bytes_max = 10'000;
  bounds.depth_max = 50;
  if (const auto patched = json_patch(*target, *patch, bounds)) {
    require(patched->within(SIZE_MAX, 50));
    comes_back(*patched);
  }
  static const SchemaPtr pod = builtin_schema("", "Pod");
  static const SchemaPtr service = builtin_schema("", "Service");
  (void)strategic_merge(*target, *patch, *pod);
  std::vector<Cause> causes;
  validate(*target, *pod, "", causes);
  require(causes.size() <= schema_causes_max);
  Json defaulted = *target;
  apply_defaults(defaulted, *service);
  Json again = defaulted;
  apply_defaults(again, *service);
  require(again == defaulted);
  if (patch->is_object()) {
    check_apply(*target, *patch, *pod);
    check_apply(*target, *patch, *service);
  }
  return 0;
}
