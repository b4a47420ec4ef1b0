// Protobuf as Kubernetes writes it, by the table of the kinds' fields.
#include <algorithm>
#include <bit>
#include <chrono>
#include <map>

#include "engine/base/crypto.h"
#include "engine/base/protobuf.h"
#include "engine/base/utf8.h"
#include "engine/kubernetes/cluster/request_body.h"
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr size_t message_depth_max = 64;  // nesting of messages

using protobuf::Field;
using protobuf::Reader;

std::string padded(int64_t n, size_t width) {
  std::string s = std::to_string(n);
  return s.size() < width ? std::string(width - s.size(), '0') + s : s;
}

// seconds and nanoseconds as RFC 3339; null of the zero time.
bool read_time(std::string_view bytes, bool fractions, Json& out) {
  Reader r(bytes);
  Field f;
  int64_t seconds = 0;
  int64_t nanos = 0;
  while (r.next(f)) {
    if (f.number == 1) seconds = static_cast<int64_t>(f.value);
    if (f.number == 2) nanos = static_cast<int64_t>(f.value);
  }
  constexpr int64_t year_9999 = 253'402'300'799;
  if (r.bad() || seconds <= 0 || seconds > year_9999) return !r.bad();
  const auto days = std::chrono::sys_days(std::chrono::days(seconds / 86400));
  const std::chrono::year_month_day date(days);
  const int64_t rest = seconds % 86400;
  std::string text = padded(int(date.year()), 4) + "-" + padded(unsigned(date.month()), 2) + "-" +
                     padded(unsigned(date.day()), 2) + "T" + padded(rest / 3600, 2) + ":" +
                     padded(rest / 60 % 60, 2) + ":" + padded(rest % 60, 2);
  if (fractions) text += "." + padded(std::clamp<int64_t>(nanos, 0, 999'999'999) / 1000, 6);
  out = Json(text + "Z");
  return true;
}

bool read_int_or_string(std::string_view bytes, Json& out) {
  Reader r(bytes);
  Field f;
  bool is_text = false;
  int64_t number = 0;
  std::string_view text;
  while (r.next(f)) {
    if (f.number == 1) is_text = f.value == 1;
    if (f.number == 2) number = static_cast<int32_t>(f.value);
    if (f.number == 3) text = f.bytes;
  }
  out = is_text ? Json(text) : Json(number);
  return !r.bad() && text::is_utf8(text);
}

// The one field of a message that stands for a text.
bool read_wrapped(std::string_view bytes, std::string_view& out) {
  Reader r(bytes);
  Field f;
  while (r.next(f)) {
    if (f.number == 1) out = f.bytes;
  }
  return !r.bad() && text::is_utf8(out);
}

bool read_message(std::string_view bytes, const WireMessage& message, size_t depth, Json& out);

// One value of a field's type; a null stays out.
bool read_value(const Field& f, const WireField& known, size_t depth, Json& out) {
  if (known.message()) {
    out = Json::object();
    const WireMessage* message = wire_message(known.type);
    return f.wire == 2 && message && read_message(f.bytes, *message, depth + 1, out);
  }
  std::string_view wrapped;
  switch (known.type.front()) {
    case 's': out = Json(f.bytes); return f.wire == 2 && text::is_utf8(f.bytes);
    case 'y': out = Json(crypto::base64(f.bytes)); return f.wire == 2;
    case 'b': out = Json(f.value != 0); return f.wire == 0;
    case 'i': out = Json(static_cast<int32_t>(f.value)); return f.wire == 0;
    case 'l': out = Json(static_cast<int64_t>(f.value)); return f.wire == 0;
    case 'd': out = Json(std::bit_cast<double>(f.value)); return f.wire == 1;
    case 't':
    case 'u': return f.wire == 2 && read_time(f.bytes, known.type == "u", out);
    case 'o': return f.wire == 2 && read_int_or_string(f.bytes, out);
    case 'q':
      if (f.wire != 2 || !read_wrapped(f.bytes, wrapped)) return false;
      out = Json(wrapped);
      return true;
    case 'r': {
      if (f.wire != 2 || !read_wrapped(f.bytes, wrapped)) return false;
      Result<Json> raw = parse_json(wrapped.empty() ? "null" : wrapped);
      if (raw) out = std::move(*raw);
      return raw.has_value();
    }
    default: return true;
  }
}

// What Go's encoder writes though JSON would leave it out: empty values of fields that are no pointers.
bool left_out(const Json& v, const WireField& known) {
  if (v.is_null()) return true;
  if (known.pointer) return false;
  switch (v.kind()) {
    case Json::Kind::string: return v.str().empty();
    case Json::Kind::boolean: return !v.boolean();
    case Json::Kind::integer:
    case Json::Kind::real: return known.type != "o" && v.real() == 0;
    case Json::Kind::object: return v.size() == 0;
    default: return false;
  }
}

// Entries of maps, by the field's name. They are sorted once at the end: one by one, a body of many would take a square of time.
using Maps = std::map<std::string_view, std::vector<Json::Member>>;

bool read_entry(const Field& f, const WireField& known, size_t depth, Maps& maps) {
  if (f.wire != 2) return false;
  Reader r(f.bytes);
  Field part;
  std::string_view key;
  Json value = known.type == "s" ? Json("") : Json();
  while (r.next(part)) {
    if (part.number == 1) key = part.bytes;
    if (part.number == 2 && !read_value(part, known, depth, value)) return false;
  }
  maps[known.name].push_back({std::string(key), std::move(value)});
  return !r.bad() && text::is_utf8(key);
}

bool read_field(const Field& f, const WireField& known, size_t depth, Json& out, Maps& maps) {
  if (known.inlined) {
    const WireMessage* message = wire_message(known.type);
    return f.wire == 2 && message && read_message(f.bytes, *message, depth + 1, out);
  }
  if (known.map) return read_entry(f, known, depth, maps);
  Json value;
  if (!read_value(f, known, depth, value)) return false;
  if (known.list) {
    out.member(known.name).push(std::move(value));
  } else if (!left_out(value, known)) {
    out.set(known.name, std::move(value));
  } else {
    out.erase(known.name);  // the last of several counts
  }
  return true;
}

bool read_message(std::string_view bytes, const WireMessage& message, size_t depth, Json& out) {
  if (depth > message_depth_max) return false;
  Reader r(bytes);
  Field f;
  Maps maps;
  while (r.next(f)) {
    const auto known = std::ranges::find(message.fields, f.number, &WireField::number);
    if (known != message.fields.end() && !read_field(f, *known, depth, out, maps)) return false;
  }
  for (auto& [name, members] : maps) out.set(name, Json::object_of(std::move(members)));
  return !r.bad();
}

}  // namespace

Reply<Json> decode_protobuf(std::string_view bytes) {
  using namespace std::string_view_literals;
  const Status malformed = bad_request("the body is no protobuf object of Kubernetes");
  if (!bytes.starts_with("k8s\0"sv)) return malformed;
  std::string_view api_version, kind, raw;
  Reader unknown(bytes.substr(4));
  Field f;
  while (unknown.next(f)) {
    if (f.number == 2) raw = f.bytes;
    if (f.number != 1) continue;
    Reader type_meta(f.bytes);
    Field m;
    while (type_meta.next(m)) {
      if (m.number == 1) api_version = m.bytes;
      if (m.number == 2) kind = m.bytes;
    }
    if (type_meta.bad()) return malformed;
  }
  if (unknown.bad() || !text::is_utf8(api_version) || !text::is_utf8(kind)) return malformed;
  const size_t slash = api_version.find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
  const std::string_view version =
      slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
  const bool options = kind == "DeleteOptions";
  const WireMessage* message =
      wire_message(options ? "meta.v1.DeleteOptions" : wire_name(group, version, kind));
  if (!message) {
    return unsupported_media("protobuf is not read here for kind \"" + std::string(kind) +
                             "\"; send application/json");
  }
  Json out = Json::object();
  if (!read_message(raw, *message, 0, out)) return malformed;
  if (!options) {
    out.set("apiVersion", Json(api_version));
    out.set("kind", Json(kind));
  }
  // Numbers that JSON does not have, and the limits of a body in JSON.
  Result<Json> checked = parse_json(to_text(out));
  if (!checked) return malformed;
  return std::move(*checked);
}

}  // namespace gateproof::kubernetes::cluster
