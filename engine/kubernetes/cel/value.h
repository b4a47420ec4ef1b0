// Values of the Common Expression Language (CEL, https://cel.dev, its language definition), as far as rules of a
// CustomResourceDefinition use them. An error is a value: the logical operators take it up.
#pragma once
#include <compare>
#include <memory>
#include <optional>

#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cel {

using cluster::Json;
using cluster::Schema;

class Value;
using Values = std::vector<Value>;
using Entries = std::vector<std::pair<Value, Value>>;

class Value {
 public:
  enum class Kind : uint8_t {
    error,  // text
    null,
    boolean,  // integer 0 or 1
    integer,  // 64 bits
    whole,    // uint, 64 bits
    real,
    string,  // text, UTF-8
    bytes,   // text
    list,
    map,        // maps and objects
    duration,   // integer, nanoseconds
    timestamp,  // integer, nanoseconds since 1970; years 1678 to 2261
    optional,   // items: none or one
    format,     // text: the name of one of Kubernetes' formats
    type,       // text: the type's name
  };

  Value() = default;  // null
  static Value error(std::string message);
  static Value boolean(bool b);
  static Value integer(int64_t i);
  static Value whole(uint64_t u);
  static Value real(double d);
  static Value string(std::string s);
  static Value bytes(std::string s);
  static Value duration(int64_t ns);
  static Value timestamp(int64_t ns);
  static Value list(Values items);
  static Value map(Entries entries);
  static Value optional(Values none_or_one);
  static Value named(Kind kind, std::string name);  // format, type
  // A part of an object; `schema` says what it means (a date, an object with fields) and may be null. Both have to stay.
  static Value of(const Json& json, const Schema* schema);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_true() const { return kind_ == Kind::boolean && integer_ != 0; }
  bool is_number() const {
    return kind_ == Kind::integer || kind_ == Kind::whole || kind_ == Kind::real;
  }
  int64_t integer() const { return integer_; }
  uint64_t whole() const { return static_cast<uint64_t>(integer_); }
  double real() const { return real_; }  // of a Kind::real
  double as_real() const;                // of any number
  std::string_view text() const { return text_ ? std::string_view(*text_) : json_text(); }

  size_t size() const;          // of a list or map; items of an optional
  Value at(size_t i) const;     // an item; the key of a map's entry
  Value entry(size_t i) const;  // the value of a map's entry
  // The value of a map's key; null pointer-like: an empty optional when absent.
  std::optional<Value> find(const Value& key) const;
  // The member of an object, or the value of a map's key of that name; names of fields are escaped as Kubernetes does
  // (`__namespace__`, `foo__dash__bar`).
  std::optional<Value> field(std::string_view name) const;

  // Equality over types: numbers by value, everything else of different types is unequal.
  friend bool operator==(const Value& a, const Value& b);
  // Empty where the two cannot be ordered (types, NaN).
  static std::optional<std::partial_ordering> compare(const Value& a, const Value& b);

  std::string_view type_name() const;  // "int", "google.protobuf.Duration" ...

 private:
  static Value number(Kind kind, int64_t n);
  std::string_view json_text() const { return json_ ? json_->str() : std::string_view(); }

  Kind kind_ = Kind::null;
  int64_t integer_ = 0;
  double real_ = 0;
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const Values> items_;
  std::shared_ptr<const Entries> entries_;
  const Json* json_ = nullptr;
  const Schema* schema_ = nullptr;
};

// The JSON name of a field that a rule calls `escaped`: `__namespace__` is "namespace", `a__dot__b` "a.b".
std::string unescape_field(std::string_view escaped);

}  // namespace gateproof::kubernetes::cel
