#include "engine/kubernetes/objects.h"

#include <algorithm>

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
  key.reserve(group.size() + kind.size() + ns.size() + name.size() + 4);
  for (std::string_view part : {group, kind, ns, name}) key.append(part).push_back('\n');
  return key;
}

std::string kind_key(std::string_view group, std::string_view kind) {
  return std::string(group) + "\n" + std::string(kind);
}

// The Service that an EndpointSlice names; "": it is none, or names none.
std::string service_of(const Object& o) {
  if (o.refused || o.kind != "EndpointSlice" || o.group != discovery_group) return {};
  const Value* labels = o.at("metadata.labels");
  const Value* name = labels ? labels->find("kubernetes.io/service-name") : nullptr;
  return name ? o.ns + "\n" + std::string(name->str()) : std::string();
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
bool check_object(Object& o, const Value& kind, Findings& findings, bool limits) {
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
  bool accepted = check_shape(*info, *o.root, o.label(), findings, limits);
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
  documents_.push_back(std::make_shared<const config::Document>(std::move(document)));
  add_value(documents_.back()->root, "", "", findings);
}

void ObjectStore::add_value(const Value& v, std::string_view group_version,
                            std::string_view item_kind, Findings& findings) {
  const Value* version = v.find("apiVersion");
  const Value* kind = v.find("kind");
  const std::string_view version_text =
      version && !version->str().empty() ? version->str() : group_version;
  const std::string_view kind_text = kind && !kind->str().empty() ? kind->str() : item_kind;
  if (version_text.empty() || kind_text.empty()) {
    findings.add("GP0701", v.span, "",
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
      add_value(item, inner.empty() ? "" : version_text, inner, findings);
    return;
  }
  keep(read(v, version_text, kind_text, findings, true), false, findings);
}

Object ObjectStore::read(const Value& v, std::string_view version, std::string_view kind,
                         Findings& findings, bool limits) {
  Object o;
  const auto [group, ver] = split_api_version(version);
  o.group = group;
  o.version = ver;
  o.kind = kind;
  o.root = &v;
  const KindInfo* info = find_kind(o.group, o.kind);
  const Value* name = v.at("metadata.name");
  const Value* ns = v.at("metadata.namespace");
  if (name) o.name = name->str();
  o.span = name && name->span.known() ? name->span : v.span;
  if (!info || !info->cluster_scoped)
    o.ns = ns && !ns->str().empty() ? std::string(ns->str()) : "default";
  const Value* written = v.find("kind");
  o.refused = !check_object(o, written ? *written : v, findings, limits);
  return o;
}

std::optional<Object> ObjectStore::read(std::shared_ptr<const config::Document> document,
                                        Findings& findings) {
  if (!document || !is_manifest(*document)) return std::nullopt;
  const Value& v = document->root;
  Object o = read(v, v.find("apiVersion")->str(), v.find("kind")->str(), findings, false);
  o.document = std::move(document);
  return o;
}

void ObjectStore::put(Object object) {
  Findings none;  // of those that are defined twice
  keep(std::move(object), true, none);
}

void ObjectStore::put(std::shared_ptr<const config::Document> document, Findings& findings) {
  if (std::optional<Object> o = read(std::move(document), findings)) put(std::move(*o));
}

bool ObjectStore::remove(std::string_view group, std::string_view kind, std::string_view ns,
                         std::string_view name) {
  static const Value nothing;
  const auto found = index_.find(key_of(group, kind, ns, name));
  if (found == index_.end()) return false;
  Object gone = objects_[found->second];
  gone.refused = true;
  gone.root = &nothing;
  gone.document.reset();
  replace(found->second, std::move(gone));
  std::erase(by_kind_[kind_key(group, kind)], found->second);
  free_.push_back(found->second);
  index_.erase(found);
  return true;
}

void ObjectStore::keep(Object o, bool again, Findings& findings) {
  std::string key = key_of(o.group, o.kind, o.ns, o.name);
  const size_t place = free_.empty() ? objects_.size() : free_.back();
  const auto [at, fresh] = index_.emplace(std::move(key), place);
  if (fresh) {
    by_kind_[kind_key(o.group, o.kind)].push_back(place);
    if (free_.empty()) {
      objects_.emplace_back();
    } else {
      free_.pop_back();
    }
    o.order = ++defined_;
    replace(place, std::move(o));
    return;
  }
  const Object& earlier = objects_[at->second];
  o.order = earlier.order;
  if (again) {
    // What was accepted once and is refused now is gone for those who read it: there is no earlier one any more.
    replace(at->second, std::move(o));
    return;
  }
  if (o.known && !o.name.empty()) {
    findings.add("GP0702", o.span, o.label(),
                 o.label() + " is defined twice (" + earlier.span.to_string() +
                     "); the later definition replaces the earlier",
                 "give the objects different names, or remove one");
  }
  // A refused update leaves the object as it was.
  if (o.refused && !earlier.refused) return;
  replace(at->second, std::move(o));
}

void ObjectStore::replace(size_t place, Object o) {
  Object& here = objects_[place];
  const std::string before = here.root ? service_of(here) : std::string();
  const std::string now = service_of(o);
  here = std::move(o);
  if (before == now) return;
  if (!before.empty()) {
    const auto at = slices_.find(before);
    std::erase(at->second, place);
    if (at->second.empty()) slices_.erase(at);
  }
  if (now.empty()) return;
  std::vector<size_t>& all = slices_[now];
  all.insert(
      std::upper_bound(all.begin(), all.end(), here.order,
                       [this](uint64_t order, size_t p) { return order < objects_[p].order; }),
      place);
}

std::vector<const Object*> ObjectStore::slices_of(std::string_view ns,
                                                  std::string_view service) const {
  std::vector<const Object*> out;
  const auto found = slices_.find(std::string(ns) + "\n" + std::string(service));
  if (found == slices_.end()) return out;
  for (const size_t i : found->second) out.push_back(&objects_[i]);
  return out;
}

std::vector<const Object*> ObjectStore::list(std::string_view group, std::string_view kind) const {
  std::vector<const Object*> out;
  const auto found = by_kind_.find(kind_key(group, kind));
  if (found == by_kind_.end()) return out;
  for (const size_t i : found->second) {
    if (!objects_[i].refused) out.push_back(&objects_[i]);
  }
  return out;
}

const Object* ObjectStore::find(std::string_view group, std::string_view kind, std::string_view ns,
                                std::string_view name) const {
  const auto found = index_.find(key_of(group, kind, ns, name));
  if (found == index_.end() || objects_[found->second].refused) return nullptr;
  return &objects_[found->second];
}

}  // namespace gateproof::kubernetes
