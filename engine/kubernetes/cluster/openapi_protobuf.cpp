// OpenAPI 2 as protobuf: gnostic's openapi.v2.Document, which kubectl reads before it validates and applies.
#include "engine/kubernetes/cluster/openapi.h"

namespace gateproof::kubernetes::cluster {

namespace {

class Writer {
 public:
  void text(uint32_t number, std::string_view s) {
    key(number, 2);
    varint(s.size());
    out_ += s;
  }
  // Proto3 leaves out what is empty.
  void text_of(uint32_t number, const Json& v) {
    if (v.is_string() && !v.str().empty()) text(number, v.str());
  }
  void flag(uint32_t number, const Json& v) {
    if (!v.boolean()) return;
    key(number, 0);
    varint(1);
  }
  void message(uint32_t number, const Writer& inner) { text(number, inner.out_); }
  const std::string& bytes() const { return out_; }

 private:
  void key(uint32_t number, uint32_t wire) { varint(number << 3 | wire); }
  void varint(uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_ += static_cast<char>(v | 0x80);
    out_ += static_cast<char>(v);
  }
  std::string out_;
};

// A value as text: JSON is YAML.
Writer any(const Json& v) {
  Writer w;
  w.text(2, to_text(v));
  return w;
}

Writer named(std::string_view name, const Writer& value) {
  Writer w;
  w.text(1, name);
  w.message(2, value);
  return w;
}

void extensions(const Json& from, uint32_t number, Writer& to) {
  for (const Json::Member& m : from.members()) {
    if (m.key.starts_with("x-")) to.message(number, named(m.key, any(m.value)));
  }
}

Writer schema(const Json& s) {
  Writer w;
  w.text_of(1, s["$ref"]);
  w.text_of(2, s["format"]);
  w.text_of(4, s["description"]);
  if (s.find("default")) w.message(5, any(s["default"]));
  w.text_of(13, s["pattern"]);
  for (const Json& r : s["required"].items()) w.text(19, r.str());
  for (const Json& e : s["enum"].items()) w.message(20, any(e));
  const Json& additional = s["additionalProperties"];
  if (additional.is_object()) {
    Writer item;
    item.message(1, schema(additional));
    w.message(21, item);
  } else if (additional.boolean()) {
    Writer item;
    item.flag(2, additional);
    w.message(21, item);
  }
  if (s["type"].is_string()) {
    Writer type;
    type.text(1, s["type"].str());
    w.message(22, type);
  }
  if (s["items"].is_object()) {
    Writer items;
    items.message(1, schema(s["items"]));
    w.message(23, items);
  }
  if (s["properties"].size() > 0) {
    Writer properties;
    for (const Json::Member& p : s["properties"].members()) {
      properties.message(1, named(p.key, schema(p.value)));
    }
    w.message(25, properties);
  }
  extensions(s, 31, w);
  return w;
}

// A parameter of the query, inside the three messages that say so.
Writer parameter(const Json& p) {
  Writer query;
  query.text_of(2, p["in"]);
  query.text_of(4, p["name"]);
  query.text_of(6, p["type"]);
  query.flag(20, p["uniqueItems"]);
  Writer not_body, outer, item;
  not_body.message(3, query);
  outer.message(2, not_body);
  item.message(1, outer);
  return item;
}

Writer operation(const Json& o) {
  Writer w;
  w.text_of(5, o["operationId"]);
  for (const Json& p : o["parameters"].items()) w.message(8, parameter(p));
  Writer responses;
  for (const Json::Member& r : o["responses"].members()) {
    Writer response, value;
    response.text_of(1, r.value["description"]);
    value.message(1, response);
    responses.message(1, named(r.key, value));
  }
  w.message(9, responses);
  extensions(o, 13, w);
  return w;
}

Writer path_item(const Json& path) {
  constexpr std::pair<std::string_view, uint32_t> methods[] = {
      {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
  Writer w;
  for (const auto& [method, number] : methods) {
    if (path[method].is_object()) w.message(number, operation(path[method]));
  }
  return w;
}

}  // namespace

std::string openapi_protobuf(const Json& document) {
  Writer w, info, paths, definitions;
  w.text_of(1, document["swagger"]);
  info.text_of(1, document["info"]["title"]);
  info.text_of(2, document["info"]["version"]);
  w.message(2, info);
  for (const Json::Member& p : document["paths"].members()) {
    paths.message(2, named(p.key, path_item(p.value)));
  }
  w.message(8, paths);
  for (const Json::Member& d : document["definitions"].members()) {
    definitions.message(1, named(d.key, schema(d.value)));
  }
  w.message(9, definitions);
  return w.bytes();
}

}  // namespace gateproof::kubernetes::cluster
