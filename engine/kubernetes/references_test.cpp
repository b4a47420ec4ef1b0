// Every field of the CRDs and of Ingress that refers to another object, by every way out of its own namespace, with and without
// leave (reliability K1): one law for all of them.
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;

// What is referred to: of another namespace, or of another provider.
enum class Leaves : uint8_t { space, provider };

struct Reference {
  const char* yaml;  // members of an object: a name, perhaps a namespace
  Leaves leaves;
};
const Reference space_field = {"name: x, namespace: other", Leaves::space};
const Reference space_name = {"name: other-x@kubernetescrd", Leaves::space};
const Reference of_file = {"name: x@file", Leaves::provider};
const Reference internal = {"name: api@internal", Leaves::provider};
const Reference rest = {"name: rest@internal", Leaves::provider};

std::string object(const std::string& kind, const std::string& spec) {
  return "apiVersion: traefik.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: o}\nspec: " + spec +
         "\n";
}
std::string route(const std::string& members) {
  return object("IngressRoute", "{routes: [{match: 'Path(`/`)', kind: Rule, " + members + "}]}");
}
std::string tcp_route(const std::string& members) {
  return object("IngressRouteTCP", "{routes: [{match: 'HostSNI(`*`)', " + members + "}]}");
}
std::string ingress(const std::string& annotation) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: o\n  annotations: {"
         "traefik.ingress.kubernetes.io/" +
         annotation +
         "}\nspec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: "
         "s, port: {number: 80}}}}]}}]}\n";
}

struct Field {
  const char* name;
  std::string yaml;  // with REF
  std::vector<Reference> by;
};

std::vector<Field> fields() {
  const std::vector<Reference> any = {space_field, space_name, of_file, internal, rest};
  const std::vector<Reference> named = {space_name, of_file, internal};
  const std::string own = "services: [{name: s, port: 80}]";
  std::vector<Field> all = {
      {"service", route("services: [{REF, port: 80}]"), {space_field}},
      {"TraefikService",
       route("services: [{REF, kind: TraefikService}]"),
       {space_field, of_file, internal, rest, space_name}},
      {"middleware", route("middlewares: [{REF}], " + own), any},
      {"TLS options",
       object("IngressRoute",
              "{routes: [{match: 'Path(`/`)', kind: Rule, " + own + "}], tls: {options: {REF}}}"),
       any},
      {"parent",
       object("IngressRoute",
              "{parentRefs: [{REF}], routes: [{match: 'Path(`/`)', kind: Rule, " + own + "}]}"),
       {space_field}},
      {"member of a chain", object("Middleware", "{chain: {middlewares: [{REF}]}}"), any},
      {"weighted",
       object("TraefikService", "{weighted: {services: [{REF, port: 80}]}}"),
       {space_field}},
      {"weighted TraefikService",
       object("TraefikService", "{weighted: {services: [{REF, kind: TraefikService}]}}"), any},
      {"mirrored", object("TraefikService", "{mirroring: {REF, kind: TraefikService}}"), any},
      {"mirror",
       object("TraefikService",
              "{mirroring: {name: s, port: 80, mirrors: [{REF, kind: TraefikService}]}}"),
       any},
      {"TCP service", tcp_route("services: [{REF, port: 80}]"), {space_field}},
      {"TCP middleware", tcp_route("middlewares: [{REF}], " + own), any},
      {"UDP service",
       object("IngressRouteUDP", "{routes: [{services: [{REF, port: 80}]}]}"),
       {space_field}},
  };
  // Fields that are a text: the name alone.
  for (const Reference& r : named) {
    const std::string name = text::replace_all(r.yaml, "name: ", "");
    all.push_back({"serversTransport",
                   route("services: [{name: s, port: 80, serversTransport: " + name + "}]"),
                   {r}});
  }
  for (const char* name : {"x@file", "api@internal"}) {
    const Reference r{name, Leaves::provider};
    all.push_back({"annotation of middlewares",
                   ingress("router.middlewares: '" + std::string(name) + "'"),
                   {r}});
    all.push_back({"annotation of TLS options",
                   ingress("router.tls.options: '" + std::string(name) + "'"),
                   {r}});
  }
  return all;
}

// A Service that the other parts of an object may use without anybody's leave.
const std::string own_service =
    "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n---\n"
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s-1, labels: "
    "{kubernetes.io/service-name: s}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints: "
    "[{addresses: [10.0.0.1]}]\n---\n";

size_t refusals(const std::string& yaml, bool leave_space, bool leave_provider) {
  config::StaticConfig statics;
  config::KubernetesProviderConfig options;
  options.allow_cross_namespace = leave_space;
  if (!leave_provider) options.cross_provider_namespaces.emplace();
  statics.kubernetes_crd = options;
  statics.kubernetes_ingress = options;
  size_t refused = 0;
  for (const std::string& code : Translated(own_service + yaml, &statics).codes())
    refused += code == "GP0716" || code == "GP0717" ? 1 : 0;
  return refused;
}

TEST(References, K1_NoneLeavesItsNamespaceOrProviderWithoutLeave) {
  size_t looked_at = 0;
  for (const Field& field : fields()) {
    for (const Reference& r : field.by) {
      SCOPED_TRACE(std::string(field.name) + " {" + r.yaml + "}");
      const std::string yaml = text::replace_all(field.yaml, "REF", r.yaml);
      const bool space = r.leaves == Leaves::space;
      EXPECT_EQ(refusals(yaml, false, false), 1u);
      EXPECT_EQ(refusals(yaml, !space, space), 1u) << "the other leave is no leave";
      EXPECT_EQ(refusals(yaml, true, true), 0u);
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 45u);
}

}  // namespace
}  // namespace gateproof::kubernetes
