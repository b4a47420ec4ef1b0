// Schemas of custom kinds, as their CustomResourceDefinitions have them.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/openapi.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr std::string_view object_meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
// OpenAPI 2 has no words for these, or kubectl's reader of it none.
constexpr std::string_view unknown_to_v2[] = {"oneOf", "anyOf", "allOf", "not", "nullable"};

bool says(const Json& schema, std::string_view extension) { return schema[extension].boolean(); }

// A structural schema in the words of OpenAPI 2: what cannot be said is left open.
Json to_v2(const Json& schema) {
  if (!schema.is_object()) return schema;
  const bool open = says(schema, "nullable") || says(schema, "x-kubernetes-int-or-string") ||
                    (says(schema, "x-kubernetes-preserve-unknown-fields"));
  Json out = Json::object();
  for (const Json::Member& m : schema.members()) {
    if (std::ranges::find(unknown_to_v2, m.key) != std::end(unknown_to_v2)) continue;
    if (m.key == "x-kubernetes-validations") continue;
    if (open && (m.key == "type" || m.key == "properties" || m.key == "items" ||
                 m.key == "additionalProperties" || m.key == "format" || m.key == "required")) {
      continue;
    }
    if (m.key == "properties") {
      Json properties = Json::object();
      for (const Json::Member& p : m.value.members()) properties.set(p.key, to_v2(p.value));
      out.set(m.key, std::move(properties));
    } else if (m.key == "items" || m.key == "additionalProperties") {
      out.set(m.key, to_v2(m.value));
    } else {
      out.set(m.key, m.value);
    }
  }
  return out;
}

}  // namespace

std::string definition_name(const ResourceType& type, std::string_view version) {
  if (!type.custom) {
    std::string package(type.group.substr(0, type.group.find('.')));
    if (package.empty()) package = "core";
    return "io.k8s.api." + package + "." + std::string(version) + "." + type.kind;
  }
  std::vector<std::string_view> parts = text::split(type.group, '.');
  std::ranges::reverse(parts);
  std::string out;
  for (const std::string_view p : parts) out += std::string(p) + ".";
  return out + std::string(version) + "." + type.kind;
}

void add_custom_definition(const ResourceType& type, const ResourceVersionInfo& version,
                           OpenApiVersion target, std::map<std::string, Json>& out) {
  Json schema = version.openapi.is_object() ? version.openapi : Json::object();
  if (target == OpenApiVersion::v2) schema = to_v2(schema);
  schema.set("type", Json("object"));
  Json properties = schema["properties"].is_object() ? schema["properties"] : Json::object();
  // Without any, everything is taken.
  if (properties.size() > 0) {
    properties.set("apiVersion", json_object({{"type", Json("string")}}));
    properties.set("kind", json_object({{"type", Json("string")}}));
    properties.set("metadata", reference_to(object_meta, target));
    schema.set("properties", std::move(properties));
  }
  schema.set("x-kubernetes-group-version-kind",
             json_array({json_object({{"group", Json(type.group)},
                                      {"version", Json(version.name)},
                                      {"kind", Json(type.kind)}})}));
  out[definition_name(type, version.name)] = std::move(schema);
}

}  // namespace gateproof::kubernetes::cluster
