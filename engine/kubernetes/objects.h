// Kubernetes objects from manifests: YAML with several documents, `kind: List`, JSON. The store is what an API server would
// hold after `kubectl apply` of all of them: refused objects are kept for listing but are not there for anybody else.
#pragma once
#include <list>
#include <map>
#include <memory>

#include "engine/kubernetes/shapes.h"

namespace gateproof::kubernetes {

struct Object {
  std::string group;    // "" for the core group
  std::string version;  // "v1"
  std::string kind;
  std::string ns;  // "default" when none is written; "" for kinds of the cluster
  std::string name;
  const config::Value* root = nullptr;
  std::shared_ptr<const config::Document> document;  // that holds the root
  SourceSpan span;                                   // of metadata.name
  bool known = false;                                // a kind that is read here
  bool refused = false;

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

  // A mirror of a cluster's objects: the document's object is what the cluster holds now, whatever was here before. One that is
  // refused here is there for nobody, and leaves no earlier state behind. Pointers to other objects stay valid.
  void replace(std::shared_ptr<const config::Document> document, config::Findings& findings);
  // False when there was none.
  bool remove(std::string_view group, std::string_view kind, std::string_view ns,
              std::string_view name);

  // Objects that the API server would hold, in the order of their first definition.
  std::vector<const Object*> list(std::string_view group, std::string_view kind) const;
  // Null when there is none.
  const Object* find(std::string_view group, std::string_view kind, std::string_view ns,
                     std::string_view name) const;
  // Everything, refused objects and kinds that are not read included.
  const std::list<Object>& all() const { return objects_; }
  bool empty() const { return objects_.empty(); }

 private:
  struct Adding {  // one document
    std::shared_ptr<const config::Document> document;
    bool replaces;  // silently, and whatever comes
    config::Findings& findings;
  };
  using Place = std::list<Object>::iterator;

  void add_value(const config::Value& v, std::string_view group_version, std::string_view kind,
                 const Adding& adding);
  void keep(Object o, const Adding& adding);
  bool forget(const std::string& key);

  std::list<Object> objects_;
  uint64_t next_ = 0;
  std::map<std::string, std::pair<uint64_t, Place>, std::less<>> index_;
  std::map<std::string, std::map<uint64_t, Place>, std::less<>> by_kind_;
};

inline constexpr std::string_view traefik_group = "traefik.io";
inline constexpr std::string_view gateway_group = "gateway.networking.k8s.io";
inline constexpr std::string_view networking_group = "networking.k8s.io";
inline constexpr std::string_view discovery_group = "discovery.k8s.io";
inline constexpr std::string_view core_group;

// "v1" is the core group, "traefik.io/v1alpha1" the other form.
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);

}  // namespace gateproof::kubernetes
