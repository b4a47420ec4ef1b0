// Objects that change one by one: what is translated anew is the changed ones and those that looked for them.
#pragma once
#include <set>
#include <span>
#include <unordered_map>

#include "engine/config/patch.h"
#include "engine/env/offload.h"
#include "engine/kubernetes/context.h"
#include "engine/kubernetes/slice_owners.h"

namespace gateproof::kubernetes {

// With more objects to translate, translating everything is as good.
inline constexpr size_t changed_units_max = 1000;
// Units that are translated in one go, here or elsewhere.
inline constexpr size_t piece_units = 64;

// A provider's translation. Objects of some kinds are units: each is translated by itself, and what it makes and what it looks for
// is kept. All else is translated together.
class UnitMaker {
 public:
  struct Name {
    std::string group, kind, ns, name;
    auto operator<=>(const Name&) const = default;
  };
  struct Update {
    config::ConfigPatch patch;
    std::set<std::string>
        about;  // objects that were translated or have changed, as "IngressRoute shop/r"
  };

  virtual ~UnitMaker() = default;
  // `elsewhere` takes its share of translating thousands of objects.
  config::DynamicConfig make(const Context& c, Offload& elsewhere = inline_offload());
  // Does what is needed only for the changes to come, after whoever made everything has shown it.
  void settle();
  // What is another one than in the last configuration, when of the store only the objects `changed` are. Nullopt: more is than what
  // units make; then everything is to be translated.
  std::optional<Update> update(const Context& c, std::span<const Name> changed);

 protected:
  struct Kind {
    std::string_view group, kind;
  };
  // In the order in which everything is translated: of those that make something of one name the last one counts.
  explicit UnitMaker(std::vector<Kind> kinds) : kinds_(std::move(kinds)) {}
  UnitMaker(const UnitMaker&) = delete;

  // Before units are made: all of them, or those that a change concerns. What it looks for is looked for by what is no unit.
  virtual void begin(const Context&, bool all) { (void)all; }
  virtual config::DynamicConfig translate(const Context& c, const Object& o) = 0;
  // Whether translate() of objects of this kind changes nothing of the maker, so that several may be translated at the same time.
  virtual bool apart(std::string_view kind) const { return (void)kind, false; }
  virtual void make_rest(const Context&, config::DynamicConfig&) {}
  // Whether a change of such an object is one of what is no unit.
  virtual bool of_rest(const Name&) const { return false; }
  // Whether any change is one of everything while there is such an object.
  virtual bool ties_all(const Object&) const { return false; }
  // Whether what becomes of this name depends on all who make a service of it, and not on the last one alone.
  virtual bool decided_by_all(const std::string&) const { return false; }
  // Whether more than what units make is another one when the unit, as it was or as it was last translated, changes.
  virtual bool reaches_further(const Name&) const { return false; }
  // Texts of what else there can be only one of; who makes one of them is translated together with the others.
  virtual std::vector<std::string> claims(const config::DynamicConfig&) const { return {}; }
  // The unit is what it was last translated to; it is no more what it was.
  virtual void kept(const Object&) {}
  virtual void gone(const Name&) {}
  // Objects of one kind in the order in which they are translated.
  virtual std::vector<const Object*> in_order(std::vector<const Object*> objects) const;
  // Takes out of `own` what `out` keeps from an earlier object.
  virtual void yield(const Context&, const Object&, config::DynamicConfig& own,
                     const config::DynamicConfig& out) {
    (void)own, (void)out;
  }

 private:
  struct Unit;
  // Texts that units have in common, and whose they are.
  using Owners = std::unordered_map<std::string, std::vector<Unit*>>;
  using Entries = std::vector<Owners::value_type*>;
  struct Key {
    size_t kind = 0;
    std::string ns, name;
    auto operator<=>(const Key&) const = default;
  };
  using Order = std::pair<size_t, uint64_t>;  // kind, order of the object
  struct Unit {
    const Key* key = nullptr;
    Order order;
    Entries makes, asks;
    std::vector<size_t> certificates;  // hashes
    bool ties = false;
  };
  // What of a unit is kept.
  struct Links {
    Order order;
    std::vector<std::string> makes, asks;
    std::vector<size_t> certificates;
    bool ties = false;
  };
  // A unit as it is translated now.
  struct Anew {
    const Object* object = nullptr;  // null: it is gone
    config::DynamicConfig own;
    config::Findings findings;
    Links links;
  };
  using Batch = std::map<Key, Anew>;

  // Its findings are in it.
  Anew translate_unit(const Context& c, size_t kind, const Object* o);
  void make_kind(const Context& c, size_t kind, Offload& elsewhere, config::DynamicConfig& out);
  const Object* find(const Context& c, const Key& key) const;
  Name name_of(const Key& key) const;
  std::string label(const Key& key) const;
  void add(const Context& c, const Object& o, config::DynamicConfig& own,
           config::DynamicConfig& out);
  void keep(const Key& key, Links links);
  void forget(const Key& key);
  template <class F>
  void each_made(const config::DynamicConfig& own, F f) const;
  bool find_changed(const Context& c, std::span<const Name> changed, std::set<Key>& out);
  bool find_users(const std::string& lookup, std::set<Key>& out) const;
  void find_rivals(const Key& key, const Anew& anew, std::set<Key>& out) const;
  void add_rivals(const std::string& made, std::set<Key>& out) const;
  bool leaves_rest(const Key& key, const Anew& anew) const;
  Update apply(const Context& c, Batch batch, std::span<const Name> changed);
  // The latest of the batch, as they were, that made a balancer of that name.
  using Latest = std::map<std::string, Order>;
  void complete(const Context& c, const Batch& batch, const Latest& before,
                config::ConfigPatch& patch);

  std::vector<Kind> kinds_;
  std::map<Key, Unit> units_;
  std::vector<std::pair<Key, Links>> unsettled_;  // to be kept
  Owners makers_;                                 // by what is made: "r name@kubernetescrd"
  Owners users_;                                  // by what is looked for: lookup_key()
  std::set<std::string> rest_;                    // what that which is no unit looks for
  SliceOwners slices_;
  size_t tied_ = 0;  // units that tie all
};

}  // namespace gateproof::kubernetes
