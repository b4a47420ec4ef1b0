// Fields of the built-in kinds: names in JSON, numbers in protobuf, types. Written by tools/kubernetes_fields from the API's own
// files. Bodies in protobuf are read by it, and OpenAPI schemas are made of it.
#pragma once
#include <map>
#include <string_view>
#include <vector>

namespace gateproof::kubernetes::cluster {

struct WireField {
  std::string_view name;
  uint32_t number = 0;
  bool pointer = false;  // in Go: what is empty is there on purpose
  bool inlined = false;  // its members stand in the place of the field
  bool list = false;
  bool map = false;  // of strings to the type
  // A message ("core.v1.PodSpec"), or one letter: s string, b bool, i int32, l int64, d double, y bytes (base64), t time,
  // u time with fractions, q quantity, o integer or string, r raw JSON, D what is not read.
  std::string_view type;
  bool message() const { return type.size() > 1; }
};

struct WireMessage {
  std::string_view name;
  std::vector<WireField> fields;
};

const std::map<std::string_view, WireMessage>& wire_messages();
const WireMessage* wire_message(std::string_view name);  // null: unknown
// "apps.v1.Deployment" of group, version and kind.
std::string wire_name(std::string_view group, std::string_view version, std::string_view kind);

// The table's text: a message's name at the beginning of a line, then "name:number:type"; further lines of it begin with a blank.
extern const std::string_view wire_fields_core_a, wire_fields_core_b, wire_fields_groups;

}  // namespace gateproof::kubernetes::cluster
