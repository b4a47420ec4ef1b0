// Objects and lists as the client has asked for them: whole, as a Table, or their metadata alone.
#pragma once
#include "engine/kubernetes/cluster/api_request.h"

namespace gateproof::kubernetes::cluster {

enum class Include : uint8_t { metadata, object, none };  // what a row of a Table carries

struct Shape {
  TypePtr type;
  std::string version;
  Form form;
  Include include = Include::metadata;
  int64_t wall_ns = 0;  // ages in Tables are told against it
};

std::string object_text(const StoredObject& object, const Shape& shape);
std::string list_text(const Listed& list, const Shape& shape);
// `initial_end`: with the annotation that ends a streamed list.
std::string bookmark_text(const Shape& shape, uint64_t resource_version, bool initial_end);

}  // namespace gateproof::kubernetes::cluster
