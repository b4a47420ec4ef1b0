// Strategic merge patch, as kubectl makes it for built-in kinds.
#include <algorithm>
#include <map>
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/patch.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr std::string_view directive = "$patch";
constexpr std::string_view retain_keys = "$retainKeys";
constexpr std::string_view delete_prefix = "$deleteFromPrimitiveList/";
constexpr std::string_view order_prefix = "$setElementOrder/";

bool is_directive(std::string_view key) {
  return key == directive || key == retain_keys || key.starts_with(delete_prefix) ||
         key.starts_with(order_prefix);
}

std::string key_of(const Json& item, const std::string& key) {
  const Json& v = key.empty() ? item : item[key];
  return v.is_string() ? std::string(v.str()) : to_text(v);
}

Json without_null_members(const Json& object) {
  std::vector<Json::Member> out;
  for (const Json::Member& m : object.members()) {
    if (!m.value.is_null()) out.push_back(m);
  }
  return Json::object_of(std::move(out));
}

class Merger {
 public:
  std::optional<Status> error;

  Json object(const Json& target, const Json& patch, const Schema* schema) {
    const std::string_view what = patch[directive].str();
    if (what == "replace") return stripped(patch);
    if (what == "delete") return Json::object();
    if (!what.empty() && what != "merge") {
      error = bad_request("Unknown patch type found: " + std::string(what));
      return target;
    }
    Json out = target.is_object() ? target : Json::object();
    if (const Json& keep = patch[retain_keys]; keep.is_array()) retain(out, keep);
    deletions(out, patch);
    // A null takes away; it stands in the list until the end, as the last word on its name.
    std::vector<Json::Member> members(out.members().begin(), out.members().end());
    for (const Json::Member& m : patch.members()) {
      if (is_directive(m.key)) continue;
      const Schema* child = schema ? schema->child(m.key) : nullptr;
      const Json& there = out[m.key];
      Json value = m.value;
      if (m.value.is_object()) {
        value = object(there, m.value, child);
      } else if (m.value.is_array() && child && (child->merge_set || !child->merge_key.empty())) {
        value = list(there, m.value, *child, patch[std::string(order_prefix) + m.key]);
      }
      members.push_back({m.key, std::move(value)});
    }
    out = without_null_members(Json::object_of(std::move(members)));
    orders(out, patch, schema);
    return out;
  }

 private:
  static Json stripped(const Json& patch) {
    std::vector<Json::Member> out;
    for (const Json::Member& m : patch.members()) {
      if (!is_directive(m.key)) out.push_back(m);
    }
    return Json::object_of(std::move(out));
  }

  static void retain(Json& out, const Json& keep) {
    std::set<std::string_view> names;
    for (const Json& k : keep.items()) names.insert(k.str());
    std::vector<Json::Member> kept;
    for (const Json::Member& m : out.members()) {
      if (names.contains(m.key)) kept.push_back(m);
    }
    out = Json::object_of(std::move(kept));
  }

  static void deletions(Json& out, const Json& patch) {
    for (const Json::Member& m : patch.members()) {
      if (!m.key.starts_with(delete_prefix)) continue;
      const std::string name = m.key.substr(delete_prefix.size());
      const Json& there = out[name];
      if (!there.is_array()) continue;
      std::set<std::string> gone;
      for (const Json& i : m.value.items()) gone.insert(to_text(i));
      std::vector<Json> kept;
      for (const Json& i : there.items()) {
        if (!gone.contains(to_text(i))) kept.push_back(i);
      }
      out.set(name, Json::array_of(std::move(kept)));
    }
  }

  // An order without a list of changes: what is there is put in order.
  void orders(Json& out, const Json& patch, const Schema* schema) {
    for (const Json::Member& m : patch.members()) {
      if (!m.key.starts_with(order_prefix)) continue;
      const std::string name = m.key.substr(order_prefix.size());
      const Schema* child = schema ? schema->child(name) : nullptr;
      if (!child || !out[name].is_array()) continue;
      std::vector<Json> items(out[name].items().begin(), out[name].items().end());
      sort(items, m.value, child->merge_key);
      out.set(name, Json::array_of(std::move(items)));
    }
  }

  // Items that the order names come in its order; others stay behind the item they followed.
  static void sort(std::vector<Json>& items, const Json& order, const std::string& key) {
    std::map<std::string, size_t> rank;
    for (const Json& o : order.items()) rank.emplace(key_of(o, key), rank.size());
    std::vector<std::pair<size_t, Json>> ranked;
    size_t last = 0;
    for (Json& i : items) {
      const auto found = rank.find(key_of(i, key));
      if (found != rank.end()) last = found->second;
      ranked.emplace_back(last, std::move(i));
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& r) { return r.first; });
    for (size_t i = 0; i < items.size(); ++i) items[i] = std::move(ranked[i].second);
  }

  Json list(const Json& target, const Json& patch, const Schema& schema, const Json& order) {
    std::vector<Json> items(target.items().begin(), target.items().end());
    const bool replace = std::ranges::any_of(
        patch.items(), [](const Json& i) { return i[directive].str() == "replace"; });
    if (replace) items.clear();
    std::map<std::string, size_t> at;
    for (size_t i = 0; i < items.size(); ++i) at.emplace(key_of(items[i], schema.merge_key), i);
    std::vector<bool> gone(items.size());
    for (const Json& p : patch.items()) {
      if (p[directive].str() == "replace" && p.size() == 1) continue;
      if (!schema.merge_key.empty() && (!p.is_object() || !p.find(schema.merge_key))) {
        error = bad_request("map: " + to_text(p) +
                            " does not contain declared merge key: " + schema.merge_key);
        return target;
      }
      const auto [found, fresh] = at.emplace(key_of(p, schema.merge_key), items.size());
      if (p[directive].str() == "delete") {
        if (!fresh) gone[found->second] = true;
        if (fresh) at.erase(found);
        continue;
      }
      if (fresh) {
        items.push_back(p.is_object() ? object(Json(), p, schema.items.get()) : p);
        gone.push_back(false);
      } else if (p.is_object()) {
        items[found->second] = object(items[found->second], p, schema.items.get());
        gone[found->second] = false;
      }
    }
    std::vector<Json> kept;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!gone[i]) kept.push_back(std::move(items[i]));
    }
    if (order.is_array()) sort(kept, order, schema.merge_key);
    return Json::array_of(std::move(kept));
  }
};

}  // namespace

Reply<Json> strategic_merge(const Json& target, const Json& patch, const Schema& schema) {
  if (!patch.is_object()) return bad_request("a strategic merge patch has to be an object");
  Merger merger;
  Json out = merger.object(target, patch, &schema);
  if (merger.error) return std::move(*merger.error);
  return out;
}

}  // namespace gateproof::kubernetes::cluster
