// Creating and changing objects: decode, default, carry over, check, commit.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/builtin.h"
#include "engine/kubernetes/cluster/crd.h"
#include "engine/kubernetes/cluster/draft.h"
#include "engine/kubernetes/cluster/fields.h"
#include "engine/kubernetes/cluster/keys.h"
#include "engine/kubernetes/cluster/metadata.h"
#include "engine/kubernetes/cluster/patch.h"
#include "engine/kubernetes/cluster/schema_rules.h"

namespace gateproof::kubernetes::cluster {

namespace {

bool is_kind(const ResourceType& type, std::string_view group, std::string_view kind) {
  return !type.custom && type.group == group && type.kind == kind;
}

// A null is absent to a Go struct. Of custom objects only metadata is one.
Json without_nulls(const Json& v) {
  if (v.is_array()) {
    Json out = v;
    for (size_t i = 0; i < v.size(); ++i) {
      Json item = without_nulls(v.items()[i]);
      if (!item.same(v.items()[i])) out.item(i) = std::move(item);
    }
    return out;
  }
  if (!v.is_object()) return v;
  std::vector<Json::Member> out;
  bool changed = false;
  for (const Json::Member& m : v.members()) {
    if (m.value.is_null()) {
      changed = true;
      continue;
    }
    out.push_back({m.key, without_nulls(m.value)});
    changed |= !out.back().value.same(m.value);
  }
  return changed ? Json::object_of(std::move(out)) : v;
}

Status undecodable(const Target& at, const std::string& why) {
  return bad_request(at.type->kind + " in version \"" + at.version + "\" cannot be handled as a " +
                     at.type->kind + ": " + why);
}

// Of a built-in kind a wrong type is no finding of a check but a body that cannot be read.
std::optional<Status> wrong_type(const Target& at, const std::vector<Cause>& causes) {
  if (at.type->custom) return std::nullopt;
  for (const Cause& c : causes) {
    if (c.reason != "FieldValueTypeInvalid") continue;
    const size_t from = c.message.find('"') + 1;
    return undecodable(at, "json: cannot unmarshal " +
                               c.message.substr(from, c.message.find('"', from) - from) +
                               " into Go struct field " + at.type->kind + "." + c.field);
  }
  return std::nullopt;
}

// Before anything looks into a body.
std::optional<Status> wrong_shape(const Target& at, const Json& body) {
  if (!body.is_object())
    return bad_request("couldn't get version/kind; json parse error: the body has to be an object");
  const Json& meta = body["metadata"];
  if (meta.is_object() || meta.is_null()) return std::nullopt;
  return undecodable(at, "json: cannot unmarshal " + to_text(meta).substr(0, 40) +
                             " into Go struct field .metadata of type v1.ObjectMeta");
}

}  // namespace

std::optional<Status> Store::check_namespace(const ResourceType& type,
                                             const std::string& ns) const {
  if (!type.namespaced) return std::nullopt;
  const TypePtr namespaces = registry_.find_kind("", "Namespace");
  const ObjectPtr there = find(*namespaces, "", ns);
  if (!there) return not_found(*namespaces, ns);
  if (there->body.at("metadata.deletionTimestamp").is_null()) return std::nullopt;
  Status s = forbidden(
      type, "",
      "unable to create new content in namespace " + ns + " because it is being terminated");
  s.causes.push_back(
      {"NamespaceTerminating", "namespace " + ns + " is being terminated", "metadata.namespace"});
  return s;
}

// Says what the body is, and that it is what the URL says.
std::optional<Status> Store::decode(Draft& d) const {
  const ResourceType& type = *d.at.type;
  const std::string wanted = type.api_version(d.at.version);
  const std::string_view sent = d.after["apiVersion"].str();
  if (!sent.empty() && sent != wanted) {
    return bad_request("the API version in the data (" + std::string(sent) +
                       ") does not match the expected API version (" + wanted + ")");
  }
  const std::string_view kind = d.after["kind"].str();
  if (!kind.empty() && kind != type.kind) {
    return bad_request("the object provided is unrecognized (must be of type " + type.kind +
                       "): couldn't get version/kind; got " + std::string(kind));
  }
  if (type.custom) {
    d.after.set("metadata", without_nulls(d.after["metadata"]));
  } else {
    d.after = without_nulls(d.after);
  }
  Json& meta = d.after.member("metadata");
  if (!meta.is_object()) meta = Json::object();
  const std::string_view ns = meta["namespace"].str();
  if (type.namespaced && !ns.empty() && ns != d.at.ns) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  if (type.namespaced) {
    meta.set("namespace", Json(d.at.ns));
  } else {
    meta.erase("namespace");
  }
  d.after.set("apiVersion", Json(type.api_version(type.storage().name)));
  d.after.set("kind", Json(type.kind));
  const Schema* schema = d.schema();
  if (!schema) return std::nullopt;
  std::vector<std::string> unknown;
  prune(d.after, *schema, unknown);
  for (const std::string& field : unknown) {
    if (d.options.field_validation == WriteOptions::strict)
      return undecodable(d.at, "strict decoding error: unknown field \"" + field + "\"");
    if (d.options.field_validation == WriteOptions::warn && d.warnings.size() < schema_causes_max)
      d.warnings.push_back("unknown field \"" + field + "\"");
  }
  return std::nullopt;
}

void Store::carry_metadata(Draft& d) const {
  Json& meta = d.after.member("metadata");
  meta.erase("selfLink");
  if (!d.before) {
    for (const char* key :
         {"resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"})
      meta.erase(key);
    meta.set("uid", Json(d.uid));
    meta.set("creationTimestamp", Json(rfc3339(clock_.wall_ns())));
    return;
  }
  const Json& old = d.before->body["metadata"];
  for (const char* key : {"uid", "creationTimestamp", "deletionTimestamp",
                          "deletionGracePeriodSeconds", "generation", "resourceVersion"}) {
    if (const Json* value = old.find(key)) {
      meta.set(key, *value);
    } else {
      meta.erase(key);
    }
  }
}

std::optional<Status> Store::check(Draft& d) const {
  const ResourceType& type = *d.at.type;
  std::vector<Cause> causes;
  const Json before = d.before ? d.before->body : Json();
  if (!d.before) {
    const std::string_view name = d.after.at("metadata.name").str();
    if (const std::string why = wrong_name(type, name); !why.empty())
      causes.push_back({"FieldValueInvalid", "Invalid value: " + text::quote(name) + ": " + why,
                        "metadata.name"});
  }
  check_metadata(d.after["metadata"], before["metadata"], options_.limits.annotation_bytes_max,
                 causes);
  if (const Schema* schema = d.schema()) {
    validate(d.after, *schema, "", causes);
    check_rules(d.after, d.before ? &before : nullptr, *schema, causes, d.warnings);
  }
  if (auto refused = wrong_type(d.at, causes)) return refused;
  if (!type.custom) check_builtin(type, d.after, before, causes);
  if (is_kind(type, "apiextensions.k8s.io", "CustomResourceDefinition") && causes.empty()) {
    CompiledCrd crd = compile_crd(d.after, options_.patterns, registry_);
    causes = std::move(crd.causes);
    d.warnings.insert(d.warnings.end(), crd.warnings.begin(), crd.warnings.end());
    d.crd = std::move(crd.type);
  }
  if (!causes.empty()) return invalid(type, d.after.at("metadata.name").str(), std::move(causes));
  return std::nullopt;
}

// The draft's body as sent -> as it would be committed.
std::optional<Status> Store::admit(Draft& d) {
  if (auto refused = decode(d)) return refused;
  const ResourceType& type = *d.at.type;
  const Json before = d.before ? d.before->body : Json();
  if (d.at.sub == Sub::status) {
    Json status = d.after["status"];
    Json managed = d.after.at("metadata.managedFields");
    d.after = before;
    d.after.set("status", std::move(status));
    if (d.after["status"].is_null()) d.after.erase("status");
    if (d.tracked) d.after.make("metadata.managedFields") = std::move(managed);
  } else if (type.version(d.at.version)->status && (d.before || !creates_with_status(type))) {
    d.after.erase("status");
    if (const Json* status = before.find("status")) d.after.set("status", *status);
  }
  carry_metadata(d);
  if (const Schema* schema = d.schema()) apply_defaults(d.after, *schema);
  const BuiltinContext context{cluster_ips_, node_ports_};
  if (!type.custom) default_builtin(type, d.after, before, context);
  if (is_kind(type, "apiextensions.k8s.io", "CustomResourceDefinition"))
    complete_crd_status(d.after, before, rfc3339(clock_.wall_ns()));
  if (auto refused = check(d)) return refused;

  const bool counts = has_generation(type);
  if (!d.before) {
    if (counts) d.after.make("metadata.generation") = Json(1);
  } else if (counts && spec_changed(before, d.after, type.version(d.at.version)->status)) {
    Json& generation = d.after.make("metadata.generation");
    generation = Json(generation.integer() + 1);
  }
  if (!options_.managed_fields) {
    d.after.member("metadata").erase("managedFields");
  } else if (!d.tracked) {
    track_update(before, d.after, d.schema(), d.owner(rfc3339(clock_.wall_ns())));
  }
  if (d.after.weight() > options_.limits.object_bytes_max &&
      to_text(d.after).size() > options_.limits.object_bytes_max) {
    return too_large("etcdserver: request is too large: an object may have " +
                     std::to_string(options_.limits.object_bytes_max) + " bytes");
  }
  if (total_bytes_ > options_.limits.total_bytes_max)
    return internal_error("etcdserver: mvcc: database space exceeded");
  return std::nullopt;
}

// Commits an admitted draft and lets the hooks run.
Reply<Written> Store::finish(Draft& d) {
  Written out;
  out.created = !d.before;
  out.warnings = std::move(d.warnings);
  const bool leaves =
      d.before && !d.before->body.at("metadata.deletionTimestamp").is_null() &&
      d.after.at("metadata.finalizers").size() == 0 &&
      !(is_kind(*d.at.type, "", "Namespace") && d.after.at("spec.finalizers").size() != 0);
  if (d.before && d.after == d.before->body && !leaves) {
    out.object = d.before;
    return out;
  }
  if (d.options.dry_run) {
    auto object = std::make_shared<StoredObject>();
    object->type = d.at.type;
    object->ns = d.at.ns;
    object->name = d.after.at("metadata.name").str();
    object->body = std::move(d.after);
    if (d.before) object->resource_version = d.before->resource_version;
    out.object = std::move(object);
    return out;
  }
  const auto what = leaves ? Event::removed : d.before ? Event::modified : Event::added;
  if (d.crd && leaves) unregister(d.before);
  if (d.crd && !leaves) registry_.put(d.crd);
  const ObjectPtr object = commit(what, d.before, d.at.type, std::move(d.after));
  settle();
  out.object = current(object);
  return out;
}

Reply<Written> Store::create(const Target& at, Json body, const WriteOptions& options) {
  if (auto refused = check_target(at)) return *std::move(refused);
  Draft d{at, options, nullptr, std::move(body)};
  if (auto refused = wrong_shape(at, d.after)) return *std::move(refused);
  if (!d.after.at("metadata.resourceVersion").str().empty())
    return internal_error("resourceVersion should not be set on objects to be created");
  if (auto refused = check_namespace(*at.type, at.ns)) return *std::move(refused);
  d.uid = new_uid();
  const Json& meta = d.after["metadata"];
  const std::string prefix(meta["generateName"].str());
  if (meta["name"].str().empty()) {
    if (prefix.empty()) {
      std::vector<Cause> causes = {{"FieldValueRequired",
                                    "Required value: name or generateName is required",
                                    "metadata.name"}};
      return invalid(*at.type, "", std::move(causes));
    }
    d.after.make("metadata.name") = Json(generated_name(prefix, uids_));
  }
  const std::string name(d.after.at("metadata.name").str());
  if (!at.name.empty() && at.name != name)
    return bad_request("the name of the object (" + name +
                       ") does not match the name on the URL (" + at.name + ")");
  if (find(*at.type, at.ns, name)) return already_exists(*at.type, name);
  if (auto refused = admit(d)) return *std::move(refused);
  return finish(d);
}

Reply<Written> Store::replace(Draft& d) {
  const ResourceType& type = *d.at.type;
  if (auto refused = wrong_shape(d.at, d.after)) return *std::move(refused);
  const Json& meta = d.after["metadata"];
  const std::string_view name = meta["name"].str();
  if (!name.empty() && name != d.at.name) {
    return bad_request("the name of the object (" + std::string(name) +
                       ") does not match the name on the URL (" + d.at.name + ")");
  }
  d.after.make("metadata.name") = Json(d.at.name);
  const std::string_view uid = d.after.at("metadata.uid").str();
  if (!uid.empty() && uid != d.before->uid) {
    return conflict(type, d.at.name,
                    "Precondition failed: UID in precondition: " + std::string(uid) +
                        ", UID in object meta: " + d.before->uid);
  }
  const std::string_view version = d.after.at("metadata.resourceVersion").str();
  if (!version.empty() && version != "0" && version != std::to_string(d.before->resource_version)) {
    return conflict(type, d.at.name,
                    "the object has been modified; please apply your changes to the latest version "
                    "and try again");
  }
  if (auto refused = admit(d)) return *std::move(refused);
  return finish(d);
}

Reply<Written> Store::update(const Target& at, Json body, const WriteOptions& options) {
  if (auto refused = check_target(at)) return *std::move(refused);
  if (at.sub == Sub::scale) return update_scale(at, body, options);
  Draft d{at, options, find(*at.type, at.ns, at.name), std::move(body)};
  if (!d.before) {
    if (at.sub != Sub::none || !creates_on_update(*at.type)) return not_found(*at.type, at.name);
    return create(at, std::move(d.after), options);
  }
  if (at.type->custom && d.after.at("metadata.resourceVersion").str().empty()) {
    std::vector<Cause> causes = {{"FieldValueInvalid",
                                  "Invalid value: 0x0: must be specified for an update",
                                  "metadata.resourceVersion"}};
    return invalid(*at.type, at.name, std::move(causes));
  }
  return replace(d);
}

Reply<Written> Store::patch(const Target& at, Patch kind, const Json& patch,
                            const WriteOptions& options) {
  if (auto refused = check_target(at)) return *std::move(refused);
  if (kind == Patch::apply) return apply(at, patch, options);
  const ObjectPtr before = find(*at.type, at.ns, at.name);
  if (!before) return not_found(*at.type, at.name);
  Json base = before->in_version(at.version);
  if (at.sub == Sub::scale) {
    auto scale = get_scale(at);
    if (!scale) return scale.error();
    base = std::move(*scale);
  }
  Draft d{at, options, before};
  if (kind == Patch::json) {
    PatchLimits limits;
    limits.operations_max = options_.limits.patch_operations_max;
    auto patched = json_patch(std::move(base), patch, limits);
    if (!patched) {
      Status s = patched.error();
      s.group = at.type->group;
      s.kind = at.type->kind;
      s.name = at.name;
      return s;
    }
    d.after = std::move(*patched);
  } else if (!patch.is_object()) {
    return bad_request("error decoding patch: the patch has to be an object");
  } else if (kind == Patch::merge || at.sub == Sub::scale) {
    d.after = merge_patch(base, patch);
  } else if (at.type->custom) {
    return unsupported_media(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
  } else {
    auto patched = strategic_merge(base, patch, *d.schema());
    if (!patched) return patched.error();
    d.after = std::move(*patched);
  }
  if (at.sub == Sub::scale) return update_scale(at, d.after, options);
  return replace(d);
}

Reply<Written> Store::apply(const Target& at, const Json& configuration,
                            const WriteOptions& options) {
  if (options.field_manager.empty()) {
    Status s = bad_request(
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for "
        "apply patch");
    s.code = 422;
    s.reason = "Invalid";
    return s;
  }
  if (auto refused = wrong_shape(at, configuration)) return *std::move(refused);
  const Json* managed = configuration.at("metadata").find("managedFields");
  if (managed && managed->size()) return bad_request("metadata.managedFields must be nil");
  const ObjectPtr before = find(*at.type, at.ns, at.name);
  if (!before && at.sub != Sub::none) return not_found(*at.type, at.name);
  if (!before) {
    if (auto refused = check_namespace(*at.type, at.ns)) return *std::move(refused);
  }
  Draft d{at, options, before};
  d.after = configuration;
  d.tracked = true;
  if (auto refused = decode(d)) return *std::move(refused);
  d.after.make("metadata.name") = Json(at.name);
  if (at.sub == Sub::status) {
    d.after = json_object({{"apiVersion", d.after["apiVersion"]},
                           {"kind", d.after["kind"]},
                           {"metadata", json_object({{"name", Json(at.name)}})},
                           {"status", d.after["status"]}});
  } else if (at.type->version(at.version)->status && (before || !creates_with_status(*at.type))) {
    d.after.erase("status");
  }
  Applied applied = apply_configuration(before ? before->body : Json(), d.after, d.schema(),
                                        d.owner(rfc3339(clock_.wall_ns())), options.force);
  if (!applied.conflicts.empty()) {
    Status s = conflict(*at.type, at.name, "");
    s.message = conflict_message(applied.conflicts);
    s.causes = std::move(applied.conflicts);
    return s;
  }
  d.after = std::move(applied.object);
  if (!d.before) d.uid = new_uid();
  // What was decoded stands under the storage version; it is admitted under the request's.
  d.after.set("apiVersion", Json(at.type->api_version(at.version)));
  if (auto refused = admit(d)) return *std::move(refused);
  return finish(d);
}

}  // namespace gateproof::kubernetes::cluster
