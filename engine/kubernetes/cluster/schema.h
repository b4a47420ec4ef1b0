// Structural schemas: of a CustomResourceDefinition's version, and of the built-in kinds (builtin_schemas.cpp). One tree serves
// pruning, defaulting, validation, strategic merge and the merging of server-side apply.
#pragma once
#include <memory>

#include "engine/kubernetes/cluster/pattern.h"
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t schema_nodes_max = 200'000;  // of one version
inline constexpr size_t schema_depth_max = 64;
inline constexpr size_t schema_causes_max = 20;  // of one object, as many as anybody reads

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;
struct SchemaRule;  // schema_rules.h

struct Schema {
  enum class Type : uint8_t { any, object, array, string, integer, number, boolean };
  enum class List : uint8_t { atomic, set, map };

  Type type = Type::any;
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;  // unknown members stay
  bool embedded_resource = false;
  bool atomic_map = false;
  bool base64 = false;                                        // of built-in kinds: bytes
  std::vector<std::pair<std::string, SchemaPtr>> properties;  // sorted
  SchemaPtr additional;                                       // of maps: the values
  bool additional_any = false;                                // additionalProperties: true
  SchemaPtr items;
  List list = List::atomic;
  std::vector<std::string> list_keys;
  std::string merge_key;   // strategic merge: lists are merged by it ("" and merge_set: replaced)
  bool merge_set = false;  // strategic merge of a list of scalars
  std::vector<std::string> required;
  Json default_value;  // null: none
  bool has_default = false;

  std::vector<Json> one_of_values;  // enum
  std::string pattern;
  PatternMatch matches;  // empty: not checked (a store without a PatternCompiler)
  std::string format;
  std::string title;
  double minimum = 0, maximum = 0, multiple_of = 0;
  bool has_minimum = false, has_maximum = false;
  bool exclusive_minimum = false, exclusive_maximum = false;
  int64_t min_length = -1, max_length = -1;
  int64_t min_items = -1, max_items = -1;
  int64_t min_properties = -1, max_properties = -1;
  bool unique_items = false;
  std::vector<SchemaPtr> all_of, any_of, one_of;  // validation only
  SchemaPtr negated;                              // not
  // x-kubernetes-validations
  std::vector<std::shared_ptr<const SchemaRule>> rules;
  bool ruled = false;  // here or anywhere below

  const Schema* property(std::string_view name) const;  // of `properties` only
  // Where a member's value goes: its property, or the schema of all values; null when nothing is said.
  const Schema* child(std::string_view name) const;
};

// openAPIV3Schema of a CRD. Causes carry the path inside the schema; `warnings` gets the rules that are not evaluated here, and why.
Reply<SchemaPtr> compile_schema(const Json& openapi, const PatternCompiler& patterns,
                                std::vector<std::string>* warnings = nullptr);

// Removes members that the schema does not know; `unknown` gets the paths of the first ones ("spec.foo", "spec.list[2].bar").
void prune(Json& value, const Schema& schema, std::vector<std::string>& unknown);
void apply_defaults(Json& value, const Schema& schema);
// Appends what is wrong, at most schema_causes_max in all.
void validate(const Json& value, const Schema& schema, const std::string& path,
              std::vector<Cause>& causes);

// "spec.listeners[2].name"
std::string join_path(const std::string& path, std::string_view member);
std::string join_path(const std::string& path, size_t index);

}  // namespace gateproof::kubernetes::cluster
