#include "engine/kubernetes/cluster/openapi.h"

#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/kubernetes/cluster/api_resources.h"
#include "engine/kubernetes/cluster/discovery.h"

namespace gateproof::kubernetes::cluster {

namespace {

// It is asked for with a '@', which no media type may hold.
constexpr std::string_view protobuf_v2 =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

Json query_parameter(std::string_view name, std::string_view type, OpenApiVersion target) {
  Json out = json_object({{"in", Json("query")}, {"name", Json(name)}});
  if (target == OpenApiVersion::v2) {
    out.set("type", Json(type));
    out.set("uniqueItems", Json(true));
  } else {
    out.set("schema", json_object({{"type", Json(type)}, {"uniqueItems", Json(true)}}));
  }
  return out;
}

// What kubectl looks for before it relies on the server: whether an operation takes dryRun and fieldValidation.
Json operation(const ResourceType& type, std::string_view version, std::string_view action,
               OpenApiVersion target) {
  Json parameters = Json::array();
  if (action == "list") {
    for (const std::string_view name : {"labelSelector", "fieldSelector", "continue",
                                        "resourceVersion", "resourceVersionMatch"}) {
      parameters.push(query_parameter(name, "string", target));
    }
    parameters.push(query_parameter("limit", "integer", target));
    parameters.push(query_parameter("watch", "boolean", target));
  } else if (action != "get") {
    parameters.push(query_parameter("dryRun", "string", target));
    if (action != "delete") {
      parameters.push(query_parameter("fieldManager", "string", target));
      parameters.push(query_parameter("fieldValidation", "string", target));
    }
    if (action == "patch") parameters.push(query_parameter("force", "boolean", target));
  }
  return json_object(
      {{"operationId",
        Json(std::string(action) + "_" + type.qualified() + "_" + std::string(version))},
       {"parameters", std::move(parameters)},
       {"responses", json_object({{"200", json_object({{"description", Json("OK")}})}})},
       {"x-kubernetes-action", Json(action)},
       {"x-kubernetes-group-version-kind", json_object({{"group", Json(type.group)},
                                                        {"version", Json(version)},
                                                        {"kind", Json(type.kind)}})}});
}

void add_paths(const ResourceType& type, std::string_view version, OpenApiVersion target,
               Json& paths) {
  std::string base = type.group.empty() ? "/api/" : "/apis/" + type.group + "/";
  base += version;
  if (type.namespaced) base += "/namespaces/{namespace}";
  base += "/" + type.plural;
  paths.set(base, json_object({{"get", operation(type, version, "list", target)},
                               {"post", operation(type, version, "post", target)}}));
  paths.set(base + "/{name}",
            json_object({{"get", operation(type, version, "get", target)},
                         {"put", operation(type, version, "put", target)},
                         {"patch", operation(type, version, "patch", target)},
                         {"delete", operation(type, version, "delete", target)}}));
}

// Definitions and paths of the types that `wanted` says, as two objects.
template <class Wanted>
std::pair<Json, Json> gather(const Registry& registry, OpenApiVersion target, Wanted wanted) {
  std::map<std::string, Json> definitions;
  Json paths = Json::object();
  for (const auto& [key, type] : registry.all()) {
    for (const ResourceVersionInfo& v : type->versions) {
      if (!v.served || !wanted(*type, v.name)) continue;
      if (type->custom) {
        add_custom_definition(*type, v, target, definitions);
      } else {
        add_builtin_definitions(*type, v.name, target, definitions);
      }
      add_paths(*type, v.name, target, paths);
    }
  }
  // What custom kinds refer to.
  if (const TypePtr any = registry.find_plural("", "namespaces")) {
    std::map<std::string, Json> known;
    add_builtin_definitions(*any, "v1", target, known);
    for (auto& [name, schema] : known) {
      if (name.find(".meta.v1.") != std::string::npos) definitions.emplace(name, schema);
    }
  }
  std::vector<Json::Member> members;
  for (auto& [name, schema] : definitions) members.push_back({name, std::move(schema)});
  return {Json::object_of(std::move(members)), std::move(paths)};
}

Json info() {
  return json_object({{"title", Json("Kubernetes")}, {"version", Json(kubernetes_version)}});
}

std::string index_of(const Registry& registry) {
  Json paths = Json::object();
  const std::string revision = std::to_string(registry.revision());
  for (const std::string& group : registry.groups()) {
    for (const std::string& version : registry.versions(group)) {
      const std::string key = (group.empty() ? "api/" : "apis/" + group + "/") + version;
      const std::string hash = crypto::hex(crypto::sha256(key + "#" + revision)).substr(0, 32);
      paths.set(key,
                json_object({{"serverRelativeURL", Json("/openapi/v3/" + key + "?hash=" + hash)}}));
    }
  }
  return to_text(json_object({{"paths", std::move(paths)}}));
}

}  // namespace

Json openapi_v2(const Registry& registry) {
  auto [definitions, paths] = gather(registry, OpenApiVersion::v2,
                                     [](const ResourceType&, const std::string&) { return true; });
  return json_object({{"swagger", Json("2.0")},
                      {"info", info()},
                      {"paths", std::move(paths)},
                      {"definitions", std::move(definitions)}});
}

Json openapi_v3(const Registry& registry, std::string_view group, std::string_view version) {
  auto [definitions, paths] =
      gather(registry, OpenApiVersion::v3, [&](const ResourceType& type, const std::string& v) {
        return type.group == group && v == version;
      });
  if (paths.size() == 0) return {};
  return json_object({{"openapi", Json("3.0.0")},
                      {"info", info()},
                      {"paths", std::move(paths)},
                      {"components", json_object({{"schemas", std::move(definitions)}})}});
}

template <class F>
const std::string& OpenApi::kept(const std::string& key, F make) {
  if (revision_ != registry_.revision()) texts_.clear();
  revision_ = registry_.revision();
  const auto found = texts_.find(key);
  return found != texts_.end() ? found->second : texts_.emplace(key, make()).first->second;
}

bool OpenApi::answer(const http::Request& request, http::Response& response) {
  std::string_view path = request.url.path;
  if (path == "/openapi/v2") {
    if (request.headers.joined("Accept").find("proto-openapi") == std::string::npos) {
      set_json(response, 200, kept("v2", [&] { return to_text(openapi_v2(registry_)); }));
      return true;
    }
    set_json(response, 200,
             kept("v2 protobuf", [&] { return openapi_protobuf(openapi_v2(registry_)); }));
    response.headers.set("Content-Type", protobuf_v2);
    return true;
  }
  if (path == "/openapi/v3" || path == "/openapi/v3/") {
    set_json(response, 200, kept("v3", [&] { return index_of(registry_); }));
    return true;
  }
  constexpr std::string_view core = "/openapi/v3/api/";
  constexpr std::string_view groups = "/openapi/v3/apis/";
  std::string group;
  if (path.starts_with(core)) {
    path.remove_prefix(core.size());
  } else if (path.starts_with(groups)) {
    path.remove_prefix(groups.size());
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    group = path.substr(0, slash);
    path.remove_prefix(slash + 1);
  } else {
    return false;
  }
  // Whether it is known is asked before it is kept: paths are the client's to invent.
  const std::string version(path);
  const std::vector<std::string> served = registry_.versions(group);
  if (std::ranges::find(served, version) == served.end()) return false;
  set_json(response, 200, kept(group + "/" + version, [&] {
             return to_text(openapi_v3(registry_, group, version));
           }));
  return true;
}

}  // namespace gateproof::kubernetes::cluster
