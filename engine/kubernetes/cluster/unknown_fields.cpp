#include "engine/kubernetes/cluster/unknown_fields.h"

namespace gateproof::kubernetes::cluster {

namespace {

const WireField* find_field(const WireMessage& message, std::string_view name) {
  for (const WireField& f : message.fields) {
    if (f.inlined) {
      const WireMessage* inner = wire_message(f.type);
      if (const WireField* found = inner ? find_field(*inner, name) : nullptr) return found;
    } else if (f.name == name) {
      return &f;
    }
  }
  return nullptr;
}

}  // namespace

void drop_unknown_fields(Json& object, const WireMessage& message, const std::string& path,
                         std::vector<std::string>& unknown) {
  std::vector<std::string> drop;
  std::vector<std::pair<std::string, const WireField*>> inside;
  for (const Json::Member& m : object.members()) {
    if (m.key.starts_with('$')) continue;
    if (path.empty() && (m.key == "apiVersion" || m.key == "kind")) continue;
    const WireField* field = find_field(message, m.key);
    if (!field) {
      drop.push_back(m.key);
    } else if (field->message() && (m.value.is_object() || m.value.is_array())) {
      inside.emplace_back(m.key, field);
    }
  }
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const std::string& key : drop) {
    if (unknown.size() < unknown_fields_max) unknown.push_back(below(key));
    object.erase(key);
  }
  for (const auto& [key, field] : inside) {
    const WireMessage* inner = wire_message(field->type);
    if (!inner) continue;
    Json& value = object.member(key);
    if (field->list && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        if (!value.items()[i].is_object()) continue;
        drop_unknown_fields(value.item(i), *inner, below(key) + "[" + std::to_string(i) + "]",
                            unknown);
      }
    } else if (field->map && value.is_object()) {
      std::vector<std::string> keys;
      for (const Json::Member& m : value.members()) keys.push_back(m.key);
      for (const std::string& k : keys) {
        if (value[k].is_object()) {
          drop_unknown_fields(value.member(k), *inner, below(key) + "." + k, unknown);
        }
      }
    } else if (!field->list && !field->map && value.is_object()) {
      drop_unknown_fields(value, *inner, below(key), unknown);
    }
  }
}

}  // namespace gateproof::kubernetes::cluster
