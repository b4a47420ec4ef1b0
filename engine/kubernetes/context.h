// What every translator works with: the objects a provider sees, its options, and where it reports.
#pragma once
#include "engine/config/static.h"
#include "engine/kubernetes/core_objects.h"
#include "engine/kubernetes/names.h"

namespace gateproof::kubernetes {

// Findings about one object. `consequence` ends every message: what the object loses.
class Report {
 public:
  Report(config::Findings& findings, const Object& object, std::string consequence)
      : findings_(findings), object_(object), consequence_(std::move(consequence)) {}
  // A span that is nowhere becomes that of the object.
  void operator()(std::string_view code, const SourceSpan& span, const std::string& message,
                  std::string remedy) const;
  // The same without the consequence.
  void plain(std::string_view code, const SourceSpan& span, std::string message,
             std::string remedy) const;

  const Object& object() const { return object_; }
  config::Findings& findings() const { return findings_; }

 private:
  config::Findings& findings_;
  const Object& object_;
  std::string consequence_;
};

struct Context {
  const ObjectStore& store;
  const config::KubernetesProviderConfig& options;
  std::string_view provider;       // "kubernetescrd"
  std::string_view option_prefix;  // "providers.kubernetesCRD", for remedies
  config::Findings& findings;
  // Told of each object that is looked for by its name, whether or not it is there: lookup_key(). Null: nobody wants to know.
  std::vector<std::string>* asked = nullptr;

  // `namespaces` of the provider; empty is all.
  bool watched(std::string_view ns) const;
  std::vector<const Object*> list(std::string_view group, std::string_view kind) const;
  const Object* find(std::string_view group, std::string_view kind, std::string_view ns,
                     std::string_view name) const;
  // Of a kind of the cluster, which `namespaces` does not hide.
  const Object* find_in_cluster(std::string_view group, std::string_view kind,
                                std::string_view name) const;
  std::vector<EndpointSlice> slices(const Service& service) const;
  // All of them, if the provider may see them.
  std::vector<const Object*> nodes() const;
  bool cross_provider_allowed(std::string_view ns) const;
  CrdNames names() const { return CrdNames(options.safe_naming); }
  std::string option(std::string_view name) const {
    return std::string(option_prefix) + "." + std::string(name);
  }
};

// What whoever looks for an object depends on. EndpointSlices are looked for by the name of their Service, Nodes by none.
std::string lookup_key(std::string_view kind, std::string_view ns, std::string_view name);

// Where a name resolves to nothing: objects of that kind and name in other namespaces, and near names in this one.
std::string where_else(const Context& c, std::string_view group, std::string_view kind,
                       std::string_view ns, std::string_view name);

// The certificate and key of a kubernetes.io/tls Secret; nullopt with a finding otherwise.
std::optional<config::DynamicConfig::Certificate> tls_certificate(const Context& c,
                                                                  std::string_view ns,
                                                                  const Text& secret,
                                                                  const Report& report);

}  // namespace gateproof::kubernetes
