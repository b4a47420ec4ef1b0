#include "engine/kubernetes/objects.h"

#include "engine/base/text.h"

namespace gateproof::kubernetes {

using config::Findings;
using config::Value;

std::string Object::label() const { return kind + " " + (ns.empty() ? name : ns + "/" + name); }

const Value::Member* Object::annotation_member(std::string_view wanted) const {
  const Value* all = root->at("metadata.annotations");
  if (!all) return nullptr;
  for (const Value::Member& m : all->members) {
    if (m.key == wanted) return &m;
  }
  return nullptr;
}

const Value* Object::annotation(std::string_view wanted) const {
  const Value::Member* m = annotation_member(wanted);
  return m ? &m->value : nullptr;
}

std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {std::string_view(), api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

namespace {

std::string key_of(std::string_view group, std::string_view kind, std::string_view ns,
                   std::string_view name) {
  std::string key;
  for (std::string_view part : {group, kind, ns, name}) key.append(part).push_back('\n');
  return key;
}

std::string kind_key(std::string_view group, std::string_view kind) {
  return std::string(group) + "\n" + std::string(kind);
}

// RFC 1123 subdomain, which the API server wants of every name.
bool valid_name(std::string_view name) {
  constexpr size_t name_bytes_max = 253;
  if (name.empty() || name.size() > name_bytes_max) return false;
  for (std::string_view label : text::split(name, '.')) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      if (!(text::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-')) return false;
    }
  }
  return true;
}

bool contains_word(std::string_view words, std::string_view word) {
  for (std::string_view w : text::split(words, ' ')) {
    if (w == word) return true;
  }
  return false;
}

// Groups whose every kind we know; an unknown kind there is a slip and not somebody else's object.
bool whole_group_known(std::string_view group) {
  return group == traefik_group || group == gateway_group;
}

void unknown_kind(const Object& o, const Value& kind, Findings& findings) {
  std::vector<std::string_view> names;
  for (const KindInfo& k : kinds()) {
    if (k.kind == o.kind) {
      findings.add("GP0703", kind.span, o.label(),
                   o.kind + " is not a kind of " + (o.group.empty() ? "the core group" : o.group) +
                       ": the API server refuses the object",
                   "write apiVersion: " + (k.group.empty() ? "" : std::string(k.group) + "/") +
                       std::string(k.versions.substr(0, k.versions.find(' '))));
      return;
    }
    if (k.group == o.group) names.push_back(k.kind);
  }
  if (o.group == "traefik.containo.us") {
    findings.add("GP0703", kind.span, o.label(),
                 "Traefik v3 does not read the group traefik.containo.us",
                 "write apiVersion: traefik.io/v1alpha1");
    return;
  }
  if (!whole_group_known(o.group)) return;
  const auto near = text::nearest(o.kind, names);
  findings.add("GP0703", kind.span, o.label(),
               "no matches for kind \"" + o.kind + "\" in " + o.group,
               near ? "did you mean `" + *near + "`?" : "write one of the kinds of " + o.group);
}

// What the API server checks of any object. False: it refuses it.
bool check_object(Object& o, const Value& kind, Findings& findings) {
  const KindInfo* info = find_kind(o.group, o.kind);
  if (!info) {
    const size_t before = findings.list().size();
    unknown_kind(o, kind, findings);
    return findings.list().size() == before;
  }
  o.known = true;
  if (!contains_word(info->versions, o.version)) {
    findings.add("GP0703", kind.span, o.label(),
                 "version " + o.version + " of " + o.kind + " is not read",
                 "write apiVersion: " + o.group + "/" +
                     std::string(info->versions.substr(0, info->versions.find(' '))));
    return false;
  }
  bool accepted = check_shape(*info, *o.root, o.label(), findings);
  if (!valid_name(o.name)) {
    findings.add("GP0704", o.span, o.label(),
                 o.name.empty() ? "metadata.name is missing: the API server refuses the object"
                                : "metadata.name " + text::quote(o.name) +
                                      " is not valid: the API server refuses the object",
                 "write lower case letters, digits, `-` and `.`, beginning and ending with a "
                 "letter or digit");
    accepted = false;
  }
  return accepted;
}

}  // namespace

bool ObjectStore::is_manifest(const config::Document& document) {
  const Value* version = document.root.find("apiVersion");
  const Value* kind = document.root.find("kind");
  return version && kind && version->kind == Value::scalar && kind->kind == Value::scalar;
}

void ObjectStore::add(std::vector<config::Document> documents, Findings& findings) {
  for (config::Document& d : documents) add(std::move(d), findings);
}

void ObjectStore::add(config::Document document, Findings& findings) {
  if (document.root.kind == Value::null) return;
  const auto kept = std::make_shared<const config::Document>(std::move(document));
  add_value(kept->root, "", "", {kept, false, findings});
}

void ObjectStore::replace(std::shared_ptr<const config::Document> document, Findings& findings) {
  const Value& root = document->root;
  add_value(root, "", "", {std::move(document), true, findings});
}

bool ObjectStore::forget(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return false;
  const auto [number, place] = found->second;
  const auto kind = by_kind_.find(kind_key(place->group, place->kind));
  kind->second.erase(number);
  if (kind->second.empty()) by_kind_.erase(kind);
  objects_.erase(place);
  index_.erase(found);
  return true;
}

bool ObjectStore::remove(std::string_view group, std::string_view kind, std::string_view ns,
                         std::string_view name) {
  return forget(key_of(group, kind, ns, name));
}

void ObjectStore::add_value(const Value& v, std::string_view group_version,
                            std::string_view item_kind, const Adding& adding) {
  const Value* version = v.find("apiVersion");
  const Value* kind = v.find("kind");
  const std::string_view version_text =
      version && !version->str().empty() ? version->str() : group_version;
  const std::string_view kind_text = kind && !kind->str().empty() ? kind->str() : item_kind;
  if (version_text.empty() || kind_text.empty()) {
    adding.findings.add("GP0701", v.span, "",
                        "this document is no Kubernetes object: apiVersion or kind is missing",
                        "write apiVersion and kind");
    return;
  }
  if (kind_text.ends_with("List") && v.find("items") &&
      !find_kind(split_api_version(version_text).first, kind_text)) {
    // `kind: List` holds any objects; a typed list, as `kubectl get -o yaml` prints none and the API does, holds its own.
    const std::string_view inner =
        kind_text == "List" ? std::string_view() : kind_text.substr(0, kind_text.size() - 4);
    for (const Value& item : v.find("items")->items)
      add_value(item, inner.empty() ? "" : version_text, inner, adding);
    return;
  }
  Object o;
  const auto [group, ver] = split_api_version(version_text);
  o.group = group;
  o.version = ver;
  o.kind = kind_text;
  o.root = &v;
  o.document = adding.document;
  const KindInfo* info = find_kind(o.group, o.kind);
  const Value* name = v.at("metadata.name");
  const Value* ns = v.at("metadata.namespace");
  if (name) o.name = name->str();
  o.span = name && name->span.known() ? name->span : v.span;
  if (!info || !info->cluster_scoped)
    o.ns = ns && !ns->str().empty() ? std::string(ns->str()) : "default";
  o.refused = !check_object(o, kind ? *kind : v, adding.findings);
  keep(std::move(o), adding);
}

void ObjectStore::keep(Object o, const Adding& adding) {
  const std::string key = key_of(o.group, o.kind, o.ns, o.name);
  const auto found = index_.find(key);
  if (found == index_.end()) {
    const std::string kind = kind_key(o.group, o.kind);
    const Place place = objects_.insert(objects_.end(), std::move(o));
    by_kind_[kind].emplace(next_, place);
    index_.emplace(key, std::pair(next_++, place));
    return;
  }
  Object& earlier = *found->second.second;
  if (!adding.replaces && o.known && !o.name.empty()) {
    adding.findings.add("GP0702", o.span, o.label(),
                        o.label() + " is defined twice (" + earlier.span.to_string() +
                            "); the later definition replaces the earlier",
                        "give the objects different names, or remove one");
  }
  // A refused update leaves the object as it was.
  if (!adding.replaces && o.refused && !earlier.refused) return;
  earlier = std::move(o);
}

std::vector<const Object*> ObjectStore::list(std::string_view group, std::string_view kind) const {
  std::vector<const Object*> out;
  const auto found = by_kind_.find(kind_key(group, kind));
  if (found == by_kind_.end()) return out;
  for (const auto& [number, place] : found->second) {
    if (!place->refused) out.push_back(&*place);
  }
  return out;
}

const Object* ObjectStore::find(std::string_view group, std::string_view kind, std::string_view ns,
                                std::string_view name) const {
  const auto found = index_.find(key_of(group, kind, ns, name));
  if (found == index_.end() || found->second.second->refused) return nullptr;
  return &*found->second.second;
}

}  // namespace gateproof::kubernetes
