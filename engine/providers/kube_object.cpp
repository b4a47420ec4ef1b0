#include "engine/providers/kube_object.h"

namespace gateproof::providers {

using config::Value;

namespace {

uint64_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ull;
  return h ^ (h >> 33);
}

uint64_t digest_text(std::string_view s, uint64_t seed) {
  uint64_t h = 0xcbf29ce484222325ull ^ seed;
  for (const char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return mix(h + s.size());
}

template <class Skip>
uint64_t digest_members(const Value& v, Skip skip) {
  uint64_t sum = 0;
  for (const Value::Member& m : v.members) {
    if (!skip(m)) sum += mix(digest_text(m.key, 7) * 3 + content_digest(m.value));
  }
  return mix(sum + 11);
}

Value text_value(std::string_view text, const SourceSpan& span) {
  Value v;
  v.kind = Value::scalar;
  v.quoted = true;
  v.text = text;
  v.span = span;
  return v;
}

void respan(Value& v, const SourceSpan& span) {
  v.span = span;
  for (Value& item : v.items) respan(item, span);
  for (Value::Member& m : v.members) {
    m.key_span = span;
    respan(m.value, span);
  }
}

void add_if_missing(Value& root, std::string_view key, std::string_view text) {
  for (Value::Member& m : root.members) {
    if (m.key != key) continue;
    if (m.value.str().empty()) m.value = text_value(text, root.span);
    return;
  }
  root.members.insert(root.members.begin(),
                      {std::string(key), true, root.span, text_value(text, root.span)});
}

}  // namespace

uint64_t content_digest(const Value& v) {
  switch (v.kind) {
    case Value::null: return 3;
    case Value::scalar: return digest_text(v.text, v.quoted ? 1 : 2);
    case Value::sequence: {
      uint64_t h = 5;
      for (const Value& item : v.items) h = mix(h * 31 + content_digest(item));
      return h;
    }
    case Value::mapping: break;
  }
  return digest_members(v, [](const Value::Member&) { return false; });
}

namespace {

// `label` is what the spans of the root, if it has any, name the object by, and is not known yet.
Result<KubeObject> take(Value root, const KubeResource& resource, std::string_view version,
                        const std::shared_ptr<std::string>& label) {
  const auto refuse = [&](const std::string& why) {
    return Error(Code::invalid, "an object of " + resource.label() + " " + why);
  };
  if (root.kind != Value::mapping) return refuse("is no mapping");
  add_if_missing(root, "kind", resource.kind);
  add_if_missing(
      root, "apiVersion",
      resource.group.empty() ? std::string(version) : resource.group + "/" + std::string(version));
  if (root.find("kind")->str() != resource.kind)
    return refuse("is of kind " + std::string(root.find("kind")->str()));
  const Value* name = root.at("metadata.name");
  if (!name || name->str().empty()) return refuse("has no name");
  KubeObject o;
  o.key = {resource.group, resource.kind, "", std::string(name->str())};
  const auto meta = [&](const char* path) {
    const Value* v = root.at(path);
    return v ? std::string(v->str()) : std::string();
  };
  if (resource.namespaced) o.key.ns = meta("metadata.namespace");
  o.uid = meta("metadata.uid");
  o.resource_version = meta("metadata.resourceVersion");
  uint64_t metadata = 0;
  for (Value::Member& m : root.members) {
    if (m.key != "metadata") continue;
    std::erase_if(m.value.members, [](const auto& f) { return f.key == "managedFields"; });
    metadata = digest_members(m.value, [](const auto& f) { return f.key == "resourceVersion"; });
  }
  const Value* status = root.find("status");
  o.status = status ? content_digest(*status) : 0;
  o.content = mix(metadata * 13 + digest_members(root, [](const auto& m) {
                    return m.key == "metadata" || m.key == "status";
                  }));
  if (resource.status_counts) o.content = mix(o.content + o.status);
  if (o.content == 0) o.content = 1;
  *label = o.key.label();
  o.document.file = *label;
  o.document.root = std::move(root);
  return o;
}

config::TextLimits limits() {
  config::TextLimits l;
  l.json_bytes_max = kube_object_bytes_max;
  l.depth_max = kube_object_depth_max;
  return l;
}

}  // namespace

Result<KubeObject> take_object(Value root, const KubeResource& resource, std::string_view version) {
  const auto label = std::make_shared<std::string>();
  Result<KubeObject> o = take(std::move(root), resource, version, label);
  if (!o) return o;
  SourceSpan span;
  span.file = label;
  respan(o->document.root, span);
  return o;
}

Result<KubeObject> read_object(std::string_view text, const KubeResource& resource,
                               std::string_view version) {
  const auto label = std::make_shared<std::string>();
  SourceSpan span;
  span.file = label;
  Result<Value> root = config::parse_json_at(text, span, {"metadata", "managedFields"}, limits());
  if (!root) return root.error();
  return take(std::move(*root), resource, version, label);
}

Result<Value> read_kube_json(std::string_view text, const std::string& what) {
  Result<config::Document> doc = config::parse_document(text, what, config::Format::json, limits());
  if (!doc) return doc.error();
  return std::move(doc->root);
}

}  // namespace gateproof::providers
