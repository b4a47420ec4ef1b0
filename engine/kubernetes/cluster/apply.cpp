// Server-side apply: merge, give up what is no longer said, find the conflicts.
#include <algorithm>
#include <map>

#include "engine/kubernetes/cluster/managed.h"
#include "engine/kubernetes/cluster/patch.h"

namespace gateproof::kubernetes::cluster {

namespace {

const Schema* child_of(const Schema* schema, std::string_view key) {
  return schema ? schema->child(key) : nullptr;
}

bool granular_list(const Schema* schema) { return schema && schema->list != Schema::List::atomic; }

Json merge(const Json& live, const Json& wanted, const Schema* schema);

// Items that are wanted come in their order; others stay behind the item that they followed.
Json merge_lists(const Json& live, const Json& wanted, const Schema& schema) {
  std::map<std::string, Json> there;
  for (const Json& i : live.items()) there.emplace(fields::element(i, schema), i);
  std::map<std::string, size_t> rank;
  std::vector<std::pair<size_t, Json>> out;
  for (const Json& i : wanted.items()) {
    const std::string e = fields::element(i, schema);
    const auto old = there.find(e);
    rank.emplace(e, out.size());
    const Schema* inner = schema.items.get();
    out.emplace_back(out.size(), old == there.end() ? i : merge(old->second, i, inner));
  }
  const size_t count = out.size();
  size_t last = 0;
  for (const Json& i : live.items()) {
    const auto found = rank.find(fields::element(i, schema));
    if (found != rank.end()) {
      last = found->second;
    } else {
      out.emplace_back(count ? last : 0, i);
    }
  }
  std::ranges::stable_sort(out, {}, [](const auto& r) { return r.first; });
  std::vector<Json> items;
  for (auto& [at, item] : out) items.push_back(std::move(item));
  return Json::array_of(std::move(items));
}

Json merge(const Json& live, const Json& wanted, const Schema* schema) {
  if (live == wanted) return live;
  if (wanted.is_array() && live.is_array() && granular_list(schema))
    return merge_lists(live, wanted, *schema);
  if (!wanted.is_object() || !live.is_object() || (schema && schema->atomic_map)) return wanted;
  std::vector<Json::Member> out(live.members().begin(), live.members().end());
  for (const Json::Member& m : wanted.members()) {
    const Json* old = live.find(m.key);
    out.push_back({m.key, old ? merge(*old, m.value, child_of(schema, m.key)) : m.value});
  }
  return Json::object_of(std::move(out));
}

void drop(Json& value, const Json& set, const Json& others, const Schema* schema);

// True when nothing of the item is left. An item that somebody else has a part of keeps the fields that say which one it is.
bool drop_item(Json& item, const Json& set, const Json& others, const Schema& schema) {
  const bool whole = set.size() == 0 || set.find(".");
  if (whole && others.is_null()) return true;
  if (!item.is_object()) return false;
  Json rest = set;
  for (const std::string& k : schema.list_keys) rest.erase("f:" + k);
  drop(item, rest, others, schema.items.get());
  return false;
}

// Removes the fields of a set. What others own stays, and what holds it.
void drop(Json& value, const Json& set, const Json& others, const Schema* schema) {
  if (value.is_object()) {
    std::vector<Json::Member> kept;
    for (const Json::Member& m : value.members()) {
      const std::string name = "f:" + m.key;
      const Json* gone = set.find(name);
      if (!gone) {
        kept.push_back(m);
        continue;
      }
      const bool whole = gone->size() == 0 || gone->find(".");
      if (whole && !others.find(name)) continue;
      // What somebody still says, be it empty, stays.
      Json inner = m.value;
      drop(inner, *gone, others[name], child_of(schema, m.key));
      kept.push_back({m.key, std::move(inner)});
    }
    value = Json::object_of(std::move(kept));
  } else if (value.is_array() && granular_list(schema)) {
    std::vector<Json> kept;
    for (const Json& i : value.items()) {
      Json item = i;
      const std::string e = fields::element(i, *schema);
      const Json* gone = set.find(e);
      if (!gone || !drop_item(item, *gone, others[e], *schema)) kept.push_back(std::move(item));
    }
    value = Json::array_of(std::move(kept));
  }
}

}  // namespace

Applied apply_configuration(const Json& live, const Json& configuration, const Schema* schema,
                            const FieldOwner& owner, bool force) {
  Json wanted = merge_patch(Json(), configuration);  // nulls say nothing
  if (Json* meta = wanted.find("metadata") ? &wanted.member("metadata") : nullptr)
    meta->erase("managedFields");
  const Json set = fields::all(managed::owned_part(wanted), schema, false);
  const bool fresh = live.is_null();
  Applied out;
  out.object = merge(fresh ? Json::object() : live, wanted, schema);
  std::vector<managed::Entry> entries = managed::read(live);
  Json previous;
  Json others;
  for (const managed::Entry& e : entries) {
    const bool mine =
        e.apply && e.owner.manager == owner.manager && e.owner.subresource == owner.subresource;
    Json& sum = mine ? previous : others;
    sum = fields::unite(sum, e.set);
  }
  const Json given_up =
      fields::minus(fields::with_containers(previous), fields::with_containers(set));
  if (!given_up.is_null()) drop(out.object, given_up, others, schema);

  const fields::Difference d = fields::difference(
      fresh ? Json::object() : managed::owned_part(live), managed::owned_part(out.object), schema);
  bool found = false;
  for (managed::Entry& e : entries) {
    if (e.apply && e.owner.manager == owner.manager && e.owner.subresource == owner.subresource) {
      if (!(e.set == set) || e.owner.api_version != owner.api_version) {
        e.set = set;
        e.owner = owner;
      }
      found = true;
      continue;
    }
    const Json clash = fields::common(e.set, d.changed);
    if (!clash.is_null() && !force) {
      for (const std::string& path : fields::paths(clash)) {
        out.conflicts.push_back({"FieldManagerConflict",
                                 "conflict with \"" + e.owner.manager + "\"" +
                                     (e.owner.subresource.empty()
                                          ? ""
                                          : " with subresource \"" + e.owner.subresource + "\"") +
                                     " using " + e.owner.api_version,
                                 path});
      }
    }
    e.set = fields::minus(e.set, fields::unite(clash, d.removed));
  }
  if (!found) entries.push_back({owner, true, set});
  managed::write(out.object, std::move(entries));
  return out;
}

std::string conflict_message(const std::vector<Cause>& conflicts) {
  const size_t n = conflicts.size();
  std::string out =
      "Apply failed with " + std::to_string(n) + (n == 1 ? " conflict" : " conflicts");
  for (size_t i = 0; i < n;) {
    size_t end = i + 1;
    while (end < n && conflicts[end].message == conflicts[i].message) ++end;
    std::string with = conflicts[i].message;  // "conflict with ..."
    if (end - i == 1) {
      out += (i ? "\n" : ": ") + with + ": " + conflicts[i].field;
    } else {
      out += (i ? "\n" : ": ") + ("conflicts" + with.substr(8)) + ":";
      for (size_t k = i; k < end; ++k) out += "\n- " + conflicts[k].field;
    }
    i = end;
  }
  return out;
}

}  // namespace gateproof::kubernetes::cluster
