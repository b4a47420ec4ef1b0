// Sprig's maps: references, so `set` and `unset` change the map that every variable holds.
#include "engine/config/template/functions.h"

namespace gateproof::config::tmpl {

namespace {

Val dict(Call& c) {
  const Val v = c.store.map();
  for (size_t i = 0; i < c.args.size(); i += 2) {
    const Val item = i + 1 < c.args.size() ? c[i + 1] : Val::text_of("");
    c.store.put(*v.m, c.store.keep(to_text(c[i], c.store)), item);
  }
  return v;
}

// A map argument may be a literal nil.
const Map& entries(const Val& v) {
  static const Map none;
  return v.kind == Val::map ? *v.m : none;
}

Val get(Call& c) {
  const auto& map = entries(c[0]).entries;
  const auto found = map.find(c.text(1));
  return found == map.end() ? Val::text_of("") : Val(found->second);
}
Val has_key(Call& c) { return Val::boolean_of(entries(c[0]).entries.contains(c.text(1))); }
Val set(Call& c) {
  if (c[0].kind != Val::map) return c.fail("assignment to entry in nil map");
  c.store.put(*c[0].m, c.text(1), c[2]);
  return c[0];
}
Val unset(Call& c) {
  if (c[0].kind == Val::map) c[0].m->entries.erase(c.text(1));
  return c[0];
}

// In Go the order is another each time; sorted here.
Val keys(Call& c) {
  std::vector<Val> out;
  for (const Val& map : c.args) {
    for (const auto& [key, item] : entries(map).entries) out.push_back(Val::text_of(key));
  }
  return c.store.list(std::move(out), Elements::text);
}
Val values(Call& c) {
  std::vector<Val> out;
  for (const auto& [key, item] : entries(c[0]).entries) out.push_back(item);
  return c.store.list(std::move(out));
}

Val chosen(Call& c, bool named) {
  const Val v = c.store.map();
  for (const auto& [key, item] : entries(c[0]).entries) {
    bool among = false;
    for (size_t i = 1; i < c.args.size(); ++i) among = among || c.text(i) == key;
    if (c.store.step(c.args.size()) && among == named) c.store.put(*v.m, key, item);
  }
  return v;
}
Val pick(Call& c) { return chosen(c, true); }
Val omit(Call& c) { return chosen(c, false); }
Val pluck(Call& c) {
  std::vector<Val> out;
  for (const Val& map : c.args.subspan(1)) {
    const auto found = entries(map).entries.find(c.text(0));
    if (found != entries(map).entries.end()) out.push_back(found->second);
  }
  return c.store.list(std::move(out));
}

constexpr Function functions[] = {
    {"dict", "a*", dict},    {"get", "ms", get},     {"hasKey", "ms", has_key},
    {"set", "msa", set},     {"unset", "ms", unset}, {"keys", "m*", keys},
    {"values", "m", values}, {"pick", "ms*", pick},  {"omit", "ms*", omit},
    {"pluck", "sm*", pluck},
};

}  // namespace

std::span<const Function> map_functions() { return functions; }

}  // namespace gateproof::config::tmpl
