// Sets of fields, and their upkeep by plain updates.
#include "engine/kubernetes/cluster/fields.h"

#include <algorithm>
#include <map>

#include "engine/kubernetes/cluster/managed.h"

namespace gateproof::kubernetes::cluster {

namespace fields {

namespace {

constexpr std::string_view dot = ".";

bool is_member(const Json& node) {
  return node.is_object() && (node.size() == 0 || node.find(dot));
}

Json node(bool member, std::vector<Json::Member> children) {
  if (children.empty()) return member ? Json::object() : Json();
  if (member) children.push_back({std::string(dot), Json::object()});
  return Json::object_of(std::move(children));
}

// Walks the children of two nodes by name; f(name, in a or null, in b or null).
template <class F>
void both(const Json& a, const Json& b, F&& f) {
  auto x = a.members().begin();
  auto y = b.members().begin();
  const auto x_end = a.members().end();
  const auto y_end = b.members().end();
  while (x != x_end || y != y_end) {
    const int order = x == x_end ? 1 : y == y_end ? -1 : x->key.compare(y->key);
    const std::string& key = order <= 0 ? x->key : y->key;
    const Json* in_a = order <= 0 ? &x->value : nullptr;
    const Json* in_b = order >= 0 ? &y->value : nullptr;
    if (key != dot) f(key, in_a, in_b);
    if (in_a) ++x;
    if (in_b) ++y;
  }
}

bool granular(const Schema* schema, const Json& value) {
  if (value.is_object()) return !schema || !schema->atomic_map;
  return value.is_array() && schema && schema->list != Schema::List::atomic;
}

// Items of a list by element, in order of the element; items without one are left out.
std::map<std::string, const Json*> by_element(const Json& list, const Schema& schema) {
  std::map<std::string, const Json*> out;
  for (const Json& i : list.items()) {
    if (std::string e = element(i, schema); !e.empty()) out.emplace(std::move(e), &i);
  }
  return out;
}

const Schema* child_schema(const Schema* schema, std::string_view key) {
  return schema ? schema->child(key) : nullptr;
}

Difference of_objects(const Json& before, const Json& after, const Schema* schema) {
  std::vector<Json::Member> changed, removed;
  both(before, after, [&](const std::string& key, const Json* old, const Json* now) {
    const Schema* child = child_schema(schema, key);
    Json added;
    Json gone;
    if (!old) {
      added = all(*now, child, true);
    } else if (!now) {
      gone = all(*old, child, true);
    } else {
      Difference d = difference(*old, *now, child);
      added = std::move(d.changed);
      gone = std::move(d.removed);
    }
    if (!added.is_null()) changed.push_back({"f:" + key, std::move(added)});
    if (!gone.is_null()) removed.push_back({"f:" + key, std::move(gone)});
  });
  return {node(false, std::move(changed)), node(false, std::move(removed))};
}

Difference of_lists(const Json& before, const Json& after, const Schema& schema) {
  std::vector<Json::Member> changed, removed;
  const auto old = by_element(before, schema);
  const auto now = by_element(after, schema);
  for (const auto& [e, item] : now) {
    const auto was = old.find(e);
    if (was == old.end()) {
      const Json set = all(*item, schema.items.get(), true);
      changed.push_back({e, item->is_object() ? unite(set, Json::object()) : Json::object()});
    } else if (item->is_object()) {
      Difference d = difference(*was->second, *item, schema.items.get());
      if (!d.changed.is_null()) changed.push_back({e, std::move(d.changed)});
      if (!d.removed.is_null()) removed.push_back({e, std::move(d.removed)});
    }
  }
  for (const auto& [e, item] : old) {
    if (now.contains(e)) continue;
    removed.push_back({e, unite(all(*item, schema.items.get(), true), Json::object())});
  }
  return {node(false, std::move(changed)), node(false, std::move(removed))};
}

void list_paths(const Json& set, const std::string& path, std::vector<std::string>& out) {
  if (set.is_null()) return;
  if (is_member(set) && !path.empty()) out.push_back(path);
  for (const Json::Member& m : set.members()) {
    const std::string_view name = std::string_view(m.key).substr(std::min<size_t>(2, m.key.size()));
    if (m.key.starts_with("f:")) list_paths(m.value, path + "." + std::string(name), out);
    if (m.key.starts_with("v:")) list_paths(m.value, path + "[=" + std::string(name) + "]", out);
    if (!m.key.starts_with("k:")) continue;
    std::string keys;
    if (const auto parsed = parse_json(name)) {
      for (const Json::Member& k : parsed->members())
        keys += (keys.empty() ? "" : ",") + k.key + "=" + to_text(k.value);
    }
    list_paths(m.value, path + "[" + keys + "]", out);
  }
}

}  // namespace

std::string element(const Json& item, const Schema& list) {
  if (list.list == Schema::List::set) return item.is_object() ? "" : "v:" + to_text(item);
  if (!item.is_object()) return "";
  Json key = Json::object();
  for (const std::string& k : list.list_keys) {
    const Json* value = item.find(k);
    const Schema* schema = list.items ? list.items->property(k) : nullptr;
    if (value) {
      key.set(k, *value);
    } else if (schema && schema->has_default) {
      key.set(k, schema->default_value);
    }
  }
  return key.size() ? "k:" + to_text(key) : "";
}

Json unite(const Json& a, const Json& b) {
  if (a.is_null() || a.same(b)) return b;
  if (b.is_null()) return a;
  std::vector<Json::Member> children;
  both(a, b, [&children](const std::string& key, const Json* x, const Json* y) {
    children.push_back({key, x && y ? unite(*x, *y) : x ? *x : *y});
  });
  return node(is_member(a) || is_member(b), std::move(children));
}

Json minus(const Json& a, const Json& b) {
  if (a.is_null() || b.is_null()) return a;
  std::vector<Json::Member> children;
  both(a, b, [&children](const std::string& key, const Json* x, const Json* y) {
    if (!x) return;
    Json left = y ? minus(*x, *y) : *x;
    if (!left.is_null()) children.push_back({key, std::move(left)});
  });
  return node(is_member(a) && !is_member(b), std::move(children));
}

Json common(const Json& a, const Json& b) {
  if (a.is_null() || b.is_null()) return {};
  std::vector<Json::Member> children;
  both(a, b, [&children](const std::string& key, const Json* x, const Json* y) {
    if (!x || !y) return;
    Json shared = common(*x, *y);
    if (!shared.is_null()) children.push_back({key, std::move(shared)});
  });
  return node(is_member(a) && is_member(b), std::move(children));
}

Json with_containers(const Json& set) {
  if (!set.is_object()) return set;
  std::vector<Json::Member> children;
  for (const Json::Member& m : set.members()) {
    if (m.key != dot) children.push_back({m.key, with_containers(m.value)});
  }
  return node(true, std::move(children));
}

Json all(const Json& value, const Schema* schema, bool containers) {
  if (!granular(schema, value) || value.size() == 0) return Json::object();
  std::vector<Json::Member> children;
  if (value.is_object()) {
    for (const Json::Member& m : value.members())
      children.push_back({"f:" + m.key, all(m.value, child_schema(schema, m.key), containers)});
  } else {
    for (const auto& [e, item] : by_element(value, *schema)) {
      Json inner = item->is_object() ? all(*item, schema->items.get(), containers) : Json();
      children.push_back({e, unite(inner, Json::object())});
    }
  }
  return node(containers, std::move(children));
}

Difference difference(const Json& before, const Json& after, const Schema* schema) {
  if (before.same(after)) return {};
  if (before.kind() == after.kind() && granular(schema, before) && granular(schema, after)) {
    return before.is_object() ? of_objects(before, after, schema)
                              : of_lists(before, after, *schema);
  }
  if (before == after) return {};
  return {all(after, schema, true),
          granular(schema, before) ? minus(all(before, schema, true), Json::object()) : Json()};
}

std::vector<std::string> paths(const Json& set) {
  std::vector<std::string> out;
  list_paths(set, "", out);
  return out;
}

}  // namespace fields

namespace managed {

Json owned_part(const Json& object) {
  Json out = object;
  out.erase("apiVersion");
  out.erase("kind");
  if (!out.find("metadata")) return out;
  Json& meta = out.member("metadata");
  for (const char* own :
       {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"})
    meta.erase(own);
  if (meta.size() == 0) out.erase("metadata");
  return out;
}

std::vector<Entry> read(const Json& object) {
  std::vector<Entry> out;
  for (const Json& j : object.at("metadata.managedFields").items()) {
    Entry e;
    e.owner.manager = j["manager"].str();
    e.owner.api_version = j["apiVersion"].str();
    e.owner.subresource = j["subresource"].str();
    e.owner.time = j["time"].str();
    e.apply = j["operation"].str() == "Apply";
    if (j["fieldsV1"].is_object()) e.set = j["fieldsV1"];
    out.push_back(std::move(e));
  }
  return out;
}

void write(Json& object, std::vector<Entry> entries) {
  std::erase_if(entries, [](const Entry& e) { return e.set.is_null(); });
  std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) {
    if (a.apply != b.apply) return a.apply;
    return a.apply ? a.owner.manager < b.owner.manager : a.owner.time < b.owner.time;
  });
  const auto updates = std::ranges::count_if(entries, [](const Entry& e) { return !e.apply; });
  if (size_t(updates) > update_managers_max) fold(entries, size_t(updates) - update_managers_max);
  std::vector<Json> list;
  for (Entry& e : entries) {
    Json j = json_object({{"manager", Json(e.owner.manager)},
                          {"operation", Json(e.apply ? "Apply" : "Update")},
                          {"apiVersion", Json(e.owner.api_version)},
                          {"time", Json(e.owner.time)},
                          {"fieldsType", Json("FieldsV1")}});
    j.set("fieldsV1", std::move(e.set));
    if (!e.owner.subresource.empty()) j.set("subresource", Json(e.owner.subresource));
    list.push_back(std::move(j));
  }
  Json& meta = object.member("metadata");
  if (list.empty()) {
    meta.erase("managedFields");
  } else {
    meta.set("managedFields", Json::array_of(std::move(list)));
  }
}

void fold(std::vector<Entry>& entries, size_t surplus) {
  const auto first = std::ranges::find(entries, false, &Entry::apply);
  Entry ancient = *first;
  ancient.owner.manager = "ancient-changes";
  for (size_t i = 1; i <= surplus; ++i)
    ancient.set = fields::unite(ancient.set, first[ptrdiff_t(i)].set);
  *first = std::move(ancient);
  entries.erase(first + 1, first + 1 + ptrdiff_t(surplus));
}

bool same_owner(const FieldOwner& a, const FieldOwner& b) {
  return a.manager == b.manager && a.api_version == b.api_version && a.subresource == b.subresource;
}

}  // namespace managed

void track_update(const Json& before, Json& after, const Schema* schema, const FieldOwner& owner) {
  const Json& sent = after.at("metadata.managedFields");
  const bool reset =
      sent.is_array() && (sent.size() == 0 || (sent.size() == 1 && sent.items()[0].size() == 0));
  Json old_fields = before.is_null() ? Json::object() : managed::owned_part(before);
  Json new_fields = managed::owned_part(after);
  if (owner.status_apart && owner.subresource != "status") {
    old_fields.erase("status");
    new_fields.erase("status");
  }
  const fields::Difference d = fields::difference(old_fields, new_fields, schema);
  std::vector<managed::Entry> entries;
  if (!reset) entries = managed::read(before);
  const Json lost = fields::unite(d.changed, d.removed);
  bool found = reset;
  for (managed::Entry& e : entries) {
    const bool mine = !e.apply && managed::same_owner(e.owner, owner);
    const Json kept = fields::minus(e.set, mine ? d.removed : lost);
    const Json now = mine ? fields::unite(kept, d.changed) : kept;
    if (mine && !(now == e.set)) e.owner.time = owner.time;
    found |= mine;
    e.set = now;
  }
  if (!found && !d.changed.is_null()) entries.push_back({owner, false, d.changed});
  managed::write(after, std::move(entries));
}

}  // namespace gateproof::kubernetes::cluster
