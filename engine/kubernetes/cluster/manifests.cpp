#include "engine/kubernetes/cluster/manifests.h"

#include <algorithm>

#include "engine/kubernetes/cluster/request_body.h"

namespace gateproof::kubernetes::cluster {

namespace {

struct Manifest {
  const config::Value* value = nullptr;
  std::string_view group, version, kind;
  int rank = 2;  // 0: definitions, 1: namespaces
};

class Applier {
 public:
  Applier(Store& store, std::string_view bundle_version)
      : store_(store), bundle_version_(bundle_version) {}

  void read(const config::Value& v) {
    if (v.kind == config::Value::null) return;
    if (manifests_.size() + applied_.size() >= manifest_objects_max) {
      return fail(v, "more than " + std::to_string(manifest_objects_max) + " objects");
    }
    const config::Value* api_version = v.find("apiVersion");
    const config::Value* kind = v.find("kind");
    if (!api_version || !kind || api_version->str().empty() || kind->str().empty()) {
      return fail(v, "no object of Kubernetes: apiVersion and kind are needed");
    }
    const config::Value* items = v.find("items");
    if (kind->str().ends_with("List") && items && items->kind == config::Value::sequence) {
      for (const config::Value& item : items->items) read(item);
      return;
    }
    Manifest m;
    m.value = &v;
    m.kind = kind->str();
    const std::string_view text = api_version->str();
    const size_t slash = text.find('/');
    if (slash != std::string_view::npos) m.group = text.substr(0, slash);
    m.version = text.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (m.kind == "CustomResourceDefinition") m.rank = 0;
    if (m.kind == "Namespace" && m.group.empty()) m.rank = 1;
    manifests_.push_back(m);
  }

  std::vector<Applied> run() {
    std::ranges::stable_sort(manifests_, {}, &Manifest::rank);
    for (const Manifest& m : manifests_) apply(m);
    return std::move(applied_);
  }

 private:
  void fail(const config::Value& v, std::string why) {
    Applied a;
    a.message = std::move(why);
    a.span = v.span;
    applied_.push_back(std::move(a));
  }

  // What the conformance suite compares with its own version.
  void set_bundle_version(Json& body) const {
    constexpr std::string_view name = "gateway.networking.k8s.io/bundle-version";
    if (bundle_version_.empty() || !body.at("metadata.annotations").find(name)) return;
    body.make("metadata.annotations").set(name, Json(bundle_version_));
  }

  void make_namespace(const std::string& name) {
    const TypePtr type = store_.registry().find_plural("", "namespaces");
    if (!type || name.empty() || store_.find(*type, "", name)) return;
    const Target at{type, "v1", "", "", Sub::none};
    WriteOptions options;
    options.field_manager = "gateproof";
    // What is wrong with the name is told about the object that asks for it.
    (void)store_.create(at, json_object({{"metadata", json_object({{"name", Json(name)}})}}),
                        options);
  }

  void apply(const Manifest& m) {
    Applied a;
    a.span = m.value->span;
    Json body = json_of(*m.value);
    set_bundle_version(body);
    Target at;
    at.type = store_.registry().find_kind(m.group, m.kind);
    at.version = m.version;
    at.name = body.at("metadata.name").str();
    a.name = at.name;
    const ResourceVersionInfo* info = at.type ? at.type->version(m.version) : nullptr;
    if (!info || !info->served) {
      a.message = "no matches for kind \"" + std::string(m.kind) + "\" in version \"" +
                  std::string(m.value->find("apiVersion")->str()) +
                  "\"; add its CustomResourceDefinition to the manifests";
      applied_.push_back(std::move(a));
      return;
    }
    a.resource = at.type->qualified();
    if (at.type->namespaced) {
      at.ns = body.at("metadata.namespace").str();
      if (at.ns.empty()) at.ns = "default";
      make_namespace(at.ns);
    }
    a.ns = at.ns;
    const ObjectPtr before = store_.find(*at.type, at.ns, at.name);
    WriteOptions options;
    options.field_manager = "gateproof";
    options.force = true;
    const Reply<Written> written = store_.patch(at, Patch::apply, body, options);
    if (!written) {
      a.message = written.error().message;
    } else {
      a.outcome = !before ? Applied::created
                  : before->resource_version == written->object->resource_version
                      ? Applied::unchanged
                      : Applied::configured;
      for (const std::string& w : written->warnings) {
        a.message += (a.message.empty() ? "" : "; ") + w;
      }
    }
    applied_.push_back(std::move(a));
  }

  Store& store_;
  std::string_view bundle_version_;
  std::vector<Manifest> manifests_;
  std::vector<Applied> applied_;
};

}  // namespace

std::vector<Applied> apply_manifests(Store& store, std::span<const config::Document> documents,
                                     std::string_view bundle_version) {
  Applier applier(store, bundle_version);
  for (const config::Document& d : documents) applier.read(d.root);
  return applier.run();
}

}  // namespace gateproof::kubernetes::cluster
