// Declarative schemas: a field is a name, a member and what it accepts. From one schema come the decoder, "did you mean" for
// unknown keys, the rows of the documentation and the fuzz dictionary. Field names match in any case, as Traefik's do.
//
// Conversions are those of Traefik's file decoder: every scalar is first made text (a YAML number or boolean in Go's
// spelling), then read as what the field wants, so "8080" is an integer and 8080 a string. A null value is as if the key were
// not there. An object or a map without members "cannot be a standalone element" unless the field says allow_empty().
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/dynamic.h"

namespace gateproof::config {

struct DecodeContext {
  Findings& findings;
  std::string_view object;  // for Finding::object
  bool failed = false;
  Origin origin = Origin::file;  // labels and pairs are read by rules of their own

  // Whether lists and objects come from flat keys.
  bool flat() const { return origin == Origin::labels || origin == Origin::pairs; }

  // Records a schema error (GP01xx) at a value.
  void error(std::string_view code, const Value& at, std::string message, std::string remedy);
};

class ObjectSchema;

// What a field takes, for the checks that come before its reader and for flags that omit their value.
// `ignored` is a field that Traefik knows but does not read from files, labels or flags: anything may stand there.
enum class Shape : uint8_t {
  any,
  boolean,
  scalar,
  list,
  object,
  object_list,
  map,
  object_map,
  ignored
};

struct FieldSchema {
  std::string_view name;
  std::string type;  // for documentation: "string", "list of strings", "duration", "map", "object"
  std::string default_text;
  Shape shape = Shape::any;
  bool allow_empty = false;             // an object that may stand alone: `tls: {}`, `--ping`
  const ObjectSchema* child = nullptr;  // of objects, lists and maps of objects
  bool deprecated = false;
  std::string_view deprecation;  // what to use instead
  // The numbers that mean something, where Traefik takes others too: they are reported (GP0113).
  std::optional<int64_t> least, most;
  // A list of objects that labels write as one object, under this name: `server.port`.
  std::string_view label_name = {};
  std::vector<Origin> unread_in = {};  // what is written there is ignored, as in Traefik
  std::function<void(const Value&, void* object, DecodeContext&)> decode;
};

class ObjectSchema {
 public:
  std::vector<FieldSchema> fields;
  // Takes the members that no field names (a plugin's name and options). Empty: they are unknown fields.
  std::function<void(const Value::Member&, void* object)> other = {};
  // Decodes a mapping into `object`; every problem is recorded, nothing is thrown.
  void decode(const Value& v, void* object, DecodeContext& c) const;
  // Field by name in any case; null when there is none.
  const FieldSchema* find(std::string_view name_nocase, Origin origin = Origin::file) const;
  // Records "field not found, node: x" with the nearest field name.
  void unknown_field(const Value::Member& m, DecodeContext& c) const;
};

// Whether an object field is to be decoded. False: it is null, a disabled allow_empty field (`tls: false`), or empty where
// Traefik says "x cannot be a standalone element" (recorded).
bool enter_object(std::string_view name, const Value& v, bool allow_empty, DecodeContext& c);
// The elements of a list of objects, as Traefik's decoder finds them: scalars among them are lost (with a warning).
std::vector<const Value*> object_items(std::string_view name, const Value& v, DecodeContext& c);
// The text Traefik's decoder makes of a scalar before any conversion: `0x1F` is "31", `True` "true", 1.5 "1.500000".
// nullopt for null; an unquoted date is nullopt too and recorded (GP0102).
std::optional<std::string> scalar_text(const Value& v, DecodeContext& c);
// strconv.ParseBool: 1 t T TRUE true True and their opposites.
std::optional<bool> parse_bool(std::string_view text);
// strconv.ParseInt(text, 10, bits).
std::optional<int64_t> parse_decimal(std::string_view text);

// Readers of one value; each records a GP01xx finding and leaves `out` alone when the value does not fit.
void read_value(const Value& v, std::string& out, DecodeContext& c);
void read_value(const Value& v, Text& out, DecodeContext& c);
void read_value(const Value& v, bool& out, DecodeContext& c);
void read_value(const Value& v, int64_t& out, DecodeContext& c);
void read_value(const Value& v, int& out, DecodeContext& c);
void read_value(const Value& v, Located<int64_t>& out, DecodeContext& c);
void read_value(const Value& v, Duration& out,
                DecodeContext& c);  // integer = seconds, else Go duration text
void read_value(const Value& v, std::vector<std::string>& out, DecodeContext& c);
void read_value(const Value& v, std::vector<Text>& out, DecodeContext& c);
void read_value(const Value& v, std::map<std::string, std::string>& out, DecodeContext& c);
void read_value(const Value& v, double& out, DecodeContext& c);
void read_value(const Value& v, std::vector<int64_t>& out, DecodeContext& c);
void read_value(const Value& v, std::vector<double>& out, DecodeContext& c);
template <class T>
void read_value(const Value& v, std::optional<T>& out, DecodeContext& c) {
  if (v.kind != Value::null) read_value(v, out.emplace(), c);
}

template <class M>
inline constexpr Shape shape_of = Shape::scalar;
template <>
inline constexpr Shape shape_of<bool> = Shape::boolean;
template <class T>
inline constexpr Shape shape_of<std::optional<T>> = shape_of<T>;
template <class T>
inline constexpr Shape shape_of<std::vector<T>> = Shape::list;
template <>
inline constexpr Shape shape_of<std::map<std::string, std::string>> = Shape::map;

// Go's time.ParseDuration; an integer without unit is seconds (Traefik).
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration d);  // Go style, "8m20s"

template <class T>
class Schema : public ObjectSchema {
 public:
  template <class M>
  Schema& field(std::string_view name, M T::*member, std::string type,
                std::string default_text = "") {
    FieldSchema f{name, std::move(type), std::move(default_text), shape_of<M>};
    f.decode = [member](const Value& v, void* o, DecodeContext& c) {
      read_value(v, static_cast<T*>(o)->*member, c);
    };
    fields.push_back(std::move(f));
    return *this;
  }
  // An object in an object; an optional member is made when the key is there.
  template <class M>
  Schema& object(std::string_view name, M T::*member, const Schema<M>& schema) {
    FieldSchema f{name, "object", "", Shape::object, false, &schema};
    f.decode = [member, &schema](const Value& v, void* o, DecodeContext& c) {
      schema.decode(v, &(static_cast<T*>(o)->*member), c);
    };
    fields.push_back(std::move(f));
    return *this;
  }
  template <class M>
  Schema& object(std::string_view name, std::optional<M> T::*member, const Schema<M>& schema) {
    FieldSchema f{name, "object", "", Shape::object, false, &schema};
    f.decode = [member, &schema](const Value& v, void* o, DecodeContext& c) {
      schema.decode(v, &(static_cast<T*>(o)->*member).emplace(), c);
    };
    fields.push_back(std::move(f));
    return *this;
  }
  template <class M>
  Schema& list(std::string_view name, std::vector<M> T::*member, const Schema<M>& schema) {
    FieldSchema f{name, "list of objects", "", Shape::object_list, false, &schema};
    f.decode = [member, name, &schema](const Value& v, void* o, DecodeContext& c) {
      for (const Value* item : object_items(name, v, c)) {
        schema.decode(*item, &(static_cast<T*>(o)->*member).emplace_back(), c);
      }
    };
    fields.push_back(std::move(f));
    return *this;
  }
  template <class M>
  Schema& map(std::string_view name, std::map<std::string, M> T::*member, const Schema<M>& schema) {
    FieldSchema f{name, "map of objects", "", Shape::object_map, false, &schema};
    f.decode = [member, &schema](const Value& v, void* o, DecodeContext& c) {
      for (const auto& m : v.members) {
        if (m.value.kind != Value::null)
          schema.decode(m.value, &(static_cast<T*>(o)->*member)[m.key], c);
      }
    };
    fields.push_back(std::move(f));
    return *this;
  }
  // An object whose options are members of this same struct.
  Schema& group(std::string_view name, const Schema<T>& schema) {
    FieldSchema f{name, "object", "", Shape::object, false, &schema};
    f.decode = [&schema](const Value& v, void* o, DecodeContext& c) { schema.decode(v, o, c); };
    fields.push_back(std::move(f));
    return *this;
  }
  // Options that stand among this object's own and live in a member.
  template <class M>
  Schema& inlined(M T::*member, const Schema<M>& schema) {
    for (FieldSchema f : schema.fields) {
      f.decode = [member, inner = f.decode](const Value& v, void* o, DecodeContext& c) {
        inner(v, &(static_cast<T*>(o)->*member), c);
      };
      fields.push_back(std::move(f));
    }
    return *this;
  }
  // An object with a schema of its own that custom() reads: for its shape, its fields' names and the checks before reading.
  Schema& child(Shape shape, const ObjectSchema& schema) {
    fields.back().shape = shape;
    fields.back().child = &schema;
    return *this;
  }
  // Anything else: a function on the value.
  Schema& custom(std::string_view name, std::string type,
                 std::function<void(const Value&, T&, DecodeContext&)> read) {
    FieldSchema f{name, std::move(type)};
    f.decode = [read = std::move(read)](const Value& v, void* o, DecodeContext& c) {
      read(v, *static_cast<T*>(o), c);
    };
    fields.push_back(std::move(f));
    return *this;
  }
  // The object just added may be empty (Traefik's allowEmpty): `{}` or `true` make it, any other scalar leaves it out.
  Schema& allow_empty() {
    fields.back().allow_empty = true;
    return *this;
  }
  // The list of objects just added is one object in labels, under this name.
  Schema& label_name(std::string_view name) {
    fields.back().label_name = name;
    return *this;
  }
  // The field just added is known but not read in these.
  Schema& unread(std::initializer_list<Origin> origins) {
    fields.back().unread_in.assign(origins.begin(), origins.end());
    return *this;
  }
  // What the number just added may sensibly be; durations in nanoseconds.
  Schema& at_least(int64_t n) {
    fields.back().least = n;
    return *this;
  }
  Schema& between(int64_t least, int64_t most) {
    fields.back().most = most;
    return at_least(least);
  }
  // The field just added is deprecated.
  Schema& deprecated(std::string_view use_instead) {
    fields.back().deprecated = true;
    fields.back().deprecation = use_instead;
    return *this;
  }
};

struct MiddlewareSchema {
  std::string_view type;  // "stripPrefix"
  const ObjectSchema* schema;
  std::shared_ptr<void> (*make)();  // a fresh options struct with its defaults
  bool empty_allowed =
      false;  // `compress: {}` is a middleware, `headers: {}` is an error (catalogue 3.0)
  // Names of middlewares that the options refer to; null for all but chain.
  std::vector<Text> (*refs)(const void* options) = nullptr;
};

}  // namespace gateproof::config
