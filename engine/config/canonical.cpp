#include "engine/config/canonical.h"

#include "engine/base/text.h"

namespace gateproof::config {

namespace {

std::string one_spelling(std::string_view text, std::string_view type) {
  if (type == "bool") {
    if (const auto b = parse_bool(text)) return *b ? "true" : "false";
  } else if (type == "integer") {
    if (const auto n = parse_decimal(text)) return std::to_string(*n);
  } else if (type == "duration") {
    if (const auto d = parse_duration(text)) return format_duration(*d);
  } else if (type == "list of strings") {
    std::string out;
    for (const std::string_view part : text::split(text, ','))
      out += (out.empty() ? "" : ",") + std::string(text::trim(part));
    return out;
  }
  return std::string(text);
}

std::string canonical_field(const Value& v, const FieldSchema* f, Origin origin) {
  if (v.kind == Value::scalar || v.kind == Value::null)
    return text::quote(one_spelling(v.text, f ? std::string_view(f->type) : ""));
  const bool single = f && f->shape == Shape::object;
  if (single) return canonical(v, f->child, origin);
  const ObjectSchema* of_elements = f ? f->child : nullptr;
  std::string out = "[";
  for (const Value& item : v.items) out += canonical(item, of_elements, origin) + ";";
  std::map<std::string, std::string> sorted;
  for (const Value::Member& m : v.members) sorted[m.key] = canonical(m.value, of_elements, origin);
  for (const auto& [key, text] : sorted) out += text::quote(key) + "=" + text + ";";
  return out + "]";
}

}  // namespace

std::string canonical(const Value& v, const ObjectSchema* schema, Origin origin) {
  if (v.kind != Value::mapping) return canonical_field(v, nullptr, origin);
  std::map<std::string, std::string> fields;
  for (const Value::Member& m : v.members) {
    const FieldSchema* f = schema ? schema->find(m.key, origin) : nullptr;
    if (f && !f->label_name.empty()) continue;
    std::string text = canonical_field(m.value, f, origin);
    const bool is_default = f && !f->default_text.empty() && m.value.kind == Value::scalar &&
                            text == text::quote(one_spelling(f->default_text, f->type));
    if (!is_default) fields[f ? std::string(f->name) : m.key] = std::move(text);
  }
  std::string out = "{";
  for (const auto& [name, text] : fields) out += name + ":" + text + ",";
  return out + "}";
}

}  // namespace gateproof::config
