// Kubernetes objects from manifests: YAML with several documents, `kind: List`, JSON. The store is what an API server would
// hold after `kubectl apply` of all of them: refused objects are kept for listing but are not there for anybody else.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

#include "engine/kubernetes/shapes.h"

namespace gateproof::kubernetes {

struct Object {
  std::string group;    // "" for the core group
  std::string version;  // "v1"
  std::string kind;
  std::string ns;  // "default" when none is written; "" for kinds of the cluster
  std::string name;
  const config::Value* root = nullptr;
  SourceSpan span;     // of metadata.name
  bool known = false;  // a kind that is read here
  bool refused = false;
  uint64_t order = 0;                                // of first definitions
  std::shared_ptr<const config::Document> document;  // of an object that was put

  std::string label() const;  // "Secret default/users", "GatewayClass traefik"
  const config::Value* at(std::string_view dotted) const { return root->at(dotted); }
  const config::Value* annotation(std::string_view name) const;
  // The key of an annotation, for findings about it; null when absent.
  const config::Value::Member* annotation_member(std::string_view name) const;
};

class ObjectStore {
 public:
  // True for what add() takes: a mapping with apiVersion and kind.
  static bool is_manifest(const config::Document& document);
  // Adds the objects of a document; an empty one has none. A later definition of an object replaces the earlier one.
  void add(config::Document document, config::Findings& findings);
  void add(std::vector<config::Document> documents, config::Findings& findings);

  // One object of a store that changes while it is in use: a definition that was there is replaced without a word. Pointers to
  // other objects stay good.
  void put(std::shared_ptr<const config::Document> document, config::Findings& findings);
  // The same in two steps, of which the first may be done anywhere, for several objects at the same time. Nullopt: no object.
  static std::optional<Object> read(std::shared_ptr<const config::Document> document,
                                    config::Findings& findings);
  void put(Object object);
  // False when there is none. Its Object stays in all(), as one that is refused, until a later object takes its place.
  bool remove(std::string_view group, std::string_view kind, std::string_view ns,
              std::string_view name);

  // Objects that the API server would hold, in the order of their first definition.
  std::vector<const Object*> list(std::string_view group, std::string_view kind) const;
  // Null when there is none.
  const Object* find(std::string_view group, std::string_view kind, std::string_view ns,
                     std::string_view name) const;
  // EndpointSlices of a Service, by their label, in the same order.
  std::vector<const Object*> slices_of(std::string_view ns, std::string_view service) const;
  // Everything, refused objects and kinds that are not read included.
  const std::deque<Object>& all() const { return objects_; }
  bool empty() const { return objects_.empty(); }

 private:
  void add_value(const config::Value& v, std::string_view group_version, std::string_view kind,
                 config::Findings& findings);
  // `limits`: lists are measured too, which an API server has done before.
  static Object read(const config::Value& v, std::string_view version, std::string_view kind,
                     config::Findings& findings, bool limits);
  void keep(Object o, bool again, config::Findings& findings);
  void replace(size_t place, Object o);

  std::vector<std::shared_ptr<const config::Document>> documents_;
  std::deque<Object> objects_;
  std::vector<size_t> free_;  // places of removed objects
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::vector<size_t>, std::less<>> by_kind_;
  std::map<std::string, std::vector<size_t>, std::less<>> slices_;  // by Service
  uint64_t defined_ = 0;
};

inline constexpr std::string_view traefik_group = "traefik.io";
inline constexpr std::string_view gateway_group = "gateway.networking.k8s.io";
inline constexpr std::string_view networking_group = "networking.k8s.io";
inline constexpr std::string_view discovery_group = "discovery.k8s.io";
inline constexpr std::string_view core_group;

// "v1" is the core group, "traefik.io/v1alpha1" the other form.
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);

}  // namespace gateproof::kubernetes
