// Deleting: finalizers, owners and their dependents, namespaces and what is in them, kinds and their objects.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/metadata.h"
#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr std::string_view foreground_finalizer = "foregroundDeletion";
constexpr std::string_view crd_finalizer = "customresourcecleanup.apiextensions.k8s.io";

bool is_namespace(const ResourceType& t) {
  return !t.custom && t.group.empty() && t.kind == "Namespace";
}
bool is_crd(const ResourceType& t) {
  return !t.custom && t.group == "apiextensions.k8s.io" && t.kind == "CustomResourceDefinition";
}
bool leaving(const StoredObject& o) { return !o.body.at("metadata.deletionTimestamp").is_null(); }

std::vector<std::string> finalizers_of(const StoredObject& o) {
  std::vector<std::string> out;
  for (const Json& f : o.body.at("metadata.finalizers").items()) out.emplace_back(f.str());
  return out;
}

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

Json strings(const std::vector<std::string>& all) {
  Json out = Json::array();
  for (const std::string& s : all) out.push(Json(s));
  return out;
}

}  // namespace

Reply<DeleteOptions> DeleteOptions::from_json(const Json& body) {
  DeleteOptions out;
  if (body.is_null()) return out;
  if (!body.is_object()) return bad_request("DeleteOptions has to be an object");
  const Json& before = body["preconditions"];
  out.precondition_uid = before["uid"].str();
  out.precondition_resource_version = before["resourceVersion"].str();
  for (const Json& d : body["dryRun"].items()) {
    if (d.str() != "All") {
      return bad_request("dryRun: Unsupported value: " + text::quote(d.str()) +
                         ": supported values: \"All\"");
    }
    out.dry_run = true;
  }
  const std::string_view policy = body["propagationPolicy"].str();
  if (body["orphanDependents"].boolean()) out.propagation = orphan;
  if (policy == "Orphan") {
    out.propagation = orphan;
  } else if (policy == "Foreground") {
    out.propagation = foreground;
  } else if (policy == "Background") {
    out.propagation = background;
  } else if (!policy.empty()) {
    Status s = bad_request(
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: "
        "Unsupported value: " +
        text::quote(policy) +
        ": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
    s.code = 422;
    s.reason = "Invalid";
    return s;
  }
  return out;
}

// No object outlives its kind: nobody could see or delete it.
void Store::unregister(const ObjectPtr& crd) {
  const std::string_view group = crd->body.at("spec.group").str();
  const std::string_view plural = crd->body.at("spec.names.plural").str();
  const TypePtr type = registry_.find_plural(group, plural);
  if (!type || !type->custom) return;
  for (const ObjectPtr& o : all(*type)) commit(Event::removed, o, o->type, o->body);
  registry_.remove(group, plural);
}

ObjectPtr Store::erase(const ObjectPtr& object) {
  if (is_crd(*object->type)) unregister(object);
  return commit(Event::removed, object, object->type, object->body);
}

ObjectPtr Store::mark_deleted(const ObjectPtr& object, std::vector<std::string> finalizers) {
  Json body = object->body;
  Json& meta = body.member("metadata");
  if (meta["deletionTimestamp"].is_null()) {
    meta.set("deletionTimestamp", Json(rfc3339(clock_.wall_ns())));
    if (!is_namespace(*object->type)) meta.set("deletionGracePeriodSeconds", Json(0));
    if (const Json* generation = meta.find("generation"))
      meta.set("generation", Json(generation->integer() + 1));
  }
  if (!finalizers.empty()) meta.set("finalizers", strings(finalizers));
  if (is_namespace(*object->type)) body.make("status.phase") = Json("Terminating");
  if (body == object->body) return object;
  return commit(Event::modified, object, object->type, std::move(body));
}

void Store::orphan(const ObjectPtr& owner) {
  for (const ObjectPtr& d : dependents(owner->uid)) {
    Json body = d->body;
    std::vector<Json> kept;
    for (const Json& o : body.at("metadata.ownerReferences").items()) {
      if (o["uid"].str() != owner->uid) kept.push_back(o);
    }
    Json& meta = body.member("metadata");
    if (kept.empty()) {
      meta.erase("ownerReferences");
    } else {
      meta.set("ownerReferences", Json::array_of(std::move(kept)));
    }
    commit(Event::modified, d, d->type, std::move(body));
  }
}

Reply<Removed> Store::remove(const Target& at, const DeleteOptions& options) {
  if (auto refused = check_target(at)) return *std::move(refused);
  const ObjectPtr object = find(*at.type, at.ns, at.name);
  if (!object) return not_found(*at.type, at.name);
  const std::string version = std::to_string(object->resource_version);
  if (!options.precondition_uid.empty() && options.precondition_uid != object->uid) {
    return conflict(*at.type, at.name,
                    "Precondition failed: UID in precondition: " + options.precondition_uid +
                        ", UID in object meta: " + object->uid);
  }
  if (!options.precondition_resource_version.empty() &&
      options.precondition_resource_version != version) {
    return conflict(*at.type, at.name,
                    "Precondition failed: ResourceVersion in precondition: " +
                        options.precondition_resource_version +
                        ", ResourceVersion in object meta: " + version);
  }
  if (options.dry_run) return Removed{object, true};
  if (options.propagation == DeleteOptions::orphan) orphan(object);
  std::vector<std::string> finalizers = finalizers_of(*object);
  const bool foreground = options.propagation == DeleteOptions::foreground &&
                          dependents_.contains(object->uid) &&
                          !has(finalizers, foreground_finalizer);
  if (foreground) finalizers.emplace_back(foreground_finalizer);
  if (is_crd(*at.type) && !remove_customs(object) && !has(finalizers, crd_finalizer))
    finalizers.emplace_back(crd_finalizer);
  const bool waits = !finalizers.empty() || is_namespace(*at.type);
  // What hangs on it may have changed it, or taken it along.
  const ObjectPtr now = find(*at.type, at.ns, at.name);
  ObjectPtr last = object;
  if (now && now->uid == object->uid) last = waits ? mark_deleted(now, finalizers) : erase(now);
  settle();
  const ObjectPtr left = find(*at.type, at.ns, at.name);
  const bool there = left && left->uid == object->uid;
  return Removed{there ? left : last, !there};
}

Reply<Listed> Store::remove_all(const TypePtr& type, std::string_view version, std::string_view ns,
                                const ListOptions& which, const DeleteOptions& options) {
  auto listed = list(type, version, ns, which);
  if (!listed) return listed.error();
  for (const ObjectPtr& o : listed->items) {
    const Target at{type, std::string(version), o->ns, o->name};
    (void)remove(at, options);  // gone with an owner already: that is fine
  }
  listed->resource_version = resource_version_;
  return listed;
}

// False when finalizers keep some.
bool Store::remove_customs(const ObjectPtr& crd) {
  const TypePtr type = registry_.find_plural(crd->body.at("spec.group").str(),
                                             crd->body.at("spec.names.plural").str());
  if (!type || !type->custom) return true;
  for (const ObjectPtr& o : all(*type)) {
    auto finalizers = finalizers_of(*o);
    if (finalizers.empty()) {
      erase(o);
    } else {
      mark_deleted(o, std::move(finalizers));
    }
  }
  return count(*type) == 0;
}

void Store::empty_namespace(const ObjectPtr& ns) {
  const auto inside = in_namespace_.find(ns->name);
  if (inside != in_namespace_.end()) {
    for (const auto& [key, type] : registry_.all()) {
      if (!type->namespaced) continue;
      for (const ObjectPtr& o : all(*type, ns->name)) {
        auto finalizers = finalizers_of(*o);
        if (finalizers.empty()) {
          erase(o);
        } else if (!leaving(*o)) {
          mark_deleted(o, std::move(finalizers));
        }
      }
    }
  }
  if (in_namespace_.contains(ns->name) || !finalizers_of(*ns).empty()) return;
  if (const ObjectPtr now = find(*ns->type, "", ns->name)) erase(now);
}

// A dependent whose owners are all gone goes too; references to those that are gone leave the others alone.
void Store::drop_dangling(const ObjectPtr& dependent) {
  const ObjectPtr now = find(*dependent->type, dependent->ns, dependent->name);
  if (!now || now->uid != dependent->uid || leaving(*now)) return;
  std::vector<Json> kept;
  const auto owners = now->body.at("metadata.ownerReferences").items();
  for (const Json& o : owners) {
    const auto found = by_uid_.find(std::string(o["uid"].str()));
    const bool there =
        found != by_uid_.end() && (found->second->ns.empty() || found->second->ns == now->ns);
    if (there) kept.push_back(o);
  }
  if (kept.size() == owners.size()) return;
  if (kept.empty()) {
    auto finalizers = finalizers_of(*now);
    if (finalizers.empty()) {
      erase(now);  // its own dependents follow in the next round
    } else {
      mark_deleted(now, std::move(finalizers));
    }
    return;
  }
  Json body = now->body;
  body.make("metadata.ownerReferences") = Json::array_of(std::move(kept));
  commit(Event::modified, now, now->type, std::move(body));
}

void Store::collect(std::span<const Event> events) {
  for (const Event& e : events) collect_one(e);
}

void Store::collect_one(const Event& e) {
  const StoredObject& o = *e.object;
  if (e.type == Event::removed) {
    for (const ObjectPtr& d : dependents(o.uid)) drop_dangling(d);
    // The last of a kind or namespace that is going, or a dependent that somebody waits for.
    for (const Json& ref : e.previous->body.at("metadata.ownerReferences").items()) {
      const auto owner = by_uid_.find(std::string(ref["uid"].str()));
      if (owner != by_uid_.end() && leaving(*owner->second))
        collect_one({Event::modified, owner->second, nullptr, e.resource_version});
    }
    if (!o.ns.empty() && !in_namespace_.contains(o.ns)) {
      const ObjectPtr ns = find(*registry_.find_kind("", "Namespace"), "", o.ns);
      if (ns && leaving(*ns)) empty_namespace(ns);
    }
    if (!o.type->custom || count(*o.type) != 0) return;
    const TypePtr crds = registry_.find_kind("apiextensions.k8s.io", "CustomResourceDefinition");
    const ObjectPtr crd = find(*crds, "", o.type->plural + "." + o.type->group);
    if (crd && leaving(*crd)) collect_one({Event::modified, crd, nullptr, e.resource_version});
    return;
  }
  const ObjectPtr now = find(*o.type, o.ns, o.name);
  if (!now || now->uid != o.uid) return;
  if (e.type == Event::added || (e.previous && !e.previous->body.at("metadata.ownerReferences")
                                                    .same(o.body.at("metadata.ownerReferences"))))
    drop_dangling(now);
  if (!leaving(*now)) return;
  if (is_namespace(*now->type)) return empty_namespace(now);
  std::vector<std::string> finalizers = finalizers_of(*now);
  if (has(finalizers, foreground_finalizer)) {
    bool blocked = false;
    for (const ObjectPtr& d : dependents(now->uid)) {
      auto its = finalizers_of(*d);
      if (dependents_.contains(d->uid) && !has(its, foreground_finalizer))
        its.emplace_back(foreground_finalizer);
      if (its.empty()) {
        erase(d);
        continue;
      }
      if (!leaving(*d)) mark_deleted(d, std::move(its));
      for (const Json& ref : d->body.at("metadata.ownerReferences").items())
        blocked |= ref["uid"].str() == now->uid && ref["blockOwnerDeletion"].boolean();
    }
    if (!blocked) std::erase(finalizers, std::string(foreground_finalizer));
  }
  if (has(finalizers, crd_finalizer) && remove_customs(now))
    std::erase(finalizers, std::string(crd_finalizer));
  if (finalizers.size() == finalizers_of(*now).size()) return;
  const ObjectPtr still = find(*now->type, now->ns, now->name);
  if (!still) return;
  if (finalizers.empty()) {
    erase(still);
    return;
  }
  Json body = still->body;
  body.make("metadata.finalizers") = strings(finalizers);
  commit(Event::modified, still, still->type, std::move(body));
}

}  // namespace gateproof::kubernetes::cluster
