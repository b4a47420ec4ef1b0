#include "engine/kubernetes/cluster/discovery.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::kubernetes::cluster {

namespace {

// Kinds that are answered and not stored: they are created, and the answer is the verdict.
struct Review {
  std::string_view group, version, kind, plural;
};
constexpr Review reviews[] = {
    {"authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews"},
    {"authentication.k8s.io", "v1", "TokenReview", "tokenreviews"},
    {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews"},
    {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews"},
    {"authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews"},
};

Json strings(std::initializer_list<std::string_view> words) {
  Json out = Json::array();
  for (const std::string_view w : words) out.push(Json(w));
  return out;
}

Json strings(const std::vector<std::string>& words) {
  Json out = Json::array();
  for (const std::string& w : words) out.push(Json(w));
  return out;
}

Json verbs_of(std::string_view sub) {
  if (sub.empty()) {
    return strings(
        {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"});
  }
  if (sub == "log") return strings({"get"});
  if (sub == "status" || sub == "scale") return strings({"get", "patch", "update"});
  if (sub == "finalize" || sub == "approval") return strings({"update"});
  return strings({"create"});
}

std::string_view kind_of_subresource(const ResourceType& type, std::string_view sub) {
  if (sub == "scale") return "Scale";
  if (sub == "eviction") return "Eviction";
  if (sub == "binding") return "Binding";
  if (sub == "token") return "TokenRequest";
  return type.kind;
}

Json group_version_kind_of(const ResourceType& type, std::string_view version,
                           std::string_view sub) {
  std::string_view group = type.group;
  if (sub == "scale") {
    group = "autoscaling";
    version = "v1";
  } else if (sub == "eviction") {
    group = "policy";
    version = "v1";
  } else if (sub == "token") {
    group = "authentication.k8s.io";
    version = "v1";
  }
  return json_object({{"group", Json(group)},
                      {"version", Json(version)},
                      {"kind", Json(kind_of_subresource(type, sub))}});
}

std::vector<std::string> subresources_of(const ResourceType& type,
                                         const ResourceVersionInfo& version) {
  std::vector<std::string> out = type.subresources;
  if (version.scale) out.emplace_back("scale");
  if (version.status) out.emplace_back("status");
  std::ranges::sort(out);
  return out;
}

// Types of a group that serve a version, in the registry's order.
template <class F>
void each_type(const Registry& registry, std::string_view group, std::string_view version, F f) {
  for (auto it = registry.all().lower_bound({std::string(group), ""});
       it != registry.all().end() && it->first.first == group; ++it) {
    const ResourceVersionInfo* info = it->second->version(version);
    if (info && info->served) f(*it->second, *info);
  }
}

// Groups without the core one, those of reviews among them.
std::vector<std::string> group_names(const Registry& registry) {
  std::vector<std::string> out = registry.groups();
  for (const Review& r : reviews) out.emplace_back(r.group);
  std::erase(out, "");
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::vector<std::string> versions_of(const Registry& registry, std::string_view group) {
  std::vector<std::string> out = registry.versions(group);
  for (const Review& r : reviews) {
    if (r.group == group && std::ranges::find(out, r.version) == out.end()) {
      out.emplace_back(r.version);
    }
  }
  return out;
}

Json group_version(std::string_view group, std::string_view version) {
  return json_object({{"groupVersion", Json(std::string(group) + "/" + std::string(version))},
                      {"version", Json(version)}});
}

Json group_entry(const Registry& registry, std::string_view group) {
  const std::vector<std::string> versions = versions_of(registry, group);
  if (versions.empty()) return {};
  Json list = Json::array();
  for (const std::string& v : versions) list.push(group_version(group, v));
  return json_object({{"name", Json(group)},
                      {"versions", std::move(list)},
                      {"preferredVersion", group_version(group, versions.front())}});
}

Json resource_entry(const ResourceType& type, std::string_view version, std::string_view sub) {
  Json out =
      json_object({{"name", Json(sub.empty() ? type.plural : type.plural + "/" + std::string(sub))},
                   {"singularName", Json(sub.empty() ? std::string_view(type.singular) : "")},
                   {"namespaced", Json(type.namespaced)},
                   {"kind", Json(kind_of_subresource(type, sub))},
                   {"verbs", verbs_of(sub)}});
  if (!sub.empty()) {
    const Json gvk = group_version_kind_of(type, version, sub);
    if (gvk["group"].str() != type.group) {
      out.set("group", gvk["group"]);
      out.set("version", gvk["version"]);
    }
    return out;
  }
  if (!type.short_names.empty()) out.set("shortNames", strings(type.short_names));
  if (!type.categories.empty()) out.set("categories", strings(type.categories));
  return out;
}

Json discovered_resource(const ResourceType& type, const ResourceVersionInfo& info) {
  Json out = json_object({{"resource", Json(type.plural)},
                          {"responseKind", group_version_kind_of(type, info.name, "")},
                          {"scope", Json(type.namespaced ? "Namespaced" : "Cluster")},
                          {"singularResource", Json(type.singular)},
                          {"verbs", verbs_of("")}});
  if (!type.short_names.empty()) out.set("shortNames", strings(type.short_names));
  if (!type.categories.empty()) out.set("categories", strings(type.categories));
  Json subs = Json::array();
  for (const std::string& sub : subresources_of(type, info)) {
    subs.push(json_object({{"subresource", Json(sub)},
                           {"responseKind", group_version_kind_of(type, info.name, sub)},
                           {"verbs", verbs_of(sub)}}));
  }
  if (subs.size() > 0) out.set("subresources", std::move(subs));
  return out;
}

Json discovered_group(const Registry& registry, std::string_view group) {
  Json versions = Json::array();
  for (const std::string& v : versions_of(registry, group)) {
    Json resources = Json::array();
    each_type(registry, group, v, [&](const ResourceType& type, const ResourceVersionInfo& info) {
      resources.push(discovered_resource(type, info));
    });
    for (const Review& r : reviews) {
      if (r.group != group || r.version != v) continue;
      resources.push(json_object({{"resource", Json(r.plural)},
                                  {"responseKind", json_object({{"group", Json(r.group)},
                                                                {"version", Json(r.version)},
                                                                {"kind", Json(r.kind)}})},
                                  {"scope", Json("Cluster")},
                                  {"singularResource", Json(text::to_lower(r.kind))},
                                  {"verbs", strings({"create"})}}));
    }
    versions.push(json_object({{"version", Json(v)},
                               {"resources", std::move(resources)},
                               {"freshness", Json("Current")}}));
  }
  Json metadata = Json::object();
  if (!group.empty()) metadata.set("name", Json(group));
  metadata.set("creationTimestamp", Json());
  return json_object({{"metadata", std::move(metadata)}, {"versions", std::move(versions)}});
}

}  // namespace

Json version_info() {
  return json_object({{"major", Json("1")},
                      {"minor", Json("34")},
                      {"gitVersion", Json(std::string(kubernetes_version) + "+gateproof")},
                      {"gitCommit", Json("")},
                      {"gitTreeState", Json("clean")},
                      {"buildDate", Json("1970-01-01T00:00:00Z")},
                      {"goVersion", Json("none")},
                      {"compiler", Json("gc")},
                      {"platform", Json("linux/amd64")}});
}

Json api_versions(std::string_view server_address) {
  return json_object({{"kind", Json("APIVersions")},
                      {"versions", strings({"v1"})},
                      {"serverAddressByClientCIDRs",
                       json_array({json_object({{"clientCIDR", Json("0.0.0.0/0")},
                                                {"serverAddress", Json(server_address)}})})}});
}

Json api_group_list(const Registry& registry) {
  Json groups = Json::array();
  for (const std::string& g : group_names(registry)) groups.push(group_entry(registry, g));
  return json_object(
      {{"kind", Json("APIGroupList")}, {"apiVersion", Json("v1")}, {"groups", std::move(groups)}});
}

Json api_group(const Registry& registry, std::string_view group) {
  Json out = group.empty() ? Json() : group_entry(registry, group);
  if (out.is_null()) return out;
  out.set("kind", Json("APIGroup"));
  out.set("apiVersion", Json("v1"));
  return out;
}

Json api_resource_list(const Registry& registry, std::string_view group, std::string_view version) {
  Json resources = Json::array();
  each_type(registry, group, version,
            [&](const ResourceType& type, const ResourceVersionInfo& info) {
              resources.push(resource_entry(type, version, ""));
              for (const std::string& sub : subresources_of(type, info)) {
                resources.push(resource_entry(type, version, sub));
              }
            });
  for (const Review& r : reviews) {
    if (r.group != group || r.version != version) continue;
    resources.push(json_object({{"name", Json(r.plural)},
                                {"singularName", Json(text::to_lower(r.kind))},
                                {"namespaced", Json(false)},
                                {"kind", Json(r.kind)},
                                {"verbs", strings({"create"})}}));
  }
  if (resources.size() == 0) return {};
  return json_object(
      {{"kind", Json("APIResourceList")},
       {"apiVersion", Json("v1")},
       {"groupVersion", Json(group.empty() ? std::string(version)
                                           : std::string(group) + "/" + std::string(version))},
       {"resources", std::move(resources)}});
}

Json aggregated_discovery(const Registry& registry, bool core, std::string_view version) {
  Json items = Json::array();
  if (core) {
    items.push(discovered_group(registry, ""));
  } else {
    for (const std::string& g : group_names(registry)) items.push(discovered_group(registry, g));
  }
  return json_object({{"kind", Json("APIGroupDiscoveryList")},
                      {"apiVersion", Json("apidiscovery.k8s.io/" + std::string(version))},
                      {"metadata", Json::object()},
                      {"items", std::move(items)}});
}

}  // namespace gateproof::kubernetes::cluster
