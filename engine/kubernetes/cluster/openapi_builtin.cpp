// Schemas of the built-in kinds.
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/openapi.h"
#include "engine/kubernetes/cluster/schema.h"
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

std::string definition_name_of_message(std::string_view wire_name) {
  if (wire_name.starts_with("meta.")) {
    return "io.k8s.apimachinery.pkg.apis." + std::string(wire_name);
  }
  return "io.k8s.api." + std::string(wire_name);
}

Json reference_to(std::string_view definition, OpenApiVersion target) {
  return json_object(
      {{"$ref", Json((target == OpenApiVersion::v2 ? "#/definitions/" : "#/components/schemas/") +
                     std::string(definition))}});
}

namespace {

Json typed(std::string_view type, std::string_view format = {}) {
  Json out = json_object({{"type", Json(type)}});
  if (!format.empty()) out.set("format", Json(format));
  return out;
}

class Definitions {
 public:
  Definitions(OpenApiVersion target, std::map<std::string, Json>& out)
      : target_(target), out_(out) {}

  // `schema`: what is known of the message at this place, for merge keys and required fields; may be null.
  std::string add(std::string_view name, const Schema* schema) {
    const std::string definition = definition_name_of_message(name);
    const WireMessage* message = wire_message(name);
    if (!message || !seen_.emplace(name, schema).second) return definition;
    Json& entry = out_[definition];
    if (entry.is_null()) entry = typed("object");
    Json properties = entry["properties"];
    if (properties.is_null()) properties = Json::object();
    add_fields(*message, schema, properties);
    Json& settled = out_[definition];
    settled.set("properties", std::move(properties));
    if (schema && !schema->required.empty()) {
      Json list = Json::array();
      for (const std::string& r : schema->required) list.push(Json(r));
      settled.set("required", std::move(list));
    }
    return definition;
  }

 private:
  void add_fields(const WireMessage& message, const Schema* schema, Json& properties) {
    for (const WireField& f : message.fields) {
      if (f.inlined) {
        if (const WireMessage* inner = wire_message(f.type)) {
          add_fields(*inner, schema, properties);
        }
        continue;
      }
      const Schema* known = schema ? schema->property(f.name) : nullptr;
      Json property = field(f, known);
      // Seen in another place, where more was known of it.
      if (!known && properties.find(f.name)) continue;
      properties.set(f.name, std::move(property));
    }
  }

  Json field(const WireField& f, const Schema* known) {
    if (f.list) {
      Json out = typed("array");
      out.set("items", value(f.type, known ? known->items.get() : nullptr));
      if (known) add_merging(*known, out);
      return out;
    }
    if (f.map) {
      Json out = typed("object");
      out.set("additionalProperties", value(f.type, known ? known->additional.get() : nullptr));
      return out;
    }
    return value(f.type, known);
  }

  static void add_merging(const Schema& known, Json& out) {
    if (!known.merge_key.empty()) {
      out.set("x-kubernetes-patch-merge-key", Json(known.merge_key));
      out.set("x-kubernetes-patch-strategy", Json("merge"));
    } else if (known.merge_set) {
      out.set("x-kubernetes-patch-strategy", Json("merge"));
    }
    if (known.list == Schema::List::map) {
      Json keys = Json::array();
      for (const std::string& k : known.list_keys) keys.push(Json(k));
      out.set("x-kubernetes-list-type", Json("map"));
      out.set("x-kubernetes-list-map-keys", std::move(keys));
    } else if (known.list == Schema::List::set) {
      out.set("x-kubernetes-list-type", Json("set"));
    }
  }

  Json value(std::string_view type, const Schema* known) {
    if (type.size() > 1) return reference_to(add(type, known), target_);
    switch (type.front()) {
      case 's': return typed("string");
      case 'b': return typed("boolean");
      case 'i': return typed("integer", "int32");
      case 'l': return typed("integer", "int64");
      case 'd': return typed("number", "double");
      case 'y': return typed("string", "byte");
      case 't':
      case 'u': return typed("string", "date-time");
      case 'q':
      case 'D': return typed("string");
      case 'o': return typed("string", "int-or-string");
      default: return typed("object");
    }
  }

  OpenApiVersion target_;
  std::map<std::string, Json>& out_;
  std::set<std::pair<std::string_view, const Schema*>> seen_;
};

}  // namespace

void add_builtin_definitions(const ResourceType& type, std::string_view version,
                             OpenApiVersion target, std::map<std::string, Json>& out) {
  const std::string name = wire_name(type.group, version, type.kind);
  const ResourceVersionInfo* info = type.version(version);
  if (!info || !wire_message(name)) return;
  Definitions definitions(target, out);
  Json& entry = out[definitions.add(name, info->schema.get())];
  Json properties = entry["properties"];
  properties.set("apiVersion", typed("string"));
  properties.set("kind", typed("string"));
  entry.set("properties", std::move(properties));
  entry.set(
      "x-kubernetes-group-version-kind",
      json_array({json_object(
          {{"group", Json(type.group)}, {"version", Json(version)}, {"kind", Json(type.kind)}})}));
}

}  // namespace gateproof::kubernetes::cluster
