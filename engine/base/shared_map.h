// SharedMap: an ordered map by name whose copies share what they have in common. A copy costs a pointer for each hundred entries,
// a change copies one chunk of them, and copies never see each other's changes.
#pragma once
#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof {

// Entries of a chunk; one that is full becomes two.
inline constexpr size_t shared_map_chunk_max = 32;

template <class V>
class SharedMap {
  struct Entry {
    std::string name;
    std::shared_ptr<const V> value;
    uint64_t owner = 0;  // the map that may change `value` where it is: it made it
  };
  struct Chunk {
    std::vector<Entry> entries;  // at least one, by name
    uint64_t owner = 0;
  };
  struct Place {
    size_t chunk = 0, entry = 0;
  };

 public:
  // As of std::map, so that readers need not know which of the two it is.
  struct Item {
    const std::string& first;
    const V& second;
  };
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using reference = Item;
    struct pointer {
      Item item;
      const Item* operator->() const { return &item; }
    };
    Iterator() = default;
    Item operator*() const {
      const Entry& e = (*chunks_)[at_.chunk]->entries[at_.entry];
      return {e.name, *e.value};
    }
    pointer operator->() const { return {**this}; }
    Iterator& operator++() {
      if (++at_.entry == (*chunks_)[at_.chunk]->entries.size()) at_ = {at_.chunk + 1, 0};
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& o) const {
      return at_.chunk == o.at_.chunk && at_.entry == o.at_.entry;
    }
    // Shared with every map that has the same value.
    const std::shared_ptr<const V>& shared() const {
      return (*chunks_)[at_.chunk]->entries[at_.entry].value;
    }

   private:
    friend class SharedMap;
    Iterator(const std::vector<std::shared_ptr<Chunk>>& chunks, Place at)
        : chunks_(&chunks), at_(at) {}
    const std::vector<std::shared_ptr<Chunk>>* chunks_ = nullptr;
    Place at_;
  };
  using const_iterator = Iterator;

  SharedMap() = default;
  // Neither of the two may change what they share from now on.
  SharedMap(const SharedMap& o) : chunks_(o.chunks_), size_(o.size_) { o.disown(); }
  SharedMap& operator=(const SharedMap& o) {
    if (this == &o) return *this;
    chunks_ = o.chunks_;
    size_ = o.size_;
    disown();
    o.disown();
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return {chunks_, {0, 0}}; }
  Iterator end() const { return {chunks_, {chunks_.size(), 0}}; }
  // The first whose name is not less.
  Iterator lower_bound(std::string_view name) const { return {chunks_, place(name)}; }
  Iterator find(std::string_view name) const {
    const Place at = place(name);
    return is(at, name) ? Iterator(chunks_, at) : end();
  }
  bool contains(std::string_view name) const { return is(place(name), name); }
  size_t count(std::string_view name) const { return contains(name) ? 1 : 0; }
  const V& at(std::string_view name) const {
    const Place p = place(name);
    if (!is(p, name)) throw std::out_of_range(std::string(name));
    return *chunks_[p.chunk]->entries[p.entry].value;
  }

  // To be changed: a value that others have too is copied first. It stays where it is until it is replaced or the map copied.
  V& edit(std::string_view name) {
    const Place p = place(name);
    if (!is(p, name)) throw std::out_of_range(std::string(name));
    return edit_at(p);
  }
  V& operator[](std::string_view name) {
    const Place p = place(name);
    if (is(p, name)) return edit_at(p);
    auto value = std::make_shared<V>();
    V& made = *value;
    insert(p, std::string(name), std::move(value), owner_);
    return made;
  }
  // Adds or replaces, to be changed.
  V& set(const std::string& name, V value) { return (*this)[name] = std::move(value); }
  // Adds or replaces. The value is shared with whoever gives it.
  void put(std::string name, std::shared_ptr<const V> value) {
    const Place p = place(name);
    if (!is(p, name)) return insert(p, std::move(name), std::move(value), 0);
    Entry& e = own(p.chunk).entries[p.entry];
    e.value = std::move(value);
    e.owner = 0;
  }
  bool erase(std::string_view name) {
    const Place p = place(name);
    if (!is(p, name)) return false;
    --size_;
    if (chunks_[p.chunk]->entries.size() == 1) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(p.chunk));
      return true;
    }
    std::vector<Entry>& entries = own(p.chunk).entries;
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(p.entry));
    return true;
  }

 private:
  static uint64_t next_owner() {
    static std::atomic<uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  void disown() const { owner_.store(next_owner(), std::memory_order_relaxed); }

  V& edit_at(Place p) {
    Entry& e = own(p.chunk).entries[p.entry];
    if (e.owner != owner_) {
      e.value = std::make_shared<V>(*e.value);
      e.owner = owner_;
    }
    return const_cast<V&>(*e.value);
  }
  // `p` is where the name would be found.
  void insert(Place p, std::string name, std::shared_ptr<const V> value, uint64_t owner) {
    ++size_;
    if (chunks_.empty()) {
      chunks_.push_back(std::make_shared<Chunk>());
      chunks_.back()->owner = owner_;
    } else if (p.entry == 0 && p.chunk > 0) {
      p = {p.chunk - 1, chunks_[p.chunk - 1]->entries.size()};
    }
    std::vector<Entry>& entries = own(p.chunk).entries;
    const bool last = p.chunk + 1 == chunks_.size() && p.entry == entries.size();
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(p.entry),
                   Entry{std::move(name), std::move(value), owner});
    if (entries.size() > shared_map_chunk_max) split(p.chunk, last);
  }

  Place place(std::string_view name) const {
    // Names often come in their order.
    if (chunks_.empty() || chunks_.back()->entries.back().name < name) return {chunks_.size(), 0};
    // The last chunk whose first name is not greater.
    const auto after =
        std::upper_bound(chunks_.begin(), chunks_.end(), name,
                         [](std::string_view n, const auto& c) { return n < c->entries[0].name; });
    if (after == chunks_.begin()) return {0, 0};
    const auto chunk = static_cast<size_t>(after - chunks_.begin()) - 1;
    const std::vector<Entry>& entries = chunks_[chunk]->entries;
    const auto at = std::lower_bound(entries.begin(), entries.end(), name,
                                     [](const Entry& e, std::string_view n) { return e.name < n; });
    if (at == entries.end()) return {chunk + 1, 0};
    return {chunk, static_cast<size_t>(at - entries.begin())};
  }
  bool is(Place p, std::string_view name) const {
    return p.chunk < chunks_.size() && chunks_[p.chunk]->entries[p.entry].name == name;
  }
  Chunk& own(size_t chunk) {
    std::shared_ptr<Chunk>& c = chunks_[chunk];
    if (c->owner != owner_) {
      c = std::make_shared<Chunk>(*c);
      c->owner = owner_;
    }
    return *c;
  }
  // Names that come in their order fill chunks whole.
  void split(size_t chunk, bool at_end) {
    std::vector<Entry>& left = chunks_[chunk]->entries;
    auto right = std::make_shared<Chunk>();
    right->owner = owner_;
    const auto from = left.end() - (at_end ? 1 : static_cast<std::ptrdiff_t>(left.size() / 2));
    right->entries.reserve(shared_map_chunk_max + 1);
    right->entries.assign(std::make_move_iterator(from), std::make_move_iterator(left.end()));
    left.erase(from, left.end());
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk) + 1, std::move(right));
  }

  std::vector<std::shared_ptr<Chunk>> chunks_;
  size_t size_ = 0;
  mutable std::atomic<uint64_t> owner_{next_owner()};
};

}  // namespace gateproof
