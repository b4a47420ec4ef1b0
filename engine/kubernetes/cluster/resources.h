// The kinds that a cluster serves: the built-in ones, and those of CustomResourceDefinitions as they come and go.
#pragma once
#include <map>
#include <memory>

#include "engine/kubernetes/cluster/json.h"

namespace gateproof::kubernetes::cluster {

struct Schema;  // schema.h: a compiled structural schema

struct ResourceVersionInfo {
  std::string name;  // "v1"
  bool served = true;
  bool storage = false;
  bool deprecated = false;
  std::string deprecation_warning;
  bool status = false;  // has the status subresource
  bool scale = false;   // has the scale subresource
  std::string scale_spec_path, scale_status_path, scale_selector_path;  // ".spec.replicas"
  Json printer_columns;  // additionalPrinterColumns of a CRD; null of a built-in kind
  Json openapi;          // openAPIV3Schema of a CRD as written; null of a built-in kind
  std::vector<std::string> selectable_fields;  // "spec.host"; of CRDs
  std::shared_ptr<const Schema> schema;        // null: anything goes
};

struct ResourceType {
  std::string group;  // "" is the core group
  std::string kind;
  std::string list_kind;  // "PodList"
  std::string plural;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  bool custom = false;                        // of a CustomResourceDefinition
  std::vector<ResourceVersionInfo> versions;  // served and not, the preferred first
  std::vector<std::string>
      subresources;  // further ones of built-in kinds: "log", "eviction", "finalize"
  std::vector<std::string>
      field_labels;  // field selectors beside metadata.name and metadata.namespace

  const ResourceVersionInfo* version(std::string_view name) const;  // null when there is none
  const ResourceVersionInfo& storage() const;
  const ResourceVersionInfo* preferred() const;             // the first served one
  std::string api_version(std::string_view version) const;  // "apps/v1", "v1"
  std::string qualified() const;  // "deployments.apps", "pods", as in messages
};

using TypePtr = std::shared_ptr<const ResourceType>;

class Registry {
 public:
  Registry();  // with the built-in kinds

  // By URL: null when group, version or plural is not served.
  TypePtr find(std::string_view group, std::string_view version, std::string_view plural) const;
  TypePtr find_plural(std::string_view group, std::string_view plural) const;
  TypePtr find_kind(std::string_view group, std::string_view kind) const;
  // By group, then plural. The core group is first.
  const std::map<std::pair<std::string, std::string>, TypePtr>& all() const { return types_; }
  // Served versions of a group, the preferred one first; empty when there is no such group.
  std::vector<std::string> versions(std::string_view group) const;
  std::vector<std::string> groups() const;
  // Grows with each change: what is computed from the registry may be kept until then.
  uint64_t revision() const { return revision_; }

  // A CRD's type replaces the one of the same group and plural.
  void put(TypePtr type);
  void remove(std::string_view group, std::string_view plural);

 private:
  std::map<std::pair<std::string, std::string>, TypePtr> types_;
  std::map<std::pair<std::string, std::string>, TypePtr> kinds_;
  uint64_t revision_ = 1;
};

// Higher is preferred: v2 before v1, v1 before v1beta1, that before v1alpha2, other names last.
bool version_before(std::string_view a, std::string_view b);

}  // namespace gateproof::kubernetes::cluster
