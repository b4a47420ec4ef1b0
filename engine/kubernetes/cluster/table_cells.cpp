#include "engine/kubernetes/cluster/table_cells.h"

namespace gateproof::kubernetes::cluster::cells {

std::string joined(const Json& list, std::string_view member, std::string_view separator,
                   std::string_view none) {
  std::string out;
  for (const Json& item : list.items()) {
    const Json& v = member.empty() ? item : item.at(member);
    if (v.is_null()) continue;
    if (!out.empty()) out += separator;
    out += v.is_string() ? std::string(v.str()) : to_text(v);
  }
  return out.empty() ? std::string(none) : out;
}

std::string labels_text(const Json& labels) {
  std::string out;
  for (const Json::Member& m : labels.members()) {
    if (!out.empty()) out += ',';
    out += m.key + "=" + std::string(m.value.str());
  }
  return out.empty() ? "<none>" : out;
}

std::string selector_text(const Json& selector) {
  if (!selector.find("matchLabels") && !selector.find("matchExpressions")) {
    return labels_text(selector);
  }
  std::string out;
  if (selector["matchLabels"].size() > 0) out = labels_text(selector["matchLabels"]);
  for (const Json& e : selector["matchExpressions"].items()) {
    if (!out.empty()) out += ',';
    const std::string key(e["key"].str());
    const std::string_view op = e["operator"].str();
    if (op == "Exists") {
      out += key;
    } else if (op == "DoesNotExist") {
      out += "!" + key;
    } else {
      out += key + (op == "In" ? " in (" : " notin (") + joined(e["values"], "", ",", "") + ")";
    }
  }
  return out.empty() ? "<none>" : out;
}

std::string age_since(const Json& time, int64_t now_s) {
  const auto at = parse_time(time.str());
  return at ? age_text(now_s - *at) : "<unknown>";
}

Json text_or(const Json& value, std::string_view otherwise) {
  return value.is_string() && !value.str().empty() ? value : Json(otherwise);
}

Json age(const Json& object, int64_t now_s) {
  return Json(age_since(object.at("metadata.creationTimestamp"), now_s));
}

Json created_at(const Json& object, int64_t) { return object.at("metadata.creationTimestamp"); }

Json containers(const Json& object, int64_t) {
  return Json(joined(object.at("spec.template.spec.containers"), "name"));
}

Json images(const Json& object, int64_t) {
  return Json(joined(object.at("spec.template.spec.containers"), "image"));
}

Json selector(const Json& object, int64_t) {
  return Json(selector_text(object.at("spec.selector")));
}

Json phase(const Json& object, int64_t) { return text_or(object.at("status.phase"), ""); }

Json data_count(const Json& object, int64_t) {
  return Json(std::to_string(object["data"].size() + object["binaryData"].size()));
}

}  // namespace gateproof::kubernetes::cluster::cells
