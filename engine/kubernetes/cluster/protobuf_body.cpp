// Protobuf as Kubernetes writes it (k8s.io/api/core/v1/generated.proto): the fields of the kinds that Go clients create.
#include <array>

#include "engine/base/crypto.h"
#include "engine/kubernetes/cluster/request_body.h"

namespace gateproof::kubernetes::cluster {

namespace {

struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;       // 0: a number; 2: bytes
  uint64_t value = 0;      // of a number
  std::string_view bytes;  // of bytes
};

// The fields of one message, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool next(Field& f) {
    if (rest_.empty() || bad_) return false;
    uint64_t key = 0;
    if (!varint(key) || key >> 3 == 0 || key >> 3 > 0x1fffffff) return fail();
    f = Field{};
    f.number = static_cast<uint32_t>(key >> 3);
    f.wire = static_cast<uint32_t>(key & 7);
    if (f.wire == 0) return varint(f.value) || fail();
    if (f.wire == 1) return skip(8) || fail();
    if (f.wire == 5) return skip(4) || fail();
    uint64_t size = 0;
    if (f.wire != 2 || !varint(size) || size > rest_.size()) return fail();
    f.bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool bad() const { return bad_; }

 private:
  bool fail() {
    bad_ = true;
    return false;
  }
  bool skip(size_t n) {
    if (n > rest_.size()) return false;
    rest_.remove_prefix(n);
    return true;
  }
  bool varint(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  std::string_view rest_;
  bool bad_ = false;
};

enum class Shape : uint8_t {
  text,
  bytes,  // base64 in JSON
  number,
  boolean,
  time,         // seconds since the epoch in a message of their own
  micro_time,   // the same, with fractions
  text_map,     // string to string
  bytes_map,    // string to bytes
  message,      // one
  message_list  // repeated
};

struct Message;

struct Known {
  uint32_t number;
  std::string_view name;
  Shape shape;
  const Message* of = nullptr;
};

struct Message {
  std::span<const Known> fields;
};

using enum Shape;

constexpr Known owner_fields[] = {{1, "kind", text},          {3, "name", text},
                                  {4, "uid", text},           {5, "apiVersion", text},
                                  {6, "controller", boolean}, {7, "blockOwnerDeletion", boolean}};
constexpr Message owner{owner_fields};
constexpr Known metadata_fields[] = {{1, "name", text},
                                     {2, "generateName", text},
                                     {3, "namespace", text},
                                     {5, "uid", text},
                                     {6, "resourceVersion", text},
                                     {11, "labels", text_map},
                                     {12, "annotations", text_map},
                                     {13, "ownerReferences", message_list, &owner},
                                     {14, "finalizers", message_list}};
constexpr Message metadata{metadata_fields};
constexpr Known secret_fields[] = {{1, "metadata", message, &metadata},
                                   {2, "data", bytes_map},
                                   {3, "type", text},
                                   {4, "stringData", text_map},
                                   {5, "immutable", boolean}};
constexpr Message secret{secret_fields};
constexpr Known config_map_fields[] = {{1, "metadata", message, &metadata},
                                       {2, "data", text_map},
                                       {3, "binaryData", bytes_map},
                                       {4, "immutable", boolean}};
constexpr Message config_map{config_map_fields};
constexpr Known reference_fields[] = {
    {1, "kind", text},       {2, "namespace", text},       {3, "name", text},     {4, "uid", text},
    {5, "apiVersion", text}, {6, "resourceVersion", text}, {7, "fieldPath", text}};
constexpr Message reference{reference_fields};
constexpr Known event_source_fields[] = {{1, "component", text}, {2, "host", text}};
constexpr Message event_source{event_source_fields};
constexpr Known event_series_fields[] = {{1, "count", number}, {2, "lastObservedTime", micro_time}};
constexpr Message event_series{event_series_fields};
constexpr Known event_fields[] = {{1, "metadata", message, &metadata},
                                  {2, "involvedObject", message, &reference},
                                  {3, "reason", text},
                                  {4, "message", text},
                                  {5, "source", message, &event_source},
                                  {6, "firstTimestamp", time},
                                  {7, "lastTimestamp", time},
                                  {8, "count", number},
                                  {9, "type", text},
                                  {10, "eventTime", micro_time},
                                  {11, "series", message, &event_series},
                                  {12, "action", text},
                                  {13, "related", message, &reference},
                                  {14, "reportingComponent", text},
                                  {15, "reportingInstance", text}};
constexpr Message event{event_fields};
constexpr Known lease_spec_fields[] = {
    {1, "holderIdentity", text},     {2, "leaseDurationSeconds", number},
    {3, "acquireTime", micro_time},  {4, "renewTime", micro_time},
    {5, "leaseTransitions", number}, {6, "strategy", text},
    {7, "preferredHolder", text}};
constexpr Message lease_spec{lease_spec_fields};
constexpr Known lease_fields[] = {{1, "metadata", message, &metadata},
                                  {2, "spec", message, &lease_spec}};
constexpr Message lease{lease_fields};
constexpr Known preconditions_fields[] = {{1, "uid", text}, {2, "resourceVersion", text}};
constexpr Message preconditions{preconditions_fields};
constexpr Known delete_options_fields[] = {{1, "gracePeriodSeconds", number},
                                           {2, "preconditions", message, &preconditions},
                                           {3, "orphanDependents", boolean},
                                           {4, "propagationPolicy", text},
                                           {5, "dryRun", message_list}};
constexpr Message delete_options{delete_options_fields};

struct Top {
  std::string_view kind;
  const Message* message;
};
constexpr Top tops[] = {{"Secret", &secret},
                        {"ConfigMap", &config_map},
                        {"Event", &event},
                        {"Lease", &lease},
                        {"DeleteOptions", &delete_options}};

std::string padded(int64_t n, size_t width) {
  std::string s = std::to_string(n);
  return s.size() < width ? std::string(width - s.size(), '0') + s : s;
}

Json time_of(std::string_view bytes, bool fractions) {
  Reader r(bytes);
  Field f;
  int64_t seconds = 0;
  int64_t nanos = 0;
  while (r.next(f)) {
    if (f.number == 1) seconds = static_cast<int64_t>(f.value);
    if (f.number == 2) nanos = static_cast<int64_t>(f.value);
  }
  constexpr int64_t year_9999 = 253'402'300'799;
  if (r.bad() || seconds <= 0 || seconds > year_9999) return {};
  const auto days = std::chrono::sys_days(std::chrono::days(seconds / 86400));
  const std::chrono::year_month_day date(days);
  const int64_t rest = seconds % 86400;
  std::string out = padded(int(date.year()), 4) + "-" + padded(unsigned(date.month()), 2) + "-" +
                    padded(unsigned(date.day()), 2) + "T" + padded(rest / 3600, 2) + ":" +
                    padded(rest / 60 % 60, 2) + ":" + padded(rest % 60, 2);
  if (fractions) out += "." + padded(std::clamp<int64_t>(nanos, 0, 999'999'999) / 1000, 6);
  return Json(out + "Z");
}

bool read_message(std::string_view bytes, const Message& message, Json& out);

bool read_entry(std::string_view bytes, bool raw, Json& map) {
  Reader r(bytes);
  Field f;
  std::string_view key, value;
  while (r.next(f)) {
    if (f.number == 1) key = f.bytes;
    if (f.number == 2) value = f.bytes;
  }
  map.set(key, raw ? Json(crypto::base64(value)) : Json(value));
  return !r.bad();
}

bool read_field(const Field& f, const Known& known, Json& out) {
  switch (known.shape) {
    case text:
      if (!f.bytes.empty()) out.set(known.name, Json(f.bytes));
      return f.wire == 2;
    case bytes: out.set(known.name, Json(crypto::base64(f.bytes))); return f.wire == 2;
    case number: out.set(known.name, Json(static_cast<int64_t>(f.value))); return f.wire == 0;
    case boolean: out.set(known.name, Json(f.value != 0)); return f.wire == 0;
    case time:
    case micro_time: {
      Json t = time_of(f.bytes, known.shape == micro_time);
      if (!t.is_null()) out.set(known.name, std::move(t));
      return f.wire == 2;
    }
    case text_map:
    case bytes_map:
      return f.wire == 2 && read_entry(f.bytes, known.shape == bytes_map, out.member(known.name));
    case message: {
      Json inner = Json::object();
      if (f.wire != 2 || !read_message(f.bytes, *known.of, inner)) return false;
      if (inner.size() > 0) out.set(known.name, std::move(inner));
      return true;
    }
    case message_list: {
      Json inner = known.of ? Json::object() : Json(f.bytes);
      if (f.wire != 2 || (known.of && !read_message(f.bytes, *known.of, inner))) return false;
      out.member(known.name).push(std::move(inner));
      return true;
    }
  }
  return false;
}

bool read_message(std::string_view bytes, const Message& message, Json& out) {
  Reader r(bytes);
  Field f;
  while (r.next(f)) {
    for (const Known& known : message.fields) {
      if (known.number == f.number && !read_field(f, known, out)) return false;
    }
  }
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
  if (unknown.bad()) return malformed;
  for (const Top& top : tops) {
    if (top.kind != kind) continue;
    Json out = Json::object();
    if (!read_message(raw, *top.message, out)) return malformed;
    if (kind == "DeleteOptions") return out;
    out.set("apiVersion", Json(api_version));
    out.set("kind", Json(kind));
    return out;
  }
  return unsupported_media("protobuf is not read here for kind \"" + std::string(kind) +
                           "\"; send application/json");
}

}  // namespace gateproof::kubernetes::cluster
