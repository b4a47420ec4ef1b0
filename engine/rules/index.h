// The index of a routing table: which routes are worth asking for a host and a path.
//
// Each rule is read as alternatives of (host, path) that must hold for it to match (index_alternatives); a route is listed
// under each of them. A request looks into at most three buckets of hosts - its own, its wildcard's and the one for any host -
// and in each under every length of prefix that occurs there. Keys are compared by 64-bit hash alone and constraints that the
// index cannot use are dropped: both only ever add candidates, and every candidate is verified by its whole rule.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/rules/matcher.h"

namespace gateproof::rules {

// Alternatives kept for one rule; a rule with more is indexed by its best part, or asked always.
inline constexpr size_t index_alternatives_max = 64;

// Of these one holds whenever the rule matches. Empty: nothing is known.
std::vector<IndexKey> index_alternatives(const RuleNode& rule);

class RouteIndex {
 public:
  // Routes are known by their position in the order of evaluation.
  void add(uint32_t route, const std::vector<IndexKey>& keys);
  void finish();

  // Calls `ask(route)` for candidates below `best`; `ask` returns true when the route matches. The lowest that matched, or
  // `none`. Never allocates.
  static constexpr uint32_t none = UINT32_MAX;
  template <class Ask>
  uint32_t lowest(std::string_view host, std::string_view path, const Ask& ask) const {
    uint32_t best = none;
    if (const Bucket* b = bucket(host_hash(host))) search(*b, path, best, ask);
    if (wildcards_) {
      if (const Bucket* b = bucket(wildcard_hash(host))) search(*b, path, best, ask);
    }
    if (const Bucket* b = bucket(any_host_hash)) search(*b, path, best, ask);
    return best;
  }

 private:
  struct List {
    uint32_t begin = 0;  // into routes_
    uint32_t count = 0;
  };
  struct Bucket {
    uint64_t seed = 0;
    List all;  // every route of a small bucket: reading them is cheaper than hashing paths
    uint32_t lengths = 0;  // into lengths_, ascending
    uint32_t length_count = 0;
    bool exact = false;  // has whole paths too
    bool small = false;
  };
  // Open addressing over hashes that are well mixed already.
  template <class V>
  struct Table {
    struct Slot {
      uint64_t hash = 0;
      V value{};
      bool used = false;
    };
    std::vector<Slot> slots;
    uint64_t mask = 0;
    void reserve(size_t n) {
      size_t size = 2;
      while (size < n * 2) size *= 2;
      slots.assign(size, {});
      mask = size - 1;
    }
    V& put(uint64_t hash) {
      uint64_t i = hash & mask;
      while (slots[i].used && slots[i].hash != hash) i = (i + 1) & mask;
      slots[i].used = true;
      slots[i].hash = hash;
      return slots[i].value;
    }
    const V* get(uint64_t hash) const {
      if (slots.empty()) return nullptr;
      for (uint64_t i = hash & mask; slots[i].used; i = (i + 1) & mask) {
        if (slots[i].hash == hash) return &slots[i].value;
      }
      return nullptr;
    }
  };
  struct Draft {
    uint64_t bucket;
    uint64_t key;     // of the path within the bucket (the bucket's seed is in it)
    uint32_t length;  // of the prefix; `whole` for exact paths
    uint32_t route;
  };
  static constexpr uint32_t whole = UINT32_MAX;
  static constexpr uint64_t any_host_hash = 0x9E3779B97F4A7C15ull;

  static uint64_t host_hash(std::string_view host);
  static uint64_t wildcard_hash(std::string_view host);
  static uint64_t mix(uint64_t h);
  // The hash of a prefix, a byte at a time, so that one walk over a path yields every prefix's.
  static uint64_t step(uint64_t h, char c) {
    return (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  }
  static uint64_t path_key(uint64_t running, uint32_t length) {
    return mix(running ^ (static_cast<uint64_t>(length) << 40));
  }
  void finish_buckets(std::vector<Draft>& listed);
  void finish_lists(std::vector<Draft>& listed);
  const Bucket* bucket(uint64_t hash) const { return buckets_.get(hash); }

  template <class Ask>
  void scan(const List& l, uint32_t& best, const Ask& ask) const {
    for (uint32_t i = l.begin; i < l.begin + l.count && routes_[i] < best; ++i) {
      if (ask(routes_[i])) best = routes_[i];
    }
  }
  // Long prefixes tend to have high priorities, but short ones cost nothing to try once `best` is low: lists are sorted, so a
  // list whose first route is not better ends at once.
  template <class Ask>
  void search(const Bucket& b, std::string_view path, uint32_t& best, const Ask& ask) const {
    if (b.small) return scan(b.all, best, ask);
    constexpr size_t held_max = 16;
    const List* held[held_max];
    size_t n = 0;
    uint64_t running = b.seed;
    size_t at = 0;
    for (uint32_t k = 0; k < b.length_count; ++k) {
      const uint32_t length = lengths_[b.lengths + k];
      if (length > path.size()) break;
      for (; at < length; ++at) running = step(running, path[at]);
      const List* l = paths_.get(path_key(running, length));
      if (!l) continue;
      if (n == held_max) {  // more nested prefixes than anybody writes: the shorter ones at once
        for (size_t i = n; i-- > 0;) scan(*held[i], best, ask);
        n = 0;
      }
      held[n++] = l;
    }
    if (b.exact) {
      for (; at < path.size(); ++at) running = step(running, path[at]);
      if (const List* l = paths_.get(path_key(running, whole))) scan(*l, best, ask);
    }
    for (size_t i = n; i-- > 0;) scan(*held[i], best, ask);
  }

  std::vector<Draft> drafts_;
  Table<Bucket> buckets_;
  Table<List> paths_;
  std::vector<uint32_t> routes_;
  std::vector<uint32_t> lengths_;
  bool wildcards_ = false;
};

}  // namespace gateproof::rules
