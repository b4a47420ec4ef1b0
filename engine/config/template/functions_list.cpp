// Sprig's lists. A function makes a new list; none changes its argument.
#include <algorithm>

#include "engine/config/template/format.h"
#include "engine/config/template/functions.h"

namespace gateproof::config::tmpl {

std::string to_text(const Val& v, Store& store) {
  if (v.kind == Val::text) return std::string(v.s);
  return sprint({&v, 1}, store);
}

std::vector<std::string> to_texts(const Val& v, Store& store) {
  std::vector<std::string> out;
  if (v.kind == Val::list) {
    for (const Val& item : v.l->items) {
      if (!item.empty() && store.step()) out.push_back(to_text(item, store));
    }
  } else {
    out.push_back(v.empty() ? "" : to_text(v, store));
  }
  return out;
}

namespace {

constexpr std::string_view nil_pointer =
    "runtime error: invalid memory address or nil pointer dereference";

// The items of the list argument; null when it is none (recorded with Sprig's words).
const std::vector<Val>* items(Call& c, size_t i, std::string_view verb) {
  if (c[i].kind == Val::list) return &c[i].l->items;
  if (c[i].empty()) {
    c.fail(std::string(nil_pointer));
  } else {
    c.fail("Cannot " + std::string(verb) + " on type " + std::string(kind_name(c[i])));
  }
  return nullptr;
}

Val list(Call& c) { return c.store.list({c.args.begin(), c.args.end()}); }

Val first(Call& c) {
  const auto* l = items(c, 0, "find first");
  return l && !l->empty() ? Val(l->front()) : Val{};
}
Val last(Call& c) {
  const auto* l = items(c, 0, "find last");
  return l && !l->empty() ? Val(l->back()) : Val{};
}
Val rest(Call& c) {
  const auto* l = items(c, 0, "find rest");
  if (!l || l->empty()) return c.store.list({});
  return c.store.list({l->begin() + 1, l->end()});
}
Val initial(Call& c) {
  const auto* l = items(c, 0, "find initial");
  if (!l || l->empty()) return c.store.list({});
  return c.store.list({l->begin(), l->end() - 1});
}
Val append(Call& c) {
  const auto* l = items(c, 0, "push");
  if (!l || !c.store.charge(l->size() * sizeof(Val))) return {};
  std::vector<Val> out = *l;
  out.push_back(c[1]);
  return c.store.list(std::move(out));
}
Val prepend(Call& c) {
  const auto* l = items(c, 0, "prepend");
  if (!l || !c.store.charge(l->size() * sizeof(Val))) return {};
  std::vector<Val> out{c[1]};
  out.insert(out.end(), l->begin(), l->end());
  return c.store.list(std::move(out));
}
Val concat(Call& c) {
  std::vector<Val> out;
  for (size_t i = 0; i < c.args.size(); ++i) {
    if (c[i].kind != Val::list)
      return c.empty_or_kind_error(
          i, "Cannot concat type " + std::string(kind_name(c[i])) + " as list");
    if (!c.store.charge(c[i].l->items.size() * sizeof(Val))) return {};
    out.insert(out.end(), c[i].l->items.begin(), c[i].l->items.end());
  }
  return c.store.list(std::move(out));
}
Val reverse(Call& c) {
  const auto* l = items(c, 0, "find reverse");
  return l ? c.store.list({l->rbegin(), l->rend()}) : Val{};
}

bool holds(const std::vector<Val>& l, const Val& wanted, Store& store) {
  return std::any_of(l.begin(), l.end(),
                     [&](const Val& v) { return deep_equal(v, wanted, store); });
}
Val has(Call& c) {
  if (c[1].empty()) return Val::boolean_of(false);
  const auto* l = items(c, 1, "find has");
  return l ? Val::boolean_of(holds(*l, c[0], c.store)) : Val{};
}
Val uniq(Call& c) {
  const auto* l = items(c, 0, "find uniq");
  if (!l) return {};
  std::vector<Val> out;
  for (const Val& v : *l) {
    if (!holds(out, v, c.store)) out.push_back(v);
  }
  return c.store.list(std::move(out));
}
Val without(Call& c) {
  const auto* l = items(c, 0, "find without");
  if (!l) return {};
  const std::vector<Val> omit(c.args.begin() + 1, c.args.end());
  std::vector<Val> out;
  for (const Val& v : *l) {
    if (!holds(omit, v, c.store)) out.push_back(v);
  }
  return c.store.list(std::move(out));
}
Val compact(Call& c) {
  const auto* l = items(c, 0, "compact");
  if (!l) return {};
  std::vector<Val> out;
  for (const Val& v : *l) {
    if (truth(v)) out.push_back(v);
  }
  return c.store.list(std::move(out));
}
Val sort_alpha(Call& c) {
  std::vector<std::string> texts = to_texts(c[0], c.store);
  if (c[0].kind == Val::list) std::sort(texts.begin(), texts.end());
  std::vector<Val> out;
  for (std::string& s : texts) out.push_back(c.store.text(std::move(s)));
  return c.store.list(std::move(out), Elements::text);
}
Val to_strings(Call& c) {
  std::vector<Val> out;
  for (std::string& s : to_texts(c[0], c.store)) out.push_back(c.store.text(std::move(s)));
  return c.store.list(std::move(out), Elements::text);
}

// Sprig's slice goes before text/template's: lists only.
Val slice(Call& c) {
  if (c[0].kind != Val::list)
    return c.empty_or_kind_error(
        0, "list should be type of slice or array but " + std::string(kind_name(c[0])));
  const int64_t size = int64_t(c[0].l->items.size());
  if (size == 0) return {};
  const int64_t from = c.args.size() > 1 ? to_int64(c[1]) : 0;
  const int64_t to = c.args.size() > 2 ? to_int64(c[2]) : size;
  if (from < 0 || to < from || to > size)
    return c.fail("reflect.Value.Slice: slice index out of bounds");
  const auto begin = c[0].l->items.begin();
  return c.store.list({begin + from, begin + to}, c[0].l->elements);
}

constexpr Function functions[] = {
    {"list", "a*", list},
    {"tuple", "a*", list},
    {"first", "a", first},
    {"last", "a", last},
    {"rest", "a", rest},
    {"initial", "a", initial},
    {"append", "aa", append},
    {"push", "aa", append},
    {"prepend", "aa", prepend},
    {"concat", "a*", concat},
    {"reverse", "a", reverse},
    {"has", "aa", has},
    {"uniq", "a", uniq},
    {"without", "aa*", without},
    {"compact", "a", compact},
    {"sortAlpha", "a", sort_alpha},
    {"toStrings", "a", to_strings},
    {"slice", "aa*", slice},
};

}  // namespace

std::span<const Function> list_functions() { return functions; }

}  // namespace gateproof::config::tmpl
