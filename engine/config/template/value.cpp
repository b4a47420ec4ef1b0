#include "engine/config/template/value.h"

namespace gateproof::config::tmpl {

bool Store::charge(size_t bytes) {
  if (!spent.empty()) return false;
  bytes_ += bytes;
  if (bytes_ <= limits.memory_bytes_max) return true;
  spent = "the template makes more than " + std::to_string(limits.memory_bytes_max) +
          " bytes of values";
  return false;
}

bool Store::step(size_t count) {
  if (!spent.empty()) return false;
  steps_ += count;
  if (steps_ <= limits.steps_max) return true;
  spent = "the template takes more than " + std::to_string(limits.steps_max) + " steps";
  return false;
}

bool Store::deep(size_t depth) {
  if (depth <= limits.value_depth_max) return !spent.empty();
  if (spent.empty()) {
    spent = "a value is nested more than " + std::to_string(limits.value_depth_max) + " deep";
  }
  return true;
}

std::string_view Store::keep(std::string s) {
  if (!charge(s.size() + sizeof(std::string))) return {};
  return texts_.emplace_back(std::move(s));
}

Val Store::list(std::vector<Val> items, Elements elements) {
  Val v;
  v.kind = Val::list;
  const bool fits = charge(sizeof(List) + items.size() * sizeof(Val)) && step(items.size());
  v.l = &lists_.emplace_back();
  v.l->elements = elements;
  if (fits) v.l->items = std::move(items);
  return v;
}

Val Store::map(Elements elements) {
  Val v;
  v.kind = Val::map;
  charge(sizeof(Map));
  v.m = &maps_.emplace_back();
  v.m->elements = elements;
  return v;
}

void Store::put(Map& map, std::string_view key, Val v) {
  constexpr size_t node = 64;  // of the tree behind std::map
  if (charge(sizeof(Val) + node) && step()) map.entries[key] = v;
}

std::string type_name(const Val& v) {
  switch (v.kind) {
    case Val::none:
    case Val::nil: return "interface {}";
    case Val::boolean: return "bool";
    case Val::integer: return "int";
    case Val::int64: return "int64";
    case Val::byte: return "uint8";
    case Val::real: return "float64";
    case Val::text: return "string";
    case Val::list:
      return v.l->elements == Elements::any    ? "[]interface {}"
             : v.l->elements == Elements::text ? "[]string"
                                               : "[]int";
    case Val::map:
      if (!v.m->structure.empty()) return std::string(v.m->structure);
      return v.m->elements == Elements::text ? "map[string]string" : "map[string]interface {}";
  }
  return "";
}

std::string_view kind_name(const Val& v) {
  switch (v.kind) {
    case Val::none:
    case Val::nil: return "invalid";
    case Val::boolean: return "bool";
    case Val::integer: return "int";
    case Val::int64: return "int64";
    case Val::byte: return "uint8";
    case Val::real: return "float64";
    case Val::text: return "string";
    case Val::list: return "slice";
    case Val::map: return "map";
  }
  return "";
}

bool truth(const Val& v) {
  switch (v.kind) {
    case Val::none:
    case Val::nil: return false;
    case Val::boolean:
    case Val::integer:
    case Val::int64:
    case Val::byte: return v.i != 0;
    case Val::real: return v.d != 0;
    case Val::text: return !v.s.empty();
    case Val::list: return !v.l->items.empty();
    case Val::map: return !v.m->entries.empty();
  }
  return false;
}

bool deep_equal(const Val& a, const Val& b, Store& store, size_t depth) {
  if (!store.step() || store.deep(depth)) return false;
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Val::real: return a.d == b.d;
    case Val::text: return a.s == b.s;
    case Val::list: {
      if (a.l->elements != b.l->elements || a.l->items.size() != b.l->items.size()) return false;
      for (size_t i = 0; i < a.l->items.size(); ++i) {
        if (!deep_equal(a.l->items[i], b.l->items[i], store, depth + 1)) return false;
      }
      return true;
    }
    case Val::map: {
      if (a.m->elements != b.m->elements || a.m->entries.size() != b.m->entries.size())
        return false;
      for (auto x = a.m->entries.begin(), y = b.m->entries.begin(); x != a.m->entries.end();
           ++x, ++y) {
        if (x->first != y->first || !deep_equal(x->second, y->second, store, depth + 1))
          return false;
      }
      return true;
    }
    default: return a.i == b.i;
  }
}

}  // namespace gateproof::config::tmpl
