#include "engine/kubernetes/cluster/answers.h"

#include "engine/kubernetes/cluster/table.h"

namespace gateproof::kubernetes::cluster {

namespace {

Json metadata_only(const StoredObject& object) {
  return json_object({{"kind", Json("PartialObjectMetadata")},
                      {"apiVersion", Json("meta.k8s.io/v1")},
                      {"metadata", object.body["metadata"]}});
}

Json list_metadata(const Listed& list) {
  Json out = json_object({{"resourceVersion", Json(std::to_string(list.resource_version))}});
  if (!list.continue_token.empty()) out.set("continue", Json(list.continue_token));
  if (list.remaining >= 0) out.set("remainingItemCount", Json(list.remaining));
  return out;
}

}  // namespace

std::string object_text(const StoredObject& object, const Shape& shape) {
  switch (shape.form.kind) {
    case Form::table: {
      const StoredObject* one = &object;
      Json table = table_of(shape, std::span(&one, 1));
      const Json& version = object.body.at("metadata.resourceVersion");
      table.set("metadata", json_object({{"resourceVersion", version}}));
      return to_text(table);
    }
    case Form::metadata: return to_text(metadata_only(object));
    default: break;
  }
  if (object.type->storage().name == shape.version) return object.text();
  return to_text(object.in_version(shape.version));
}

std::string list_text(const Listed& list, const Shape& shape) {
  if (shape.form.kind == Form::table) {
    std::vector<const StoredObject*> rows;
    rows.reserve(list.items.size());
    for (const ObjectPtr& o : list.items) rows.push_back(o.get());
    Json table = table_of(shape, rows);
    table.set("metadata", list_metadata(list));
    return to_text(table);
  }
  const bool metadata = shape.form.kind == Form::metadata;
  std::string out = R"({"kind":)";
  append_text(out, Json(metadata ? std::string_view("PartialObjectMetadataList")
                                 : std::string_view(shape.type->list_kind)));
  out += R"(,"apiVersion":)";
  append_text(out, Json(metadata ? "meta.k8s.io/v1" : shape.type->api_version(shape.version)));
  out += R"(,"metadata":)";
  append_text(out, list_metadata(list));
  out += R"(,"items":[)";
  const bool stored = !metadata && shape.type->storage().name == shape.version;
  if (stored) {
    // Their texts are kept, and their sizes known.
    size_t bytes = out.size() + 2;
    for (const ObjectPtr& o : list.items) bytes += o->text().size() + 1;
    out.reserve(bytes);
  }
  bool first = true;
  for (const ObjectPtr& o : list.items) {
    if (!std::exchange(first, false)) out += ',';
    if (stored) {
      out += o->text();
    } else {
      out += object_text(*o, shape);
    }
  }
  out += "]}";
  return out;
}

std::string bookmark_text(const Shape& shape, uint64_t resource_version, bool initial_end) {
  Json metadata = json_object({{"resourceVersion", Json(std::to_string(resource_version))}});
  if (initial_end) {
    metadata.set("annotations", json_object({{"k8s.io/initial-events-end", Json("true")}}));
  }
  if (shape.form.kind == Form::table) {
    Json table = table_of(shape, {});
    table.set("metadata", std::move(metadata));
    return to_text(table);
  }
  metadata.set("creationTimestamp", Json());
  const bool partial = shape.form.kind == Form::metadata;
  return to_text(json_object(
      {{"kind", Json(partial ? std::string_view("PartialObjectMetadata")
                             : std::string_view(shape.type->kind))},
       {"apiVersion", Json(partial ? "meta.k8s.io/v1" : shape.type->api_version(shape.version))},
       {"metadata", std::move(metadata)}}));
}

}  // namespace gateproof::kubernetes::cluster
