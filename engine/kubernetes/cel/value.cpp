#include "engine/kubernetes/cel/value.h"

#include <algorithm>
#include <cmath>

#include "engine/base/crypto.h"
#include "engine/kubernetes/cel/time.h"

namespace gateproof::kubernetes::cel {

namespace {

// A string that its schema gives another meaning.
std::optional<Value> meant(const Json& json, const Schema& schema) {
  if (schema.format == "date-time" || schema.format == "date") {
    const auto ns = parse_timestamp(json.str());
    return ns ? Value::timestamp(*ns) : Value::error("invalid timestamp");
  }
  if (schema.format == "duration") {
    const auto ns = parse_duration(json.str());
    return ns ? Value::duration(*ns) : Value::error("invalid duration");
  }
  if (schema.format == "byte") return Value::bytes(crypto::base64_decode(json.str()).value_or(""));
  return std::nullopt;
}

bool equal_lists(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a.at(i) == b.at(i))) return false;
  }
  return true;
}

bool equal_maps(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto other = b.find(a.at(i));
    if (!other || !(a.entry(i) == *other)) return false;
  }
  return true;
}

std::partial_ordering numbers(const Value& a, const Value& b) {
  using K = Value::Kind;
  if (a.is(K::integer) && b.is(K::integer)) return a.integer() <=> b.integer();
  if (a.is(K::whole) && b.is(K::whole)) return a.whole() <=> b.whole();
  if (a.is(K::integer) && b.is(K::whole))
    return a.integer() < 0 ? std::partial_ordering::less : uint64_t(a.integer()) <=> b.whole();
  if (a.is(K::whole) && b.is(K::integer))
    return b.integer() < 0 ? std::partial_ordering::greater : a.whole() <=> uint64_t(b.integer());
  return a.as_real() <=> b.as_real();
}

}  // namespace

Value Value::error(std::string message) { return named(Kind::error, std::move(message)); }

Value Value::number(Kind kind, int64_t n) {
  Value v;
  v.kind_ = kind;
  v.integer_ = n;
  return v;
}

Value Value::boolean(bool b) { return number(Kind::boolean, b); }
Value Value::integer(int64_t i) { return number(Kind::integer, i); }
Value Value::whole(uint64_t u) { return number(Kind::whole, static_cast<int64_t>(u)); }
Value Value::duration(int64_t ns) { return number(Kind::duration, ns); }
Value Value::timestamp(int64_t ns) { return number(Kind::timestamp, ns); }

Value Value::real(double d) {
  Value v;
  v.kind_ = Kind::real;
  v.real_ = d;
  return v;
}

Value Value::string(std::string s) { return named(Kind::string, std::move(s)); }
Value Value::bytes(std::string s) { return named(Kind::bytes, std::move(s)); }

Value Value::list(Values items) {
  Value v;
  v.kind_ = Kind::list;
  v.items_ = std::make_shared<const Values>(std::move(items));
  return v;
}

Value Value::map(Entries entries) {
  Value v;
  v.kind_ = Kind::map;
  v.entries_ = std::make_shared<const Entries>(std::move(entries));
  return v;
}

Value Value::optional(Values none_or_one) {
  Value v = list(std::move(none_or_one));
  v.kind_ = Kind::optional;
  return v;
}

Value Value::named(Kind kind, std::string name) {
  Value v;
  v.kind_ = kind;
  v.text_ = std::make_shared<const std::string>(std::move(name));
  return v;
}

Value Value::of(const Json& json, const Schema* schema) {
  Value v;
  switch (json.kind()) {
    case Json::Kind::null: return v;
    case Json::Kind::boolean: return boolean(json.boolean());
    case Json::Kind::integer:
      if (schema && schema->type == Schema::Type::number) return real(json.real());
      return integer(json.integer());
    case Json::Kind::real:
      if (schema && schema->type == Schema::Type::integer) return integer(json.integer());
      return real(json.real());
    case Json::Kind::string:
      if (schema && !schema->format.empty()) {
        if (auto special = meant(json, *schema)) return *std::move(special);
      }
      v.kind_ = Kind::string;
      break;
    case Json::Kind::array: v.kind_ = Kind::list; break;
    case Json::Kind::object: v.kind_ = Kind::map; break;
  }
  v.json_ = &json;
  v.schema_ = schema;
  return v;
}

double Value::as_real() const {
  if (kind_ == Kind::real) return real_;
  return kind_ == Kind::whole ? double(whole()) : double(integer_);
}

size_t Value::size() const {
  if (items_) return items_->size();
  if (entries_) return entries_->size();
  return json_ ? json_->size() : 0;
}

Value Value::at(size_t i) const {
  if (items_) return (*items_)[i];
  if (entries_) return (*entries_)[i].first;
  if (json_->is_object()) return string(json_->members()[i].key);
  return of(json_->items()[i], schema_ ? schema_->items.get() : nullptr);
}

Value Value::entry(size_t i) const {
  if (entries_) return (*entries_)[i].second;
  const Json::Member& m = json_->members()[i];
  return of(m.value, schema_ ? schema_->child(m.key) : nullptr);
}

std::optional<Value> Value::find(const Value& key) const {
  if (entries_) {
    for (const auto& [k, v] : *entries_) {
      if (k == key) return v;
    }
    return std::nullopt;
  }
  if (!json_ || !key.is(Kind::string)) return std::nullopt;
  const Json* found = json_->find(key.text());
  if (!found) return std::nullopt;
  return of(*found, schema_ ? schema_->child(key.text()) : nullptr);
}

std::optional<Value> Value::field(std::string_view name) const {
  const bool escaped = json_ && schema_ && name.find("__") != std::string_view::npos &&
                       !schema_->additional && !schema_->additional_any;
  return find(string(escaped ? unescape_field(name) : std::string(name)));
}

bool operator==(const Value& a, const Value& b) {
  using K = Value::Kind;
  if (a.is_number() && b.is_number()) return numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case K::null: return true;
    case K::boolean:
    case K::duration:
    case K::timestamp: return a.integer() == b.integer();
    case K::list:
    case K::optional: return equal_lists(a, b);
    case K::map: return equal_maps(a, b);
    default: return a.text() == b.text();
  }
}

std::optional<std::partial_ordering> Value::compare(const Value& a, const Value& b) {
  using K = Kind;
  if (a.is_number() && b.is_number()) return numbers(a, b);
  if (a.kind_ != b.kind_) return std::nullopt;
  switch (a.kind_) {
    case K::boolean:
    case K::duration:
    case K::timestamp: return a.integer_ <=> b.integer_;
    case K::string:
    case K::bytes: return a.text() <=> b.text();
    default: return std::nullopt;
  }
}

std::string_view Value::type_name() const {
  switch (kind_) {
    case Kind::error: return "error";
    case Kind::null: return "null_type";
    case Kind::boolean: return "bool";
    case Kind::integer: return "int";
    case Kind::whole: return "uint";
    case Kind::real: return "double";
    case Kind::string: return "string";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::map: return "map";
    case Kind::duration: return "google.protobuf.Duration";
    case Kind::timestamp: return "google.protobuf.Timestamp";
    case Kind::optional: return "optional_type";
    case Kind::format: return "kubernetes.NamedFormat";
    case Kind::type: return "type";
  }
  return "";
}

std::string unescape_field(std::string_view escaped) {
  // A word of the language alone: __namespace__.
  if (escaped.starts_with("__") && escaped.ends_with("__") && escaped.size() > 4) {
    const std::string_view word = escaped.substr(2, escaped.size() - 4);
    if (word.find('_') == std::string_view::npos) return std::string(word);
  }
  static constexpr std::pair<std::string_view, std::string_view> parts[] = {
      {"__underscores__", "__"}, {"__dot__", "."}, {"__dash__", "-"}, {"__slash__", "/"}};
  std::string out;
  for (size_t i = 0; i < escaped.size();) {
    const auto* part = std::ranges::find_if(
        parts, [&](const auto& p) { return escaped.substr(i).starts_with(p.first); });
    if (part == std::end(parts)) {
      out += escaped[i++];
    } else {
      out += part->second;
      i += part->first.size();
    }
  }
  return out;
}

}  // namespace gateproof::kubernetes::cel
