// What a request to an API server asks for, read from method, path, query and Accept alone.
#pragma once
#include <map>

#include "engine/http/message.h"
#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t accept_clauses_max =
    16;  // of an Accept field; further ones are not looked at

// Parameters of a query by name, decoded; the first one counts where a name comes twice.
class Query {
 public:
  explicit Query(std::string_view text);
  std::string_view get(std::string_view name) const;  // "" when absent
  bool has(std::string_view name) const { return all_.find(name) != all_.end(); }
  // As Kubernetes reads booleans: anything but "0" and "false" is true, an empty value too.
  bool flag(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> all_;
};

// How the answer is to look.
struct Form {
  enum Kind : uint8_t { object, table, metadata, discovery };
  Kind kind = object;
  std::string version = "v1";  // of the table or discovery document that is wanted
  bool yaml = false;           // JSON under the name of YAML, which it is a part of
};

// The first clause of an Accept field that can be honoured; who asks for protobuf gets JSON. nullopt: none can (406).
// Tables and metadata are for resources, discovery documents for /api and /apis.
std::optional<Form> negotiate(std::string_view accept);

// /api/v1/namespaces/{ns}/{plural}/{name}/{sub} and the like.
struct ResourcePath {
  std::string group, version, ns, plural, name, sub;
  std::string rest;    // behind the subresource, without '/'
  bool watch = false;  // /api/v1/watch/...
};

// nullopt: no path of a resource.
std::optional<ResourcePath> parse_resource_path(std::string_view path);

}  // namespace gateproof::kubernetes::cluster
