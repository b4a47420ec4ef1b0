// What a Kubernetes API server would say about an object before any controller sees it: fields of the wrong type and missing
// fields make it refuse the object; unknown fields are pruned by the server and refused by `kubectl` with its default
// validation. Shapes are data: one line of text a kind (shapes.cpp).
#pragma once
#include <memory>
#include <span>

#include "engine/config/document.h"
#include "engine/config/finding.h"

namespace gateproof::kubernetes {

struct ShapeField;

struct Shape {
  enum Kind : uint8_t { any, text, integer, boolean, int_or_text, list, object, text_map };
  Kind kind = any;
  bool open = false;               // object: fields beside the listed ones are not ours to judge
  std::vector<ShapeField> fields;  // object
  std::shared_ptr<const Shape> element;  // list
  size_t items_max = 0;                  // list: entries that the schema takes; 0: any number
};

struct ShapeField {
  std::string name;
  bool required = false;
  Shape shape;
};

// Language: `name:type`, separated by blanks; types s (text), i (integer), b (boolean), n (integer or text), m (map of texts),
// a (anything), [type], [16 type] for 16 entries at most, {fields} and {fields *} for an open object; `!` behind a name: it must
// be there.
// Null for a text that is none (a test reads all of ours).
std::unique_ptr<Shape> parse_shape(std::string_view text);

struct KindInfo {
  std::string_view group, kind;
  std::string_view versions;  // served ones, separated by blanks
  bool cluster_scoped = false;
  std::string_view shape;  // of the whole object, without apiVersion, kind and status
};
// Every kind that is read here, by group and kind.
std::span<const KindInfo> kinds();
const KindInfo* find_kind(std::string_view group, std::string_view kind);

// The integer of an unquoted scalar; nullopt for everything else.
std::optional<int64_t> integer_of(const config::Value& v);
std::optional<bool> boolean_of(const config::Value& v);

// Checks an object; false when the API server would refuse it. Null values are as if the field were not there. How many entries
// lists have is looked at with `limits`: an API server has done so before, by its own CRDs.
bool check_shape(const KindInfo& kind, const config::Value& object, const std::string& label,
                 config::Findings& findings, bool limits = true);

}  // namespace gateproof::kubernetes
