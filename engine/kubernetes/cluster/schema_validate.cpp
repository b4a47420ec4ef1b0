// Validation against a structural schema, with the texts of the real server.
#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/formats.h"
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

namespace {

using T = Schema::Type;

const char* name_of(const Json& v) {
  switch (v.kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "boolean";
    case Json::Kind::integer: return "integer";
    case Json::Kind::real: return "number";
    case Json::Kind::string: return "string";
    case Json::Kind::array: return "array";
    case Json::Kind::object: return "object";
  }
  return "";
}

const char* name_of(T type) {
  switch (type) {
    case T::any: return "any";
    case T::object: return "object";
    case T::array: return "array";
    case T::string: return "string";
    case T::integer: return "integer";
    case T::number: return "number";
    case T::boolean: return "boolean";
  }
  return "";
}

bool is_whole(const Json& v) {
  return v.kind() == Json::Kind::integer ||
         (v.kind() == Json::Kind::real && std::trunc(v.real()) == v.real());
}

bool fits(const Json& v, const Schema& s) {
  if (s.int_or_string) return v.is_string() || is_whole(v);
  switch (s.type) {
    case T::any: return true;
    case T::object: return v.is_object();
    case T::array: return v.is_array();
    case T::string: return v.is_string();
    case T::integer: return is_whole(v);
    case T::number: return v.is_number();
    case T::boolean: return v.kind() == Json::Kind::boolean;
  }
  return false;
}

size_t runes(std::string_view s) {
  return size_t(std::ranges::count_if(
      s, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shown(const Json& v) {
  if (v.is_object() || v.is_array()) return std::string("\"") + name_of(v) + "\"";
  constexpr size_t shown_bytes_max = 1024;
  std::string text = v.is_string() ? text::quote(v.str()) : to_text(v);
  if (text.size() > shown_bytes_max) text = text.substr(0, shown_bytes_max) + "...";
  return text;
}

std::string items(int64_t n) { return std::to_string(n) + (n == 1 ? " item" : " items"); }

std::string number(double d) { return to_text(Json(d)); }

class Validator {
 public:
  explicit Validator(std::vector<Cause>& causes) : causes_(causes) {}

  void check(const Json& v, const Schema& s, const std::string& path) {
    if (causes_.size() >= schema_causes_max) return;
    ++seen_;
    if (v.is_null() && s.nullable) return;
    if (!fits(v, s)) {
      const std::string is = name_of(v);
      add("FieldValueTypeInvalid", path,
          "Invalid value: \"" + is + "\": " + body(path) + " must be of type " +
              (s.int_or_string ? "integer,string" : name_of(s.type)) + ": \"" + is + "\"");
      if (!s.one_of_values.empty()) one_of(v, s, path);
      return;
    }
    if (!s.one_of_values.empty()) one_of(v, s, path);
    if (v.is_string()) {
      string(v, s, path);
      format(v, s, path);
    }
    if (v.is_number()) numeric(v, s, path);
    if (v.is_array()) array(v, s, path);
    if (v.is_object()) object(v, s, path);
    combined(v, s, path);
  }

 private:
  static std::string body(const std::string& path) { return path + " in body"; }
  void add(const char* reason, const std::string& path, std::string message) {
    if (causes_.size() < schema_causes_max)
      causes_.push_back({reason, std::move(message), path.empty() ? "<nil>" : path});
  }
  void wrong(const Json& v, const std::string& path, const std::string& why) {
    add("FieldValueInvalid", path, "Invalid value: " + shown(v) + ": " + body(path) + " " + why);
  }

  void one_of(const Json& v, const Schema& s, const std::string& path) {
    if (std::ranges::find(s.one_of_values, v) != s.one_of_values.end()) return;
    std::string all;
    for (const Json& e : s.one_of_values)
      all += (all.empty() ? "" : ", ") +
             text::quote(e.is_string() ? std::string(e.str()) : to_text(e));
    const std::string is = v.is_array() || v.is_object() ? to_text(v) : shown(v);
    add("FieldValueNotSupported", path, "Unsupported value: " + is + ": supported values: " + all);
  }

  void string(const Json& v, const Schema& s, const std::string& path) {
    if (s.max_length >= 0 && int64_t(runes(v.str())) > s.max_length) {
      add("FieldValueTooLong", path,
          "Too long: may not be more than " + std::to_string(s.max_length) + " bytes");
      return;  // one finding a text
    }
    if (s.min_length >= 0 && int64_t(runes(v.str())) < s.min_length) {
      wrong(v, path, "should be at least " + std::to_string(s.min_length) + " chars long");
      return;
    }
    if (s.matches && !s.matches(v.str())) wrong(v, path, "should match '" + s.pattern + "'");
  }

  void format(const Json& v, const Schema& s, const std::string& path) {
    if (has_format(s.format, v.str())) return;
    add("FieldValueTypeInvalid", path,
        "Invalid value: " + shown(v) + ": " + body(path) + " must be of type " + s.format + ": " +
            text::quote(v.str()));
  }

  void numeric(const Json& v, const Schema& s, const std::string& path) {
    const double d = v.real();
    if (s.has_minimum && (s.exclusive_minimum ? d <= s.minimum : d < s.minimum)) {
      wrong(v, path,
            std::string("should be greater than ") + (s.exclusive_minimum ? "" : "or equal to ") +
                number(s.minimum));
    }
    if (s.has_maximum && (s.exclusive_maximum ? d >= s.maximum : d > s.maximum)) {
      wrong(v, path,
            std::string("should be less than ") + (s.exclusive_maximum ? "" : "or equal to ") +
                number(s.maximum));
    }
    if (s.multiple_of > 0 && std::fmod(d, s.multiple_of) != 0)
      wrong(v, path, "should be a multiple of " + number(s.multiple_of));
    if (s.format == "int32" && (d < -2147483648.0 || d > 2147483647.0))
      wrong(v, path, "must be of type int32");
  }

  void array(const Json& v, const Schema& s, const std::string& path) {
    const auto n = int64_t(v.size());
    if (s.max_items >= 0 && n > s.max_items) {
      add("FieldValueTooMany", path,
          "Too many: " + std::to_string(n) + ": must have at most " + items(s.max_items));
    }
    if (s.min_items >= 0 && n < s.min_items) {
      add("FieldValueInvalid", path,
          "Invalid value: " + std::to_string(n) + ": " + body(path) + " should have at least " +
              std::to_string(s.min_items) + " items");
    }
    if (s.items) {
      for (size_t i = 0; i < v.size(); ++i) check(v.items()[i], *s.items, join_path(path, i));
    }
    unique(v, s, path);
  }

  void unique(const Json& v, const Schema& s, const std::string& path) {
    const bool whole = s.list == Schema::List::set || s.unique_items;
    if (!whole && s.list != Schema::List::map) return;
    std::map<std::string, int> seen;
    for (size_t i = 0; i < v.size(); ++i) {
      const Json& item = v.items()[i];
      Json key = item;
      if (!whole) {
        key = Json::object();
        for (const std::string& k : s.list_keys) {
          if (const Json* value = item.find(k)) key.set(k, *value);
        }
      }
      const std::string text = to_text(key);
      if (++seen[text] == 2)  // told once, however often it comes
        add("FieldValueDuplicate", join_path(path, i), "Duplicate value: " + text);
    }
  }

  void object(const Json& v, const Schema& s, const std::string& path) {
    const auto n = int64_t(v.size());
    if (s.max_properties >= 0 && n > s.max_properties) {
      add("FieldValueTooMany", path,
          "Too many: " + std::to_string(n) + ": must have at most " + items(s.max_properties));
    }
    if (s.min_properties >= 0 && n < s.min_properties) {
      add("FieldValueInvalid", path,
          "Invalid value: " + std::to_string(n) + ": " + body(path) + " should have at least " +
              std::to_string(s.min_properties) + " properties");
    }
    for (const std::string& r : s.required) {
      if (!v.find(r)) add("FieldValueRequired", join_path(path, r), "Required value");
    }
    for (const Json::Member& m : v.members()) {
      if (const Schema* child = s.child(m.key)) check(m.value, *child, join_path(path, m.key));
    }
  }

  // What the parts of anyOf and its like say of a value.
  struct Alternatives {
    size_t valid = 0;
    std::vector<Cause>
        best;  // of the one of which most fitted, the first of equals; empty when one is valid
  };
  static Alternatives alternatives(const Json& v, const std::vector<SchemaPtr>& of,
                                   const std::string& path) {
    Alternatives out;
    size_t most = 0;
    for (const SchemaPtr& p : of) {
      std::vector<Cause> causes;
      Validator one(causes);
      one.check(v, *p, path);
      if (causes.empty()) {
        ++out.valid;
      } else if (out.best.empty() || one.seen_ > most) {
        most = one.seen_;
        out.best = std::move(causes);
      }
    }
    if (out.valid) out.best.clear();
    return out;
  }

  // A finding that names no field, and below it what the nearest alternative wants.
  void none_fits(const std::string& path, const std::string& must,
                 const std::vector<Cause>& nearest) {
    add("FieldValueInvalid", "", "Invalid value: \"\": " + text::quote(path) + " must " + must);
    for (const Cause& c : nearest) {
      if (causes_.size() < schema_causes_max) causes_.push_back(c);
    }
  }

  void combined(const Json& v, const Schema& s, const std::string& path) {
    if (!s.any_of.empty()) {
      const Alternatives any = alternatives(v, s.any_of, path);
      if (!any.valid) none_fits(path, "validate at least one schema (anyOf)", any.best);
    }
    if (!s.one_of.empty()) {
      const Alternatives one = alternatives(v, s.one_of, path);
      const std::string found = one.valid
                                    ? "Found " + std::to_string(one.valid) + " valid alternatives"
                                    : "Found none valid";
      if (one.valid != 1)
        none_fits(path, "validate one and only one schema (oneOf). " + found, one.best);
    }
    size_t valid = 0;
    for (const SchemaPtr& p : s.all_of) {
      const size_t before = causes_.size();
      check(v, *p, path);
      valid += causes_.size() == before;
    }
    if (valid < s.all_of.size())
      none_fits(path,
                std::string("validate all the schemas (allOf)") + (valid ? "" : ". None validated"),
                {});
    if (s.negated && alternatives(v, {s.negated}, path).valid)
      none_fits(path, "not validate the schema (not)", {});
  }

  size_t seen_ = 0;  // parts of the value that were looked at
  std::vector<Cause>& causes_;
};

}  // namespace

void validate(const Json& value, const Schema& schema, const std::string& path,
              std::vector<Cause>& causes) {
  Validator(causes).check(value, schema, path);
}

}  // namespace gateproof::kubernetes::cluster
