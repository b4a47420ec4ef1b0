#include "engine/kubernetes/cluster/crd.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/builtin_schemas.h"
#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cluster {

namespace {

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const Json& t : list.items()) out.emplace_back(t.str());
  return out;
}

// apiVersion, kind and metadata are the server's business, whatever the schema says of them.
SchemaPtr with_metadata(const Schema& compiled) {
  auto s = std::make_shared<Schema>(compiled);
  std::erase_if(s->properties, [](const auto& p) {
    return p.first == "apiVersion" || p.first == "kind" || p.first == "metadata";
  });
  std::erase_if(s->required, [](const std::string& r) {
    return r == "apiVersion" || r == "kind" || r == "metadata";
  });
  s->properties.emplace_back("metadata", object_meta_schema());
  std::ranges::sort(s->properties, {}, &std::pair<std::string, SchemaPtr>::first);
  s->embedded_resource = true;
  return s;
}

class CrdReader {
 public:
  CrdReader(const Json& crd, const PatternCompiler& patterns, const Registry& known)
      : crd_(crd), spec_(crd["spec"]), patterns_(patterns), known_(known) {}

  CompiledCrd run() {
    auto type = std::make_shared<ResourceType>();
    type->custom = true;
    const Json& names = spec_["names"];
    type->group = spec_["group"].str();
    type->kind = names["kind"].str();
    type->plural = names["plural"].str();
    type->singular = names["singular"].str();
    type->list_kind = names["listKind"].str();
    type->short_names = texts(names["shortNames"]);
    type->categories = texts(names["categories"]);
    type->namespaced = spec_["scope"].str() == "Namespaced";
    check_names(*type);
    const Json& versions = spec_["versions"];
    size_t storage = 0;
    for (size_t i = 0; i < versions.size(); ++i) {
      type->versions.push_back(version(versions.items()[i], i));
      storage += type->versions.back().storage;
    }
    if (storage != 1)
      add("spec.versions", "must have exactly one version marked as storage version", versions);
    std::ranges::stable_sort(type->versions, [](const auto& a, const auto& b) {
      return version_before(a.name, b.name);
    });
    if (!causes_.empty()) return {nullptr, std::move(causes_), {}};
    return {std::move(type), {}, std::move(warnings_)};
  }

 private:
  void add(std::string field, const std::string& why, const Json& value) {
    const std::string shown = value.is_string() ? text::quote(value.str()) : "\"object\"";
    causes_.push_back(
        {"FieldValueInvalid", "Invalid value: " + shown + ": " + why, std::move(field)});
  }

  void check_names(const ResourceType& type) {
    const std::string wanted = type.plural + "." + type.group;
    if (crd_.at("metadata.name").str() != wanted) {
      add("metadata.name", "must be spec.names.plural+\".\"+spec.group", crd_.at("metadata.name"));
    }
    if (const std::string why = wrong_subdomain(type.group); !why.empty())
      add("spec.group", why, spec_["group"]);
    if (type.group.find('.') == std::string::npos)
      add("spec.group", "should be a domain with at least one dot", spec_["group"]);
    if (const std::string why = wrong_dns_1035(type.plural); !why.empty())
      add("spec.names.plural", why, spec_.at("names.plural"));
    if (const std::string why = wrong_dns_1035(text::to_lower(type.kind)); !why.empty())
      add("spec.names.kind", "may have mixed case, but should otherwise match: " + why,
          spec_.at("names.kind"));
    for (const TypePtr& other :
         {known_.find_plural(type.group, type.plural), known_.find_kind(type.group, type.kind)}) {
      if (other && (!other->custom || other->plural != type.plural))
        add("spec.names", "\"" + type.kind + "\" is already in use", Json());
    }
  }

  ResourceVersionInfo version(const Json& v, size_t at) {
    const std::string path = "spec.versions[" + std::to_string(at) + "]";
    ResourceVersionInfo info;
    info.name = v["name"].str();
    info.served = v["served"].boolean();
    info.storage = v["storage"].boolean();
    info.deprecated = v["deprecated"].boolean();
    info.deprecation_warning = v["deprecationWarning"].str();
    info.status = v.at("subresources.status").is_object();
    const Json& scale = v.at("subresources.scale");
    info.scale = scale.is_object();
    info.scale_spec_path = scale["specReplicasPath"].str();
    info.scale_status_path = scale["statusReplicasPath"].str();
    info.scale_selector_path = scale["labelSelectorPath"].str();
    if (info.scale && !info.scale_spec_path.starts_with(".spec."))
      add(path + ".subresources.scale.specReplicasPath", "should be a json path under .spec",
          scale["specReplicasPath"]);
    info.printer_columns = v["additionalPrinterColumns"];
    for (const Json& f : v["selectableFields"].items()) {
      const std::string_view json_path = f["jsonPath"].str();
      info.selectable_fields.emplace_back(json_path.substr(json_path.starts_with('.') ? 1 : 0));
    }
    if (const std::string why = wrong_dns_1035(info.name); !why.empty())
      add(path + ".name", why, v["name"]);
    info.openapi = v.at("schema.openAPIV3Schema");
    if (!info.openapi.is_object()) {
      causes_.push_back({"FieldValueRequired", "Required value: schemas are required",
                         path + ".schema.openAPIV3Schema"});
      return info;
    }
    std::vector<std::string> warnings;
    auto compiled = compile_schema(info.openapi, patterns_, &warnings);
    for (const std::string& w : warnings) warnings_.push_back(path + ".schema." + w);
    if (compiled) {
      info.schema = with_metadata(**compiled);
    } else {
      for (Cause c : compiled.error().causes) {
        c.field = path + ".schema." + c.field;
        causes_.push_back(std::move(c));
      }
    }
    return info;
  }

  const Json& crd_;
  const Json& spec_;
  const PatternCompiler& patterns_;
  const Registry& known_;
  std::vector<Cause> causes_;
  std::vector<std::string> warnings_;
};

void set_condition(Json& status, const char* type, const char* reason, const char* message,
                   std::string_view now) {
  for (const Json& c : status["conditions"].items()) {
    if (c["type"].str() == type) return;
  }
  status.member("conditions")
      .push(json_object({{"type", Json(type)},
                         {"status", Json("True")},
                         {"reason", Json(reason)},
                         {"message", Json(message)},
                         {"lastTransitionTime", Json(now)}}));
}

}  // namespace

CompiledCrd compile_crd(const Json& crd, const PatternCompiler& patterns, const Registry& known) {
  return CrdReader(crd, patterns, known).run();
}

void default_crd(Json& crd) {
  const std::string kind(crd.at("spec.names.kind").str());
  if (kind.empty()) return;
  if (crd.at("spec.names.singular").str().empty())
    crd.make("spec.names.singular") = Json(text::to_lower(kind));
  if (crd.at("spec.names.listKind").str().empty())
    crd.make("spec.names.listKind") = Json(kind + "List");
}

void complete_crd_status(Json& crd, const Json& before, std::string_view now) {
  Json status = before["status"];
  if (!status.is_object()) status = Json::object();
  // Somebody who writes the status may add to it; what the server knows stays.
  if (crd["status"].is_object())
    for (const Json::Member& m : crd["status"].members()) status.set(m.key, m.value);
  if (crd.at("spec.names").is_object()) status.set("acceptedNames", crd.at("spec.names"));
  std::vector<Json> stored(status["storedVersions"].items().begin(),
                           status["storedVersions"].items().end());
  for (const Json& v : crd.at("spec.versions").items()) {
    if (v["storage"].boolean() && std::ranges::find(stored, v["name"]) == stored.end())
      stored.push_back(v["name"]);
  }
  status.set("storedVersions", Json::array_of(std::move(stored)));
  set_condition(status, "NamesAccepted", "NoConflicts", "no conflicts found", now);
  set_condition(status, "Established", "InitialNamesAccepted",
                "the initial names have been accepted", now);
  crd.set("status", std::move(status));
}

}  // namespace gateproof::kubernetes::cluster
