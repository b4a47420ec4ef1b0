// The scale subresource, and generated names.
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/draft.h"
#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cluster {

namespace {

std::string_view dotted(std::string_view path) {
  return path.starts_with('.') ? path.substr(1) : path;
}

// {"matchLabels": {"a": "b"}} as "a=b,c in (d)".
std::string selector_text(const Json& selector) {
  std::vector<std::string> parts;
  for (const Json::Member& m : selector["matchLabels"].members())
    parts.push_back(m.key + "=" + std::string(m.value.str()));
  for (const Json& e : selector["matchExpressions"].items()) {
    const std::string key(e["key"].str());
    const std::string_view op = e["operator"].str();
    std::string values;
    for (const Json& v : e["values"].items())
      values += (values.empty() ? "" : ",") + std::string(v.str());
    if (op == "Exists") parts.push_back(key);
    if (op == "DoesNotExist") parts.push_back("!" + key);
    if (op == "In") parts.push_back(key + " in (" + values + ")");
    if (op == "NotIn") parts.push_back(key + " notin (" + values + ")");
  }
  return text::join(parts, ",");
}

}  // namespace

std::string generated_name(std::string_view prefix, RandomStream& random) {
  constexpr size_t prefix_bytes_max = 58;  // 63 with the five
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string name(prefix.substr(0, prefix_bytes_max));
  for (int i = 0; i < 5; ++i) name += alphabet[random.below(alphabet.size())];
  return name;
}

Reply<Json> Store::get_scale(const Target& at) const {
  Target scale = at;
  scale.sub = Sub::scale;
  if (auto refused = check_target(scale)) return *std::move(refused);
  const ObjectPtr object = find(*at.type, at.ns, at.name);
  if (!object) return not_found(*at.type, at.name);
  const ResourceVersionInfo& info = *at.type->version(at.version);
  const Json& body = object->body;
  Json meta = Json::object();
  for (const char* key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Json* value = body["metadata"].find(key)) meta.set(key, *value);
  }
  Json status =
      json_object({{"replicas", Json(body.at(dotted(info.scale_status_path)).integer())}});
  const Json& selector = info.scale_selector_path.empty()
                             ? body.at("spec.selector")
                             : body.at(dotted(info.scale_selector_path));
  const std::string text =
      selector.is_string() ? std::string(selector.str()) : selector_text(selector);
  if (!text.empty()) status.set("selector", Json(text));
  const Json& replicas = body.at(dotted(info.scale_spec_path));
  return json_object({{"kind", Json("Scale")},
                      {"apiVersion", Json("autoscaling/v1")},
                      {"metadata", std::move(meta)},
                      {"spec", json_object({{"replicas", Json(replicas.integer())}})},
                      {"status", std::move(status)}});
}

Reply<Written> Store::update_scale(const Target& at, const Json& scale,
                                   const WriteOptions& options) {
  const ObjectPtr before = find(*at.type, at.ns, at.name);
  if (!before) return not_found(*at.type, at.name);
  const Json& wanted = scale.at("spec.replicas");
  if (!wanted.is_null() && (wanted.kind() != Json::Kind::integer || wanted.integer() < 0)) {
    std::vector<Cause> causes = {
        {"FieldValueInvalid",
         "Invalid value: " + to_text(wanted) + ": must be greater than or equal to 0",
         "spec.replicas"}};
    return invalid(*at.type, at.name, std::move(causes));
  }
  Target main = at;
  main.sub = Sub::none;
  Draft d{main, options, before};
  d.after = before->in_version(at.version);
  d.after.make(dotted(at.type->version(at.version)->scale_spec_path)) = Json(wanted.integer());
  const Json& version = scale.at("metadata.resourceVersion");
  if (version.is_string()) d.after.make("metadata.resourceVersion") = version;
  return replace(d);
}

}  // namespace gateproof::kubernetes::cluster
