#include "engine/kubernetes/cluster/request_body.h"

#include <charconv>

#include "engine/base/text.h"
#include "engine/config/plain_scalar.h"

namespace gateproof::kubernetes::cluster {

namespace {

Json scalar_of(const config::Value& v) {
  if (v.quoted) return Json(v.text);
  const config::PlainScalar plain = config::resolve_plain(v.text);
  switch (plain.kind) {
    case config::PlainScalar::null: return {};
    case config::PlainScalar::boolean: return Json(plain.spelled == "true");
    case config::PlainScalar::integer:
      if (const auto n = text::parse_int(plain.spelled)) return Json(*n);
      return Json(v.text);
    case config::PlainScalar::real: {
      double d = 0;
      const std::string& s = v.text;
      const auto [end, bad] = std::from_chars(s.data(), s.data() + s.size(), d);
      if (bad == std::errc() && end == s.data() + s.size()) return Json(d);
      return Json(v.text);  // infinities are no JSON
    }
    case config::PlainScalar::date:
    case config::PlainScalar::text: return Json(v.text);
  }
  return {};
}

std::string at_place(const Error& e) {
  std::string out = e.message;
  if (e.span.line > 0) {
    out += " at line " + std::to_string(e.span.line) + ", column " + std::to_string(e.span.column);
  }
  return out;
}

Status unreadable(const Error& e) {
  if (e.code == Code::limit) return too_large("Request entity too large: " + at_place(e));
  return bad_request("the object provided is unrecognized (must be of type object): " +
                     at_place(e));
}

}  // namespace

Json json_of(const config::Value& value) {
  switch (value.kind) {
    case config::Value::null: return {};
    case config::Value::scalar: return scalar_of(value);
    case config::Value::sequence: {
      std::vector<Json> items;
      items.reserve(value.items.size());
      for (const config::Value& v : value.items) items.push_back(json_of(v));
      return Json::array_of(std::move(items));
    }
    case config::Value::mapping: {
      std::vector<Json::Member> members;
      members.reserve(value.members.size());
      for (const auto& m : value.members) members.push_back({m.key, json_of(m.value)});
      return Json::object_of(std::move(members));
    }
  }
  return {};
}

Reply<Json> decode_body(std::string_view content_type, std::string_view bytes) {
  const std::string type =
      text::to_lower(text::trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/vnd.kubernetes.protobuf") return decode_protobuf(bytes);
  const bool yaml = type == "application/yaml" || type == "application/apply-patch+yaml" ||
                    type == "text/yaml" || type == "application/x-yaml";
  // What clients send as YAML is JSON more often than not.
  const std::string_view start = text::trim(bytes.substr(0, 64));
  if (yaml && !start.starts_with('{') && !start.starts_with('[')) {
    config::TextLimits limits;
    limits.file_bytes_max = JsonLimits{}.bytes_max;
    Result<config::Document> document =
        config::parse_document(bytes, "body", config::Format::yaml, limits);
    if (!document) return unreadable(document.error());
    return json_of(document->root);
  }
  if (!yaml && !type.empty() && type != "application/json" && !type.ends_with("+json")) {
    return unsupported_media(
        "the body of the request was in an unknown format - accepted media "
        "types include: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf");
  }
  Result<Json> json = parse_json(bytes);
  if (!json) return unreadable(json.error());
  return std::move(*json);
}

}  // namespace gateproof::kubernetes::cluster
