#include "engine/kubernetes/core_objects.h"

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::kubernetes {

using config::Value;

IntOrText int_or_text(const Value* v) {
  IntOrText out;
  if (!v || v->kind != Value::scalar) return out;
  out.span = v->span;
  if (const auto n = integer_of(*v)) {
    out.number = *n;
    out.text = std::to_string(*n);
  } else {
    out.is_integer = false;
    out.text = v->text;
  }
  return out;
}

const Value* member(const Value* v, std::string_view key) {
  const Value* found = v ? v->find(key) : nullptr;
  return found && found->kind != Value::null ? found : nullptr;
}

std::string text_at(const Value* v, std::string_view key) {
  const Value* found = member(v, key);
  return found ? std::string(found->str()) : std::string();
}

Text located_at(const Value* v, std::string_view key) {
  const Value* found = member(v, key);
  return found ? Text{std::string(found->str()), found->span} : Text{};
}

int64_t integer_at(const Value* v, std::string_view key, int64_t otherwise) {
  const Value* found = member(v, key);
  return found ? integer_of(*found).value_or(otherwise) : otherwise;
}

std::optional<bool> boolean_at(const Value* v, std::string_view key) {
  const Value* found = member(v, key);
  return found ? boolean_of(*found) : std::nullopt;
}

const std::vector<Value>& items_at(const Value* v, std::string_view key) {
  static const std::vector<Value> none;
  const Value* found = member(v, key);
  return found ? found->items : none;
}

namespace {

std::vector<ServicePort> read_ports(const Value* holder) {
  std::vector<ServicePort> out;
  for (const Value& v : items_at(holder, "ports")) {
    ServicePort p;
    p.name = text_at(&v, "name");
    p.number = integer_at(&v, "port");
    if (const std::string protocol = text_at(&v, "protocol"); !protocol.empty())
      p.protocol = protocol;
    p.app_protocol = text_at(&v, "appProtocol");
    p.node_port = integer_at(&v, "nodePort");
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace

Service read_service(const Object& object) {
  Service s;
  s.object = &object;
  const Value* spec = object.at("spec");
  if (const std::string type = text_at(spec, "type"); !type.empty()) s.type = type;
  s.cluster_ip = text_at(spec, "clusterIP");
  s.external_name = text_at(spec, "externalName");
  const Value* selector = member(spec, "selector");
  s.has_selector = selector && !selector->members.empty();
  s.ports = read_ports(spec);
  return s;
}

namespace {

EndpointSlice read_slice(const Object& o) {
  EndpointSlice slice;
  slice.object = &o;
  slice.ports = read_ports(o.root);
  for (const Value& v : items_at(o.root, "endpoints")) {
    Endpoint e;
    for (const Value& address : items_at(&v, "addresses"))
      e.addresses.push_back({std::string(address.str()), address.span});
    const Value* conditions = member(&v, "conditions");
    e.ready = boolean_at(conditions, "ready");
    e.serving = boolean_at(conditions, "serving");
    e.terminating = boolean_at(conditions, "terminating");
    slice.endpoints.push_back(std::move(e));
  }
  return slice;
}

}  // namespace

std::vector<EndpointSlice> endpoint_slices(const ObjectStore& store, const Service& service) {
  std::vector<EndpointSlice> out;
  for (const Object* o : store.slices_of(service.object->ns, service.object->name))
    out.push_back(read_slice(*o));
  return out;
}

std::vector<EndpointSlice> all_endpoint_slices(const ObjectStore& store) {
  std::vector<EndpointSlice> out;
  for (const Object* o : store.list(discovery_group, "EndpointSlice"))
    out.push_back(read_slice(*o));
  return out;
}

Secret read_secret(const Object& object, config::Findings& findings) {
  Secret s;
  s.object = &object;
  if (const std::string type = text_at(object.root, "type"); !type.empty()) s.type = type;
  if (const Value* data = member(object.root, "data")) {
    for (const Value::Member& m : data->members) {
      // kubectl and the API server both let line breaks through in base64.
      std::string packed;
      for (const char c : m.value.str()) {
        if (c != '\n' && c != '\r') packed += c;
      }
      auto decoded = crypto::base64_decode(packed);
      if (!decoded) {
        findings.add("GP0723", m.value.span, object.label(),
                     "data." + m.key + " is not base64: the API server refuses the Secret",
                     "encode the value, or move it to stringData as it is");
        continue;
      }
      s.data[m.key] = {std::move(*decoded), m.value.span, false};
    }
  }
  if (const Value* data = member(object.root, "stringData")) {
    for (const Value::Member& m : data->members)
      s.data[m.key] = {std::string(m.value.str()), m.value.span, true};
  }
  return s;
}

std::vector<Text> credential_lines(const Secret::Entry& entry) {
  std::vector<Text> out;
  const std::vector<std::string_view> lines = text::split(entry.value, '\n');
  // A block's span is that of its first line with content.
  size_t first = 0;
  while (first < lines.size() && text::trim(lines[first]).empty()) ++first;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    SourceSpan span = entry.span;
    if (entry.plain && i > first) span.line += uint32_t(i - first);
    if (entry.plain) span.length = uint32_t(line.size());
    out.push_back({std::string(line), std::move(span)});
  }
  return out;
}

}  // namespace gateproof::kubernetes
