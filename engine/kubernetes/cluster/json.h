// A JSON value as an API server handles it: copies share their contents until one of them is changed, members are sorted by
// name. Copying an object, or writing its status, costs no copy of the rest; comparing shared parts costs nothing.
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::kubernetes::cluster {

struct JsonLimits {
  size_t bytes_max =
      3u
      << 20;  // of a text: etcd's 1.5 MiB with room for blanks, as the real server's request limit
  size_t depth_max = 128;        // nesting of arrays and objects
  size_t nodes_max = 1'000'000;  // values
};

class Json {
 public:
  enum class Kind : uint8_t { null, boolean, integer, real, string, array, object };
  struct Member;

  Json() noexcept = default;  // null
  explicit Json(std::string_view s);
  explicit Json(const char* s) : Json(std::string_view(s)) {}
  template <std::same_as<bool> B>
  explicit Json(B b) noexcept : kind_(Kind::boolean) {
    at_.boolean = b;
  }
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  explicit Json(I i) noexcept : kind_(Kind::integer) {
    at_.integer = static_cast<int64_t>(i);
  }
  explicit Json(double d) noexcept : kind_(Kind::real) { at_.real = d; }
  static Json array();
  static Json object();
  // Of members in any order; the last of equal names wins. Linear for sorted ones.
  static Json object_of(std::vector<Member> members);
  static Json array_of(std::vector<Json> items);

  Json(const Json& other) noexcept;
  Json(Json&& other) noexcept : kind_(other.kind_), at_(other.at_) { other.kind_ = Kind::null; }
  Json& operator=(Json other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(at_, other.at_);
    return *this;
  }
  ~Json();

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }
  bool is_number() const { return kind_ == Kind::integer || kind_ == Kind::real; }

  std::string_view str() const;  // "" of anything but a string
  bool boolean(bool otherwise = false) const {
    return kind_ == Kind::boolean ? at_.boolean : otherwise;
  }
  int64_t integer(int64_t otherwise = 0) const;  // a real without fraction counts
  double real(double otherwise = 0) const;

  size_t size() const;  // of an array or object, else 0
  std::span<const Json> items() const;
  std::span<const Member> members() const;
  const Json* find(std::string_view key) const;        // null pointer when absent
  const Json& operator[](std::string_view key) const;  // null when absent
  const Json& at(std::string_view dotted) const;       // "metadata.name"; null when absent

  // Changing. A null becomes an object or an array by these; on any other kind of value it is replaced.
  Json& member(std::string_view key);   // made null when absent; valid until the object is changed
  Json& make(std::string_view dotted);  // member() along a path
  void set(std::string_view key, Json value) { member(key) = std::move(value); }
  bool erase(std::string_view key);  // false when it was not there
  void push(Json value);
  Json& item(size_t i);
  void insert(size_t i, Json value);
  void erase_item(size_t i);

  // Deep; 1 equals 1.0.
  friend bool operator==(const Json& a, const Json& b);
  // True when both are the very same memory: a cheap sign of "not changed".
  bool same(const Json& other) const;
  size_t weight() const;  // bytes, about, of everything below; shared parts count each time
  // False when it is heavier or deeper than that; looks no further than needed.
  bool within(size_t weight_max, size_t depth_max) const;

 private:
  struct Text;
  struct Items;
  struct Members;
  Items& own_items();
  Members& own_members();

  Kind kind_ = Kind::null;
  union {
    bool boolean;
    int64_t integer;
    double real;
    Text* text;
    Items* items;
    Members* members;
  } at_ = {.integer = 0};
};

struct Json::Member {
  std::string key;
  Json value;
};

// RFC 8259, UTF-8 checked. The last of equal names wins, as in Go. Errors: Code::invalid with the offset, Code::limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
// Compact, as Go's encoder writes it but for HTML characters, which stay as they are.
std::string to_text(const Json& value);
void append_text(std::string& out, const Json& value);

// {"key": value, ...} and [value, ...] in one go.
Json json_object(std::initializer_list<std::pair<std::string_view, Json>> members);
Json json_array(std::initializer_list<Json> items);

}  // namespace gateproof::kubernetes::cluster
