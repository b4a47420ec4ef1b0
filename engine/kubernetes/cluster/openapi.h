// OpenAPI documents: /openapi/v2 as JSON and as the protobuf that kubectl asks for, and /openapi/v3, an index and a document for
// each group and version. Schemas of built-in kinds come from the table of the API's fields, those of custom kinds from their
// CustomResourceDefinitions.
#pragma once
#include "engine/http/message.h"
#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

enum class OpenApiVersion : uint8_t { v2, v3 };

Json openapi_v2(const Registry& registry);
// A document of OpenAPI 2 as gnostic's openapi.v2.Document.
std::string openapi_protobuf(const Json& document);
// Null when there is no such version.
Json openapi_v3(const Registry& registry, std::string_view group, std::string_view version);

// Documents as they are served, kept until a kind comes or goes.
class OpenApi {
 public:
  explicit OpenApi(const Registry& registry) : registry_(registry) {}
  // False: the path is none of theirs.
  bool answer(const http::Request& request, http::Response& response);

 private:
  template <class F>
  const std::string& kept(const std::string& key, F make);

  const Registry& registry_;
  uint64_t revision_ = 0;
  std::map<std::string, std::string> texts_;
};

// --- what the documents are made of

// "io.k8s.api.core.v1.Pod", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.traefik.v1alpha1.IngressRoute"
std::string definition_name(const ResourceType& type, std::string_view version);
std::string definition_name_of_message(std::string_view wire_name);
Json reference_to(std::string_view definition, OpenApiVersion target);
// Definitions of a group's version (or of all, with an empty version) and of everything that they refer to.
void add_builtin_definitions(const ResourceType& type, std::string_view version,
                             OpenApiVersion target, std::map<std::string, Json>& out);
void add_custom_definition(const ResourceType& type, const ResourceVersionInfo& version,
                           OpenApiVersion target, std::map<std::string, Json>& out);

}  // namespace gateproof::kubernetes::cluster
