#include "engine/kubernetes/unit_maker.h"

#include <algorithm>

#include "engine/env/pieces.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {
namespace {

std::vector<size_t> hashes_of(const config::DynamicConfig& own) {
  std::vector<size_t> out;
  for (const auto& pair : own.certificates)
    out.push_back(std::hash<std::string>{}(pair.cert_file.value + "\n" + pair.key_file.value));
  return out;
}

template <class T>
void add_to(config::ConfigPatch::Changes<T>& patch, std::map<std::string, T>& made) {
  for (auto& [name, object] : made) patch[name] = std::make_shared<const T>(std::move(object));
}

std::string name_in(const std::string& made) { return made.substr(2); }

// What was made before, and is gone unless it is made again.
void take_out(config::ConfigPatch& patch, const std::string& made) {
  const std::string name = name_in(made);
  if (made[0] == 'r') patch.routers[name] = nullptr;
  if (made[0] == 's' || made[0] == 'b') patch.services[name] = nullptr;
  if (made[0] == 'm') patch.middlewares[name] = nullptr;
  if (made[0] == 't') patch.servers_transports[name] = nullptr;
}

}  // namespace

// Calls `f` with the text of each thing that is made. Of balancers ("b ") that several make, only the last one matters.
template <class F>
void UnitMaker::each_made(const config::DynamicConfig& own, F f) const {
  for (const auto& [name, r] : own.routers) f("r " + name);
  for (const auto& [name, s] : own.services)
    f((s.load_balancer && !decided_by_all(name) ? "b " : "s ") + name);
  for (const auto& [name, m] : own.middlewares) f("m " + name);
  for (const auto& [name, t] : own.servers_transports) f("t " + name);
  for (const std::string& claim : claims(own)) f("c " + claim);
}

namespace {

template <class Owners, class Unit, class Entries>
void link(Owners& owners, std::vector<std::string> texts, Unit& unit, Entries& entries) {
  for (std::string& text : texts) {
    auto& entry = *owners.try_emplace(std::move(text)).first;
    // What a unit has twice comes twice in one go.
    if (!entry.second.empty() && entry.second.back() == &unit) continue;
    entry.second.push_back(&unit);
    entries.push_back(&entry);
  }
}

template <class Owners, class Unit, class Entries>
void unlink(Owners& owners, const Entries& entries, Unit& unit) {
  for (auto* entry : entries) {
    std::erase(entry->second, &unit);
    if (entry->second.empty()) owners.erase(owners.find(entry->first));
  }
}

}  // namespace

UnitMaker::Anew UnitMaker::translate_unit(const Context& c, size_t kind, const Object* o) {
  Anew out;
  out.object = o;
  if (!o) return out;
  Links& links = out.links;
  const Context own{c.store, c.options, c.provider, c.option_prefix, out.findings, &links.asks};
  out.own = translate(own, *o);
  links.order = {kind, o->order};
  each_made(out.own, [&](std::string text) { links.makes.push_back(std::move(text)); });
  links.certificates = hashes_of(out.own);
  links.ties = ties_all(*o);
  return out;
}

const Object* UnitMaker::find(const Context& c, const Key& key) const {
  return c.find(kinds_[key.kind].group, kinds_[key.kind].kind, key.ns, key.name);
}

UnitMaker::Name UnitMaker::name_of(const Key& key) const {
  return {std::string(kinds_[key.kind].group), std::string(kinds_[key.kind].kind), key.ns,
          key.name};
}

std::vector<const Object*> UnitMaker::in_order(std::vector<const Object*> objects) const {
  std::sort(objects.begin(), objects.end(),
            [](const Object* a, const Object* b) { return a->order < b->order; });
  return objects;
}

std::string UnitMaker::label(const Key& key) const {
  return std::string(kinds_[key.kind].kind) + " " + key.ns + "/" + key.name;
}

namespace {

// Balancers of Services have the same name wherever they are named.
template <class T>
bool may_be_made_again(const T& object) {
  if constexpr (std::is_same_v<T, config::ServiceConfig>) return object.load_balancer.has_value();
  return false;
}

// As they are, and not copied: most come in the order of their names.
template <class T>
void put_all(std::map<std::string, T>& into, std::map<std::string, T>& from, std::string_view what,
             const Report& report) {
  while (!from.empty()) {
    auto node = from.extract(from.begin());
    const auto there = into.insert(into.end(), std::move(node));
    if (node.empty()) continue;
    if (may_be_made_again(node.mapped())) {
      there->second = std::move(node.mapped());
    } else {
      put(into, node.key(), std::move(node.mapped()), what, report);
    }
  }
}

}  // namespace

// One that several objects make is the last one's (catalogue 6.5).
void UnitMaker::add(const Context& c, const Object& o, config::DynamicConfig& own,
                    config::DynamicConfig& out) {
  yield(c, o, own, out);
  const Report report(c.findings, o, "");
  put_all(out.services, own.services, "service", report);
  put_all(out.routers, own.routers, "router", report);
  put_all(out.middlewares, own.middlewares, "middleware", report);
  put_all(out.servers_transports, own.servers_transports, "serversTransport", report);
  for (auto& pair : own.certificates) out.certificates.push_back(std::move(pair));
}

void UnitMaker::make_kind(const Context& c, size_t kind, Offload& elsewhere,
                          config::DynamicConfig& out) {
  const std::vector<const Object*> objects =
      in_order(c.list(kinds_[kind].group, kinds_[kind].kind));
  const auto translate_from = [&](size_t from) {
    std::vector<Anew> made;
    for (size_t i = from; i < std::min(from + piece_units, objects.size()); ++i)
      made.push_back(translate_unit(c, kind, objects[i]));
    return made;
  };
  const auto take = [&](Anew anew) {
    c.findings.append(anew.findings);
    const Object& o = *anew.object;
    kept(o);
    add(c, o, anew.own, out);
    unsettled_.emplace_back(Key{kind, o.ns, o.name}, std::move(anew.links));
  };
  if (!apart(kinds_[kind].kind)) {
    for (const Object* o : objects) take(translate_unit(c, kind, o));
    return;
  }
  Pieces<std::vector<Anew>> pieces(elsewhere, (objects.size() + piece_units - 1) / piece_units,
                                   [&](size_t i) { return translate_from(i * piece_units); });
  for (size_t i = 0; i < pieces.size(); ++i) {
    for (Anew& anew : pieces.take(i)) take(std::move(anew));
  }
}

config::DynamicConfig UnitMaker::make(const Context& c, Offload& elsewhere) {
  units_.clear();
  makers_.clear();
  users_.clear();
  unsettled_.clear();
  tied_ = 0;
  config::DynamicConfig out;
  std::vector<std::string> asked;
  Context rest = c;
  rest.asked = &asked;
  begin(rest, true);
  for (size_t kind = 0; kind < kinds_.size(); ++kind) make_kind(c, kind, elsewhere, out);
  make_rest(rest, out);
  rest_ = {asked.begin(), asked.end()};
  slices_.read_all(c.store);
  return out;
}

void UnitMaker::keep(const Key& key, Links links) {
  const auto at = units_.try_emplace(key).first;
  Unit& unit = at->second;
  unit.key = &at->first;
  unit.order = links.order;
  link(makers_, std::move(links.makes), unit, unit.makes);
  link(users_, std::move(links.asks), unit, unit.asks);
  unit.certificates = std::move(links.certificates);
  unit.ties = links.ties;
  tied_ += unit.ties;
}

void UnitMaker::settle() {
  makers_.reserve(makers_.size() + 2 * unsettled_.size());
  for (auto& [key, links] : std::exchange(unsettled_, {})) keep(key, std::move(links));
}

void UnitMaker::forget(const Key& key) {
  const auto known = units_.find(key);
  if (known == units_.end()) return;
  unlink(makers_, known->second.makes, known->second);
  unlink(users_, known->second.asks, known->second);
  tied_ -= known->second.ties;
  units_.erase(known);
  gone(name_of(key));
}

bool UnitMaker::find_users(const std::string& lookup, std::set<Key>& out) const {
  if (rest_.contains(lookup)) return false;
  const auto users = users_.find(lookup);
  if (users == users_.end()) return true;
  for (const Unit* unit : users->second) out.insert(*unit->key);
  return true;
}

// False: what is no unit is another one too.
bool UnitMaker::find_changed(const Context& c, std::span<const Name> changed, std::set<Key>& out) {
  for (const Name& n : changed) {
    if (of_rest(n)) return false;
    if (n.kind == "EndpointSlice") {
      for (const std::string& service : slices_.follow(c.store, n.ns, n.name)) {
        if (!find_users(lookup_key(n.kind, n.ns, service), out)) return false;
      }
      continue;
    }
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (n.group == kinds_[kind].group && n.kind == kinds_[kind].kind && c.watched(n.ns))
        out.insert({kind, n.ns, n.name});
    }
    const std::string lookup =
        n.kind == "Node" ? lookup_key(n.kind, "", "") : lookup_key(n.kind, n.ns, n.name);
    if (!find_users(lookup, out)) return false;
  }
  return true;
}

void UnitMaker::add_rivals(const std::string& made, std::set<Key>& out) const {
  const auto add_all = [&](const std::string& text) {
    const auto makers = makers_.find(text);
    if (makers == makers_.end()) return;
    for (const Unit* maker : makers->second) out.insert(*maker->key);
  };
  if (made[0] == 'b') {
    if (makers_.contains("s " + name_in(made))) {
      add_all("s " + name_in(made));
      add_all(made);
    }
    return;
  }
  add_all(made);
  if (made[0] == 's') add_all("b " + name_in(made));
}

// Units that make something of the same name, where whose it is depends on all of them.
void UnitMaker::find_rivals(const Key& key, const Anew& anew, std::set<Key>& out) const {
  if (const auto known = units_.find(key); known != units_.end()) {
    for (const Owners::value_type* entry : known->second.makes) add_rivals(entry->first, out);
  }
  for (const std::string& made : anew.links.makes) add_rivals(made, out);
}

// Whether nothing but what units make is another one through it.
bool UnitMaker::leaves_rest(const Key& key, const Anew& anew) const {
  const auto known = units_.find(key);
  const std::vector<size_t> before =
      known == units_.end() ? std::vector<size_t>() : known->second.certificates;
  return anew.links.certificates == before && !anew.links.ties && !reaches_further(name_of(key));
}

std::optional<UnitMaker::Update> UnitMaker::update(const Context& c,
                                                   std::span<const Name> changed) {
  settle();
  std::set<Key> left;
  if (tied_ > 0 || !find_changed(c, changed, left)) return std::nullopt;
  Batch batch;
  while (!left.empty()) {
    const Key key = std::move(left.extract(left.begin()).value());
    if (batch.contains(key)) continue;
    if (batch.size() == changed_units_max) return std::nullopt;
    Anew anew = translate_unit(c, key.kind, find(c, key));
    c.findings.append(anew.findings);
    if (!leaves_rest(key, anew)) return std::nullopt;
    find_rivals(key, anew, left);
    batch.emplace(key, std::move(anew));
  }
  return apply(c, std::move(batch), changed);
}

UnitMaker::Update UnitMaker::apply(const Context& c, Batch batch, std::span<const Name> changed) {
  Update out;
  for (const Name& n : changed) out.about.insert(n.kind + " " + n.ns + "/" + n.name);
  begin(c, false);
  std::vector<std::vector<const Object*>> objects(kinds_.size());
  Latest before;
  for (auto& entry : batch) {
    const Key& key = entry.first;
    out.about.insert(label(key));
    if (const auto known = units_.find(key); known != units_.end()) {
      for (const Owners::value_type* made : known->second.makes) {
        take_out(out.patch, made->first);
        if (made->first[0] != 'b') continue;
        Order& latest = before[name_in(made->first)];
        latest = std::max(latest, known->second.order);
      }
    }
    forget(key);
    if (entry.second.object) objects[key.kind].push_back(entry.second.object);
  }
  config::DynamicConfig made;
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    for (const Object* o : in_order(std::move(objects[kind]))) {
      const auto entry = batch.find({kind, o->ns, o->name});
      keep(entry->first, std::move(entry->second.links));
      kept(*o);
      add(c, *o, entry->second.own, made);
    }
  }
  add_to(out.patch.routers, made.routers);
  add_to(out.patch.services, made.services);
  add_to(out.patch.middlewares, made.middlewares);
  add_to(out.patch.servers_transports, made.servers_transports);
  complete(c, batch, before, out.patch);
  return out;
}

// Balancers of which the last one is made by a unit that has not changed: they are what they were if it was the last one before.
void UnitMaker::complete(const Context& c, const Batch& batch, const Latest& before,
                         config::ConfigPatch& patch) {
  std::map<Key, config::DynamicConfig> others;
  for (auto i = patch.services.begin(); i != patch.services.end();) {
    auto& [name, service] = *i++;
    const auto makers = makers_.find("b " + name);
    if (makers == makers_.end()) continue;
    const Unit& last =
        **std::max_element(makers->second.begin(), makers->second.end(),
                           [](const Unit* a, const Unit* b) { return a->order < b->order; });
    if (batch.contains(*last.key)) continue;
    const auto latest = before.find(name);
    if (latest == before.end() || latest->second < last.order) {
      patch.services.erase(std::prev(i));
      continue;
    }
    auto [other, fresh] = others.try_emplace(*last.key);
    if (fresh) {
      // What is wrong with it was told before.
      other->second = translate_unit(c, last.key->kind, find(c, *last.key)).own;
    }
    service = std::make_shared<const config::ServiceConfig>(other->second.services.at(name));
  }
}

}  // namespace gateproof::kubernetes
