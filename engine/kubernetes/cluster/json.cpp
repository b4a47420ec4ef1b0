#include "engine/kubernetes/cluster/json.h"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace gateproof::kubernetes::cluster {

struct Json::Text {
  std::atomic<uint32_t> users{1};
  std::string text;
};
struct Json::Items {
  std::atomic<uint32_t> users{1};
  std::vector<Json> list;
};
struct Json::Members {
  std::atomic<uint32_t> users{1};
  std::vector<Member> list;  // sorted by key
};

namespace {

template <class Shared>
void take(Shared* s) {
  s->users.fetch_add(1, std::memory_order_relaxed);
}
template <class Shared>
void drop(Shared* s) {
  if (s->users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete s;
}

const Json& absent() {
  static const Json null;
  return null;
}

// Of members sorted by key: where `key` is or would be.
template <class List>
auto place(List& list, std::string_view key) {
  return std::lower_bound(list.begin(), list.end(), key,
                          [](const auto& m, std::string_view k) { return m.key < k; });
}

template <class F>
void each_part(std::string_view dotted, F&& f) {
  for (size_t from = 0; from <= dotted.size();) {
    const size_t dot = std::min(dotted.find('.', from), dotted.size());
    if (!f(dotted.substr(from, dot - from))) return;
    from = dot + 1;
  }
}

}  // namespace

Json::Json(std::string_view s) : kind_(Kind::string) {
  at_.text = new Text;
  at_.text->text = s;
}

Json Json::array() {
  Json j;
  j.at_.items = new Items;
  j.kind_ = Kind::array;
  return j;
}

Json Json::object() {
  Json j;
  j.at_.members = new Members;
  j.kind_ = Kind::object;
  return j;
}

Json Json::object_of(std::vector<Member> members) {
  const auto less = [](const Member& a, const Member& b) { return a.key < b.key; };
  if (!std::ranges::is_sorted(members, less)) std::ranges::stable_sort(members, less);
  Json j = object();
  auto& list = j.at_.members->list;
  for (Member& m : members) {
    if (!list.empty() && list.back().key == m.key) {
      list.back().value = std::move(m.value);
    } else {
      list.push_back(std::move(m));
    }
  }
  return j;
}

Json Json::array_of(std::vector<Json> items) {
  Json j = array();
  j.at_.items->list = std::move(items);
  return j;
}

Json::Json(const Json& other) noexcept : kind_(other.kind_), at_(other.at_) {
  switch (kind_) {
    case Kind::string: take(at_.text); break;
    case Kind::array: take(at_.items); break;
    case Kind::object: take(at_.members); break;
    default: break;
  }
}

Json::~Json() {
  switch (kind_) {
    case Kind::string: drop(at_.text); break;
    case Kind::array: drop(at_.items); break;
    case Kind::object: drop(at_.members); break;
    default: break;
  }
}

std::string_view Json::str() const {
  return kind_ == Kind::string ? std::string_view(at_.text->text) : std::string_view();
}

int64_t Json::integer(int64_t otherwise) const {
  if (kind_ == Kind::integer) return at_.integer;
  constexpr double exact_max = 9007199254740992.0;  // 2^53
  if (kind_ == Kind::real && std::abs(at_.real) <= exact_max && std::trunc(at_.real) == at_.real)
    return int64_t(at_.real);
  return otherwise;
}

double Json::real(double otherwise) const {
  if (kind_ == Kind::real) return at_.real;
  return kind_ == Kind::integer ? double(at_.integer) : otherwise;
}

std::span<const Json> Json::items() const {
  if (kind_ != Kind::array) return {};
  return at_.items->list;
}

std::span<const Json::Member> Json::members() const {
  if (kind_ != Kind::object) return {};
  return at_.members->list;
}

size_t Json::size() const {
  if (kind_ == Kind::array) return at_.items->list.size();
  return kind_ == Kind::object ? at_.members->list.size() : 0;
}

const Json* Json::find(std::string_view key) const {
  if (kind_ != Kind::object) return nullptr;
  const auto& list = at_.members->list;
  const auto found = place(list, key);
  return found != list.end() && found->key == key ? &found->value : nullptr;
}

const Json& Json::operator[](std::string_view key) const {
  const Json* found = find(key);
  return found ? *found : absent();
}

const Json& Json::at(std::string_view dotted) const {
  const Json* here = this;
  each_part(dotted, [&here](std::string_view part) {
    here = here->find(part);
    return here != nullptr;
  });
  return here ? *here : absent();
}

Json::Items& Json::own_items() {
  if (kind_ != Kind::array) {
    *this = array();
  } else if (at_.items->users.load(std::memory_order_acquire) != 1) {
    auto* mine = new Items;
    mine->list = at_.items->list;
    drop(at_.items);
    at_.items = mine;
  }
  return *at_.items;
}

Json::Members& Json::own_members() {
  if (kind_ != Kind::object) {
    *this = object();
  } else if (at_.members->users.load(std::memory_order_acquire) != 1) {
    auto* mine = new Members;
    mine->list = at_.members->list;
    drop(at_.members);
    at_.members = mine;
  }
  return *at_.members;
}

Json& Json::member(std::string_view key) {
  auto& list = own_members().list;
  auto found = place(list, key);
  if (found == list.end() || found->key != key)
    found = list.insert(found, Member{std::string(key), Json()});
  return found->value;
}

Json& Json::make(std::string_view dotted) {
  Json* here = this;
  each_part(dotted, [&here](std::string_view part) {
    here = &here->member(part);
    return true;
  });
  return *here;
}

bool Json::erase(std::string_view key) {
  if (!find(key)) return false;
  auto& list = own_members().list;
  list.erase(place(list, key));
  return true;
}

void Json::push(Json value) { own_items().list.push_back(std::move(value)); }
Json& Json::item(size_t i) { return own_items().list[i]; }

void Json::insert(size_t i, Json value) {
  auto& list = own_items().list;
  list.insert(list.begin() + ptrdiff_t(i), std::move(value));
}

void Json::erase_item(size_t i) {
  auto& list = own_items().list;
  list.erase(list.begin() + ptrdiff_t(i));
}

bool Json::same(const Json& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::null: return true;
    case Kind::boolean: return at_.boolean == other.at_.boolean;
    case Kind::integer: return at_.integer == other.at_.integer;
    case Kind::real: return at_.real == other.at_.real;
    case Kind::string: return at_.text == other.at_.text;
    case Kind::array: return at_.items == other.at_.items;
    case Kind::object: return at_.members == other.at_.members;
  }
  return false;
}

bool operator==(const Json& a, const Json& b) {
  if (a.same(b)) return true;
  if (a.is_number() && b.is_number()) return a.real() == b.real() && a.integer() == b.integer();
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Json::Kind::string: return a.str() == b.str();
    case Json::Kind::array: return std::ranges::equal(a.items(), b.items());
    case Json::Kind::object:
      return std::ranges::equal(a.members(), b.members(), [](const auto& x, const auto& y) {
        return x.key == y.key && x.value == y.value;
      });
    default: return false;
  }
}

size_t Json::weight() const {
  size_t sum = sizeof(Json) + str().size();
  for (const Json& i : items()) sum += i.weight();
  for (const Member& m : members()) sum += sizeof(std::string) + m.key.size() + m.value.weight();
  return sum;
}

namespace {

bool spend(const Json& value, size_t& left, size_t depth_left) {
  const size_t own = sizeof(Json) + value.str().size();
  if (own > left) return false;
  left -= own;
  if ((value.is_array() || value.is_object()) && depth_left == 0) return false;
  for (const Json& i : value.items()) {
    if (!spend(i, left, depth_left - 1)) return false;
  }
  for (const Json::Member& m : value.members()) {
    const size_t key = sizeof(std::string) + m.key.size();
    if (key > left) return false;
    left -= key;
    if (!spend(m.value, left, depth_left - 1)) return false;
  }
  return true;
}

}  // namespace

bool Json::within(size_t weight_max, size_t depth_max) const {
  return spend(*this, weight_max, depth_max);
}

Json json_object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json out = Json::object();
  for (const auto& [key, value] : members) out.set(key, value);
  return out;
}

Json json_array(std::initializer_list<Json> items) {
  Json out = Json::array();
  for (const Json& i : items) out.push(i);
  return out;
}

}  // namespace gateproof::kubernetes::cluster
