// Objects as an API server tells of them: what names one, which resource it belongs to, and what of it counts as a change.
#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/document.h"

namespace gateproof::providers {

// Objects of an API server may nest deeper than configuration files; each value still costs only its own memory.
inline constexpr size_t kube_object_depth_max = 512;
// Bytes of one object; etcd takes 1.5 MiB.
inline constexpr size_t kube_object_bytes_max = 8u << 20;

// A kind under the name that URLs have.
struct KubeResource {
  std::string group;  // "" for the core group
  std::vector<std::string>
      versions;  // the one that is wanted first; the others where a server has no such version
  std::string kind, plural;
  bool namespaced = true;
  bool status_counts = false;  // the status decides routing: a change of it alone is told as one

  std::string label() const { return group.empty() ? plural : plural + "." + group; }
};

struct KubeKey {
  std::string group, kind, ns, name;
  auto operator<=>(const KubeKey&) const = default;
  std::string label() const { return kind + " " + (ns.empty() ? name : ns + "/" + name); }
};

struct KubeObject {
  KubeKey key;
  std::string uid, resource_version;
  uint64_t content =
      0;  // a digest of all but resourceVersion, managedFields and, where it does not count, the status
  uint64_t status = 0;  // of the status
  config::Document document;
};

// An object is there in this form from now on, or gone.
struct KubeChange {
  KubeKey key;
  std::shared_ptr<const config::Document> object;  // null: gone
  uint64_t before = 0, content = 0;                // digests; 0: it was not there, is gone

  // False: only what does not decide routing is different.
  bool content_changed() const { return before != content; }
};

// An item of a list or the object of an event; apiVersion and kind are added where items of a list go without. managedFields
// are dropped. Spans name the object, since nobody sees the text that came over the wire.
// Code::invalid: it is no object of this resource, or has no name.
Result<KubeObject> take_object(config::Value root, const KubeResource& resource,
                               std::string_view version);
// The same of a text; also what its reader refuses.
Result<KubeObject> read_object(std::string_view text, const KubeResource& resource,
                               std::string_view version);

// Of a value and all in it; members in any order give the same.
uint64_t content_digest(const config::Value& v);

// As config::parse_document reads JSON, within the limits of one object.
Result<config::Value> read_kube_json(std::string_view text, const std::string& what);

}  // namespace gateproof::providers
