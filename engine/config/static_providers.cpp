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
};

// Providers whose containers or pairs can be given as files.
constexpr OtherProvider container_providers[] = {
    {"docker",
     "endpoint:s allowEmptyServices:b watch:b username:s password:s httpClientTimeout:d swarmMode:x"
     " swarmModeRefreshSeconds:x" GP_TLS},
    {"swarm",
     "endpoint:s allowEmptyServices:b watch:b username:s password:s httpClientTimeout:d"
     " refreshSeconds:d" GP_TLS},
};
constexpr OtherProvider pair_providers[] = {
    {"consul", "endpoints:l token:s namespaces:l namespace:x" GP_TLS},
    {"etcd", "endpoints:l username:s password:s" GP_TLS},
    {"redis",
     "endpoints:l username:s password:s db:i sentinel{masterName:s username:s password:s "
     "latencyStrategy:b"
     " randomStrategy:b replicaStrategy:b useDisconnectedReplicas:b}" GP_TLS},
    {"zooKeeper", "endpoints:l username:s password:s"},
};

Schema<ContainerProviderConfig> container_schema(std::string_view rest) {
  using C = ContainerProviderConfig;
  Schema<C> s;
  s.field("exposedByDefault", &C::exposed_by_default, "bool", "true");
  s.field("defaultRule", &C::default_rule, "string", "Host(`{{ normalize .Name }}`)");
  s.field("constraints", &C::constraints, "string");
  s.field("network", &C::network, "string");
  s.field("useBindPortIP", &C::use_bind_port_ip, "bool", "false");
  accept_fields(s, rest);
  return s;
}

Schema<PairProviderConfig> pair_schema(std::string_view rest) {
  Schema<PairProviderConfig> s;
  s.field("rootKey", &PairProviderConfig::root_key, "string", "traefik");
  accept_fields(s, rest);
  return s;
}

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
  Schema<K> s = api_server_schema();
  s.field("labelSelector", &K::label_selector, "string");
  s.field("namespaces", &K::namespaces, "list of strings");
  s.field("nativeLBByDefault", &K::native_lb_by_default, "bool", "false");
  s.custom("crossProviderNamespaces", "list of strings",
           [](const Value& v, K& k, DecodeContext& c) {
             read_value(v, k.cross_provider_namespaces, c);
           });
  s.fields.back().shape = Shape::list;
  return s;
}

using StatusAddress = K::StatusAddress;

const Schema<StatusAddress>& ingress_endpoint_schema() {
  static const auto schema = Schema<StatusAddress>()
                                 .field("ip", &StatusAddress::ip, "string")
                                 .field("hostname", &StatusAddress::hostname, "string")
                                 .field("publishedService", &StatusAddress::service, "string");
  return schema;
}

const Schema<StatusAddress>& gateway_address_schema() {
  // Two fields that make one name.
  const auto part = [](bool name_space) {
    return [name_space](const Value& v, StatusAddress& a, DecodeContext&) {
      const size_t slash = a.service.find('/');
      std::string ns = slash == std::string::npos ? "" : a.service.substr(0, slash);
      std::string name = slash == std::string::npos ? a.service : a.service.substr(slash + 1);
      (name_space ? ns : name) = v.str();
      a.service = ns + "/" + name;
    };
  };
  static const auto service = Schema<StatusAddress>()
                                  .custom("name", "string", part(false))
                                  .custom("namespace", "string", part(true));
  static const auto schema = Schema<StatusAddress>()
                                 .field("ip", &StatusAddress::ip, "string")
                                 .field("hostname", &StatusAddress::hostname, "string")
                                 .group("service", service);
  return schema;
}

const Schema<K>& crd_schema() {
  static const Schema<K> schema = [] {
    Schema<K> s = kubernetes_base();
    s.field("ingressClass", &K::ingress_class, "string");
    s.field("allowCrossNamespace", &K::allow_cross_namespace, "bool", "false");
    s.field("allowExternalNameServices", &K::allow_external_name_services, "bool", "false");
    s.field("allowEmptyServices", &K::allow_empty_services, "bool", "false");
    s.field("safeNaming", &K::safe_naming, "bool", "false");
    s.field("disableClusterScopeResources", &K::disable_cluster_scope, "bool", "false");
    accept_fields(s, "defaultTLSResourcesNamespace:s");
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
    s.field("disableClusterScopeResources", &K::disable_cluster_scope, "bool", "false");
    s.object("ingressEndpoint", &K::status_address, ingress_endpoint_schema());
    accept_fields(s, "disableIngressClassLookup:b");
    return s;
  }();
  return schema;
}

const Schema<K::GatewayName>& gateway_name_schema() {
  static const auto schema = Schema<K::GatewayName>()
                                 .field("name", &K::GatewayName::name, "string")
                                 .field("namespace", &K::GatewayName::ns, "string");
  return schema;
}

const Schema<K>& gateway_schema() {
  static const Schema<K> schema = [] {
    Schema<K> s = kubernetes_base();
    s.object("statusAddress", &K::status_address, gateway_address_schema());
    s.field("experimentalChannel", &K::experimental_channel, "bool", "false");
    s.list("gateways", &K::gateways, gateway_name_schema());
    accept_fields(s, "qps:i burst:i");
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

// A provider that is noted as not acted on live, with the options that its files are read with.
template <class C>
void add_flat(Schema<StaticConfig>& s, std::string_view name,
              std::map<std::string, C> StaticConfig::*into, const Schema<C>& schema) {
  s.custom(name, "object",
           [name, into, &schema](const Value& v, StaticConfig& o, DecodeContext& c) {
             o.other_providers.emplace_back(std::string(name), v.span);
             C& provider = (o.*into)[text::to_lower(name)];
             provider.span = v.span;
             schema.decode(v, &provider, c);
           });
  s.child(Shape::object, schema).allow_empty();
}

template <class C>
std::vector<Schema<C>> schemas_of(std::span<const OtherProvider> providers,
                                  Schema<C> (*make)(std::string_view)) {
  std::vector<Schema<C>> out;
  for (const OtherProvider& p : providers) out.push_back(make(p.fields));
  return out;
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

const Schema<K>& api_server_schema() {
  static const auto schema = Schema<K>()
                                 .field("endpoint", &K::endpoint, "string")
                                 .field("token", &K::token, "string")
                                 .field("certAuthFilePath", &K::cert_auth_file, "string")
                                 .field("throttleDuration", &K::throttle, "duration", "0s");
  return schema;
}

const Schema<StaticConfig>& providers_schema() {
  static const std::vector<std::unique_ptr<ObjectSchema>> others = [] {
    std::vector<std::unique_ptr<ObjectSchema>> v;
    for (const OtherProvider& p : other_providers) v.push_back(accepted_schema(p.fields));
    return v;
  }();
  static const auto containers = schemas_of(container_providers, container_schema);
  static const auto pairs = schemas_of(pair_providers, pair_schema);
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
    s.custom("kubernetesIngressNGINX", "object",
             [](const Value& v, StaticConfig& o, DecodeContext& c) {
               NginxProviderConfig& n = o.kubernetes_nginx.emplace();
               n.cluster.span = v.span;
               nginx_schema().decode(v, &n, c);
               if (n.cluster.namespaces.empty() || n.namespace_selector.empty()) return;
               c.error("GP0203", v,
                       "watchNamespace and watchNamespaceSelector options are mutually exclusive",
                       "leave one of them out");
             });
    s.child(Shape::object, nginx_schema()).allow_empty();
    for (size_t i = 0; i < containers.size(); ++i)
      add_flat(s, container_providers[i].name, &StaticConfig::containers, containers[i]);
    for (size_t i = 0; i < pairs.size(); ++i)
      add_flat(s, pair_providers[i].name, &StaticConfig::pairs, pairs[i]);
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
