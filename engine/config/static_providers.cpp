// The block `providers` (catalogue 6).
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/provider_names.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

using K = KubernetesProviderConfig;

#define GP_TLS " tls{ca:s cert:s key:s insecureSkipVerify:b caOptional:x}"
#define GP_KUBERNETES " endpoint:s token:s certAuthFilePath:s labelSelector:s throttleDuration:d"

struct OtherProvider {
  std::string_view name;
  std::string_view fields;
};
constexpr OtherProvider other_providers[] = {
    {"docker",
     "endpoint:s exposedByDefault:b constraints:s allowEmptyServices:b network:s useBindPortIP:b "
     "watch:b defaultRule:s"
     " username:s password:s httpClientTimeout:d swarmMode:x swarmModeRefreshSeconds:x" GP_TLS},
    {"swarm",
     "endpoint:s exposedByDefault:b constraints:s allowEmptyServices:b network:s useBindPortIP:b "
     "watch:b defaultRule:s"
     " username:s password:s httpClientTimeout:d refreshSeconds:d" GP_TLS},
    {"consul", "endpoints:l rootKey:s token:s namespaces:l namespace:x" GP_TLS},
    {"etcd", "endpoints:l rootKey:s username:s password:s" GP_TLS},
    {"redis",
     "endpoints:l rootKey:s username:s password:s db:i sentinel{masterName:s username:s password:s "
     "latencyStrategy:b"
     " randomStrategy:b replicaStrategy:b useDisconnectedReplicas:b}" GP_TLS},
    {"zooKeeper", "endpoints:l rootKey:s username:s password:s"},
    {"consulCatalog",
     "constraints:s prefix:s refreshInterval:d requireConsistent:b stale:b cache:b "
     "exposedByDefault:b defaultRule:s"
     " connectAware:b connectByDefault:b serviceName:s watch:b strictChecks:l namespaces:l "
     "namespace:x"
     " endpoint{address:s scheme:s datacenter:s token:s endpointWaitTime:d httpAuth{username:s "
     "password:s}" GP_TLS "}"},
    {"nomad",
     "defaultRule:s constraints:s prefix:s refreshInterval:d stale:b exposedByDefault:b "
     "allowEmptyServices:b watch:b"
     " throttleDuration:d namespaces:l namespace:x endpoint{address:s region:s token:s "
     "endpointWaitTime:d" GP_TLS "}"},
    {"ecs",
     "constraints:s exposedByDefault:b refreshSeconds:i defaultRule:s clusters:l "
     "autoDiscoverClusters:b"
     " healthyTasksOnly:b ecsAnywhere:b region:s accessKeyID:s secretAccessKey:s"},
    {"http", "endpoint:s pollInterval:d pollTimeout:d headers:m maxResponseBodySize:i" GP_TLS},
    {"rest", "insecure:b"},
    {"knative",
     "namespaces:l publicEntrypoints:l privateEntrypoints:l publicService{name:s namespace:s}"
     " privateService{name:s namespace:s}" GP_KUBERNETES},
    {"kubernetesIngressNGINX",
     "ingressClass:s controllerClass:s watchIngressWithoutClass:b ingressClassByName:b "
     "watchNamespace:s"
     " watchNamespaceSelector:s publishService:s publishStatusAddress:l defaultBackendService:s"
     " disableSvcExternalName:b proxyConnectTimeout:i proxyReadTimeout:i proxySendTimeout:i "
     "proxyRequestBuffering:b"
     " clientBodyBufferSize:i proxyBodySize:i proxyBuffering:b proxyBufferSize:i "
     "proxyBuffersNumber:i"
     " proxyNextUpstream:s proxyNextUpstreamTries:i proxyNextUpstreamTimeout:i "
     "upstreamKeepaliveTimeout:i"
     " customHTTPErrors:l allowCrossNamespaceResources:b allowSnippetAnnotations:b "
     "globalAllowedResponseHeaders:l"
     " globalAuthURL:s httpEntryPoint:s httpsEntryPoint:s strictValidatePathType:b"
     " ipAllowListStrategy{depth:i excludedIPs:l ipv6Subnet:i}" GP_KUBERNETES},
};

const Schema<FileProviderConfig>& file_schema() {
  static const Schema<FileProviderConfig> schema = [] {
    Schema<FileProviderConfig> s;
    s.field("filename", &FileProviderConfig::filename, "string");
    s.field("directory", &FileProviderConfig::directory, "string");
    s.field("watch", &FileProviderConfig::watch, "bool", "true");
    accept_fields(s, "debugLogGeneratedTemplate:b");
    return s;
  }();
  return schema;
}

Schema<K> kubernetes_base() {
  Schema<K> s;
  s.field("namespaces", &K::namespaces, "list of strings");
  s.field("nativeLBByDefault", &K::native_lb_by_default, "bool", "false");
  s.custom("crossProviderNamespaces", "list of strings",
           [](const Value& v, K& k, DecodeContext& c) {
             read_value(v, k.cross_provider_namespaces, c);
           });
  s.fields.back().shape = Shape::list;
  accept_fields(s, GP_KUBERNETES);
  return s;
}

const Schema<K>& crd_schema() {
  static const Schema<K> schema = [] {
    Schema<K> s = kubernetes_base();
    s.field("ingressClass", &K::ingress_class, "string");
    s.field("allowCrossNamespace", &K::allow_cross_namespace, "bool", "false");
    s.field("allowExternalNameServices", &K::allow_external_name_services, "bool", "false");
    s.field("allowEmptyServices", &K::allow_empty_services, "bool", "false");
    s.field("safeNaming", &K::safe_naming, "bool", "false");
    accept_fields(s, "disableClusterScopeResources:b defaultTLSResourcesNamespace:s");
    return s;
  }();
  return schema;
}

const Schema<K>& ingress_schema() {
  static const Schema<K> schema = [] {
    Schema<K> s = kubernetes_base();
    s.field("ingressClass", &K::ingress_class, "string");
    s.field("allowExternalNameServices", &K::allow_external_name_services, "bool", "false");
    s.field("allowEmptyServices", &K::allow_empty_services, "bool", "false");
    s.field("strictPrefixMatching", &K::strict_prefix_matching, "bool", "false");
    accept_fields(s,
                  "disableClusterScopeResources:b disableIngressClassLookup:b"
                  " ingressEndpoint{ip:s hostname:s publishedService:s}");
    return s;
  }();
  return schema;
}

const Schema<K>& gateway_schema() {
  static const Schema<K> schema = [] {
    Schema<K> s = kubernetes_base();
    accept_fields(s,
                  "experimentalChannel:b statusAddress{ip:s hostname:s service{name:s "
                  "namespace:s}} qps:i burst:i"
                  " gateways[name:s namespace:s]");
    return s;
  }();
  return schema;
}

void kubernetes_field(Schema<StaticConfig>& s, std::string_view name,
                      std::optional<K> StaticConfig::*member, const Schema<K>& schema) {
  s.custom(name, "object", [member, &schema](const Value& v, StaticConfig& o, DecodeContext& c) {
    K& k = (o.*member).emplace();
    k.span = v.span;
    schema.decode(v, &k, c);
  });
  s.child(Shape::object, schema).allow_empty();
}

void add_other(Schema<StaticConfig>& s, std::string_view name, const ObjectSchema& schema) {
  s.custom(name, "object", [name, &schema](const Value& v, StaticConfig& o, DecodeContext& c) {
    o.other_providers.emplace_back(std::string(name), v.span);
    schema.decode(v, nullptr, c);
    const Value* insecure = name == "rest" ? v.find_nocase("insecure") : nullptr;
    if (insecure) o.rest_insecure = parse_bool(insecure->str()).value_or(false);
  });
  s.child(Shape::object, schema).allow_empty();
}

}  // namespace

void check_precedence(const std::vector<Text>& names, StaticConfig& out, DecodeContext& c) {
  for (const Text& t : names) {
    const std::string lower = text::to_lower(t.value);
    if (std::find(std::begin(provider_names), std::end(provider_names), lower) ==
        std::end(provider_names)) {
      Value at;
      at.span = t.span;
      const auto near = text::nearest(lower, provider_names);
      c.error("GP0203", at, "provider " + text::quote(t.value) + " is not a valid provider name",
              near ? "did you mean `" + *near + "`?"
                   : "use the names behind the @ of Traefik's object names");
    }
    out.precedence.push_back(lower);
  }
}

const Schema<StaticConfig>& providers_schema() {
  static const std::vector<std::unique_ptr<ObjectSchema>> others = [] {
    std::vector<std::unique_ptr<ObjectSchema>> v;
    for (const OtherProvider& p : other_providers) v.push_back(accepted_schema(p.fields));
    return v;
  }();
  static const Schema<StaticConfig> schema = [] {
    Schema<StaticConfig> s;
    s.field("providersThrottleDuration", &StaticConfig::providers_throttle, "duration", "2s");
    s.custom("precedence", "list of strings",
             [](const Value& v, StaticConfig& o, DecodeContext& c) {
               std::vector<Text> names;
               read_value(v, names, c);
               check_precedence(names, o, c);
             });
    s.fields.back().shape = Shape::list;
    s.custom("file", "object", [](const Value& v, StaticConfig& o, DecodeContext& c) {
      o.file.emplace().span = v.span;
      file_schema().decode(v, &*o.file, c);
    });
    s.child(Shape::object, file_schema());
    kubernetes_field(s, "kubernetesCRD", &StaticConfig::kubernetes_crd, crd_schema());
    kubernetes_field(s, "kubernetesIngress", &StaticConfig::kubernetes_ingress, ingress_schema());
    kubernetes_field(s, "kubernetesGateway", &StaticConfig::kubernetes_gateway, gateway_schema());
    for (size_t i = 0; i < others.size(); ++i) add_other(s, other_providers[i].name, *others[i]);
    s.custom("plugin", "map", [](const Value& v, StaticConfig& o, DecodeContext&) {
      o.other_providers.emplace_back("plugin", v.span);
    });
    s.fields.back().shape = Shape::map;
    accept_fields(s, "marathon:x rancher:x");
    return s;
  }();
  return schema;
}

}  // namespace gateproof::config
