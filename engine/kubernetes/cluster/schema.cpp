// openAPIV3Schema -> Schema; pruning and defaulting.
#include "engine/kubernetes/cluster/schema.h"

#include <algorithm>

#include "engine/kubernetes/cluster/schema_rules.h"

namespace gateproof::kubernetes::cluster {

namespace {

class Compiler {
 public:
  explicit Compiler(const PatternCompiler& patterns) : patterns_(patterns) {}
  std::vector<Cause> causes;
  std::vector<std::string> warnings;

  SchemaPtr node(const Json& j, const std::string& path, size_t depth) {
    auto s = std::make_shared<Schema>();
    if (!j.is_object() || depth > schema_depth_max || ++nodes_ > schema_nodes_max) {
      wrong(path, j.is_object() ? "the schema is too large or too deep" : "must be an object");
      return s;
    }
    s->type = type_of(j["type"].str(), path);
    s->nullable = j["nullable"].boolean();
    s->int_or_string = j["x-kubernetes-int-or-string"].boolean();
    s->preserve_unknown = j["x-kubernetes-preserve-unknown-fields"].boolean();
    s->embedded_resource = j["x-kubernetes-embedded-resource"].boolean();
    s->atomic_map = j["x-kubernetes-map-type"].str() == "atomic";
    const std::string_view list = j["x-kubernetes-list-type"].str();
    s->list = list == "map"   ? Schema::List::map
              : list == "set" ? Schema::List::set
                              : Schema::List::atomic;
    for (const Json& k : j["x-kubernetes-list-map-keys"].items())
      s->list_keys.emplace_back(k.str());
    if (const Json* d = j.find("default")) {
      s->has_default = true;
      s->default_value = *d;
    }
    values(*s, j, path);
    children(*s, j, path, depth);
    const std::string rules = path + ".x-kubernetes-validations";
    s->rules = compile_rules(j["x-kubernetes-validations"], rules, patterns_, causes, warnings);
    s->ruled = !s->rules.empty() || ruled_below(*s);
    return s;
  }

 private:
  void wrong(const std::string& path, std::string message) {
    if (causes.size() < schema_causes_max)
      causes.push_back({"FieldValueInvalid", "Invalid value: " + std::move(message), path});
  }

  Schema::Type type_of(std::string_view name, const std::string& path) {
    using T = Schema::Type;
    if (name.empty()) return T::any;
    if (name == "object") return T::object;
    if (name == "array") return T::array;
    if (name == "string") return T::string;
    if (name == "integer") return T::integer;
    if (name == "number") return T::number;
    if (name == "boolean") return T::boolean;
    wrong(path + ".type", "\"" + std::string(name) + "\" is no type");
    return T::any;
  }

  void values(Schema& s, const Json& j, const std::string& path) {
    for (const Json& v : j["enum"].items()) s.one_of_values.push_back(v);
    for (const Json& v : j["required"].items()) s.required.emplace_back(v.str());
    s.pattern = j["pattern"].str();
    s.format = j["format"].str();
    if (!s.pattern.empty() && patterns_) {
      auto compiled = patterns_(s.pattern);
      if (compiled) {
        s.matches = std::move(*compiled);
      } else {
        wrong(path + ".pattern", compiled.error().message);
      }
    }
    s.has_minimum = j["minimum"].is_number();
    s.minimum = j["minimum"].real();
    s.has_maximum = j["maximum"].is_number();
    s.maximum = j["maximum"].real();
    s.exclusive_minimum = j["exclusiveMinimum"].boolean();
    s.exclusive_maximum = j["exclusiveMaximum"].boolean();
    s.multiple_of = j["multipleOf"].real();
    s.min_length = j["minLength"].integer(-1);
    s.max_length = j["maxLength"].integer(-1);
    s.min_items = j["minItems"].integer(-1);
    s.max_items = j["maxItems"].integer(-1);
    s.min_properties = j["minProperties"].integer(-1);
    s.max_properties = j["maxProperties"].integer(-1);
    s.unique_items = j["uniqueItems"].boolean();
  }

  void children(Schema& s, const Json& j, const std::string& path, size_t depth) {
    for (const Json::Member& m : j["properties"].members())
      s.properties.emplace_back(m.key,
                                node(m.value, path + ".properties[" + m.key + "]", depth + 1));
    const Json& additional = j["additionalProperties"];
    if (additional.is_object()) {
      s.additional = node(additional, path + ".additionalProperties", depth + 1);
    } else {
      s.additional_any = additional.boolean();
    }
    if (j["items"].is_object()) s.items = node(j["items"], path + ".items", depth + 1);
    const auto list = [&](const char* name, std::vector<SchemaPtr>& out) {
      for (const Json& part : j[name].items())
        out.push_back(node(part, path + "." + name, depth + 1));
    };
    list("allOf", s.all_of);
    list("anyOf", s.any_of);
    list("oneOf", s.one_of);
    if (j["not"].is_object()) s.negated = node(j["not"], path + ".not", depth + 1);
  }

  static bool ruled_below(const Schema& s) {
    const auto ruled = [](const SchemaPtr& child) { return child && child->ruled; };
    return ruled(s.items) || ruled(s.additional) || std::ranges::any_of(s.all_of, ruled) ||
           std::ranges::any_of(s.properties, [&](const auto& p) { return ruled(p.second); });
  }

  const PatternCompiler& patterns_;
  size_t nodes_ = 0;
};

bool open_ended(const Schema& s) { return s.preserve_unknown || s.additional_any || s.additional; }

// apiVersion, kind and metadata of an embedded object are known without being written.
bool embedded_member(const Schema& s, std::string_view key) {
  return s.embedded_resource && (key == "apiVersion" || key == "kind" || key == "metadata");
}

void prune_at(Json& value, const Schema& schema, const std::string& path,
              std::vector<std::string>& unknown) {
  if (value.is_array() && schema.items) {
    for (size_t i = 0; i < value.size(); ++i) {
      const Json& item = value.items()[i];
      if (!item.is_object() && !item.is_array()) continue;
      Json changed = item;
      prune_at(changed, *schema.items, join_path(path, i), unknown);
      if (!changed.same(item)) value.item(i) = std::move(changed);
    }
    return;
  }
  if (!value.is_object()) return;
  const bool closed = !open_ended(schema);
  std::vector<Json::Member> kept;
  bool changed = false;
  for (const Json::Member& m : value.members()) {
    const Schema* child = schema.child(m.key);
    if (!child && closed && !embedded_member(schema, m.key)) {
      if (unknown.size() < schema_causes_max) unknown.push_back(join_path(path, m.key));
      changed = true;
      continue;
    }
    Json v = m.value;
    if (child && (v.is_object() || v.is_array())) {
      prune_at(v, *child, join_path(path, m.key), unknown);
      changed |= !v.same(m.value);
    }
    kept.push_back({m.key, std::move(v)});
  }
  if (changed) value = Json::object_of(std::move(kept));
}

}  // namespace

const Schema* Schema::property(std::string_view name) const {
  const auto found =
      std::lower_bound(properties.begin(), properties.end(), name,
                       [](const auto& p, std::string_view n) { return p.first < n; });
  return found != properties.end() && found->first == name ? found->second.get() : nullptr;
}

const Schema* Schema::child(std::string_view name) const {
  const Schema* own = property(name);
  return own ? own : additional.get();
}

std::string join_path(const std::string& path, std::string_view member) {
  if (path.empty()) return std::string(member);
  return path + "." + std::string(member);
}

std::string join_path(const std::string& path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

Reply<SchemaPtr> compile_schema(const Json& openapi, const PatternCompiler& patterns,
                                std::vector<std::string>* warnings) {
  Compiler compiler(patterns);
  SchemaPtr s = compiler.node(openapi, "openAPIV3Schema", 0);
  if (warnings) *warnings = std::move(compiler.warnings);
  if (compiler.causes.empty()) return s;
  Status status;
  status.code = 422;
  status.reason = "Invalid";
  status.causes = std::move(compiler.causes);
  return status;
}

void prune(Json& value, const Schema& schema, std::vector<std::string>& unknown) {
  prune_at(value, schema, "", unknown);
}

void apply_defaults(Json& value, const Schema& schema) {
  if (value.is_array() && schema.items) {
    for (size_t i = 0; i < value.size(); ++i) {
      Json changed = value.items()[i];
      apply_defaults(changed, *schema.items);
      if (!changed.same(value.items()[i])) value.item(i) = std::move(changed);
    }
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [name, child] : schema.properties) {
    const Json* there = value.find(name);
    // A null that may not be is as good as absent where there is a default.
    if (child->has_default && (!there || (there->is_null() && !child->nullable))) {
      value.set(name, child->default_value);
      there = value.find(name);
    }
    // Without one it is dropped.
    if (there && there->is_null() && !child->nullable) {
      value.erase(name);
      continue;
    }
    if (!there || (!there->is_object() && !there->is_array())) continue;
    Json changed = *there;
    apply_defaults(changed, *child);
    if (!changed.same(*value.find(name))) value.set(name, std::move(changed));
  }
  if (!schema.additional) return;
  std::vector<std::pair<std::string, Json>> changed;
  for (const Json::Member& m : value.members()) {
    if (schema.property(m.key)) continue;
    Json v = m.value;
    apply_defaults(v, *schema.additional);
    if (!v.same(m.value)) changed.emplace_back(m.key, std::move(v));
  }
  for (auto& [key, v] : changed) value.set(key, std::move(v));
}

}  // namespace gateproof::kubernetes::cluster
