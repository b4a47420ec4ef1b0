// The kinds that are read, with the shape of each. Core kinds are open: only what is read of them is checked. Sources: the
// CustomResourceDefinitions of traefik.io/v1alpha1 (catalogue 6.5), networking.k8s.io/v1, gateway.networking.k8s.io. Entries of
// lists are limited as in 1.7 of the latter, where versions differ by the largest one.
#include "engine/kubernetes/shapes.h"

namespace gateproof::kubernetes {

namespace {

#define GP_META \
  "apiVersion:s kind:s metadata!:{name:s namespace:s annotations:m labels:m *} status:a "
#define GP_REF "{name!:s namespace:s}"
#define GP_COOKIE "{name:s secure:b httpOnly:b sameSite:s maxAge:i path:s domain:s}"
#define GP_STICKY "{cookie:" GP_COOKIE "}"
#define GP_BALANCER \
  "name!:s kind:s namespace:s middlewares:[" GP_REF "] sticky:" GP_STICKY \
  " port:n scheme:s strategy:s passHostHeader:b responseForwarding:{flushInterval:s} " \
  "serversTransport:s weight:i nativeLB:b" \
  " nodePortLB:b healthCheck:{scheme:s mode:s path:s method:s status:i port:i interval:n " \
  "unhealthyInterval:n timeout:n" \
  " hostname:s followRedirects:b headers:m} passiveHealthCheck:{failureWindow:n " \
  "maxFailedAttempts:i}"
#define GP_TLS \
  "{secretName:s options:" GP_REF " store:" GP_REF " certResolver:s domains:[{main:s sans:[s]}]}"
#define GP_PARENT "{group:s kind:s namespace:s name!:s sectionName:s port:i}"
#define GP_BACKEND "group:s kind:s namespace:s name!:s port:i weight:i"
#define GP_MATCH_VALUE "[16 {type:s name!:s value!:s}]"
#define GP_LISTENER \
  "{name!:s hostname:s port!:i protocol!:s tls:{mode:s certificateRefs:[64 {group:s kind:s " \
  "name!:s namespace:s}] frontendValidation:a options:m} " \
  "allowedRoutes:{namespaces:{from:s selector:{matchLabels:m " \
  "matchExpressions:[{key!:s operator!:s values:[s]}]}} kinds:[8 {group:s kind!:s}]}}"
#define GP_ROUTE "parentRefs:[32 " GP_PARENT "] useDefaultGateways:s "

constexpr std::string_view traefik = "traefik.io";
constexpr std::string_view gateway = "gateway.networking.k8s.io";

constexpr KindInfo table[] = {
    {"", "ConfigMap", "v1", false, GP_META "data:m *"},
    {"", "Namespace", "v1", true, GP_META "*"},
    {"", "Node", "v1", true, GP_META "*"},
    {"", "Secret", "v1", false, GP_META "type:s data:m stringData:m *"},
    {"", "Service", "v1", false,
     GP_META "spec:{type:s clusterIP:s externalName:s selector:m ports:[{name:s port!:i "
             "targetPort:n nodePort:i protocol:s"
             " appProtocol:s *}] *} *"},
    {"discovery.k8s.io", "EndpointSlice", "v1", false,
     GP_META "addressType:s ports:[{name:s port:i protocol:s *}]"
             " endpoints:[{addresses:[s] conditions:{ready:b serving:b terminating:b} *}] *"},
    {gateway, "BackendTLSPolicy", "v1 v1alpha3", false,
     GP_META
     "spec!:{targetRefs!:[16 {group:s kind!:s name!:s sectionName:s}] validation!:{*} options:m}"},
    {gateway, "GRPCRoute", "v1", false,
     GP_META
     "spec:{" GP_ROUTE "hostnames:[16 s] rules:[16 {name:s matches:[64 {method:{type:s service:s "
     "method:s} headers:" GP_MATCH_VALUE "}] filters:[16 {type!:s *}] backendRefs:[16 {" GP_BACKEND
     " filters:[16 {type!:s *}]}] sessionPersistence:a}]}"},
    {gateway, "Gateway", "v1 v1beta1", false,
     GP_META "spec!:{gatewayClassName!:s listeners!:[64 " GP_LISTENER
             "] addresses:a infrastructure:a"
             " allowedListeners:a backendTLS:a tls:a defaultScope:s}"},
    {gateway, "GatewayClass", "v1 v1beta1", true,
     GP_META "spec!:{controllerName!:s parametersRef:a description:s}"},
    {gateway, "HTTPRoute", "v1 v1beta1", false,
     GP_META
     "spec:{" GP_ROUTE
     "hostnames:[16 s] rules:[16 {name:s matches:[64 {path:{type:s value:s} headers:" GP_MATCH_VALUE
     " queryParams:" GP_MATCH_VALUE
     " method:s}] filters:[16 {type!:s *}] backendRefs:[16 {" GP_BACKEND
     " filters:[16 {type!:s *}]}] timeouts:{request:s backendRequest:s} retry:a "
     "sessionPersistence:a}]}"},
    {gateway, "ListenerSet", "v1", false,
     GP_META "spec!:{parentRef!:{group:s kind:s namespace:s name!:s} listeners!:[64 " GP_LISTENER
             "]}"},
    {gateway, "ReferenceGrant", "v1 v1beta1", false,
     GP_META
     "spec!:{from!:[16 {group!:s kind!:s namespace!:s}] to!:[16 {group!:s kind!:s name:s}]}"},
    {gateway, "TCPRoute", "v1 v1alpha2", false,
     GP_META "spec!:{" GP_ROUTE "rules!:[16 {name:s backendRefs:[16 {" GP_BACKEND "}]}]}"},
    {gateway, "TLSRoute", "v1 v1alpha2 v1alpha3", false,
     GP_META "spec!:{" GP_ROUTE "hostnames:[1024 s] rules!:[16 {name:s backendRefs:[16 {" GP_BACKEND
             "}]}]}"},
    {gateway, "UDPRoute", "v1 v1alpha2", false,
     GP_META "spec!:{" GP_ROUTE "rules!:[16 {name:s backendRefs:[16 {" GP_BACKEND "}]}]}"},
    {"networking.k8s.io", "Ingress", "v1", false,
     GP_META "spec:{ingressClassName:s defaultBackend:{service:{name!:s port:{name:s number:i}} "
             "resource:a} tls:[{hosts:[s]"
             " secretName:s}] rules:[{host:s http:{paths!:[{path:s pathType!:s "
             "backend!:{service:{name!:s port:{name:s number:i}}"
             " resource:a}}]}}]}"},
    {"networking.k8s.io", "IngressClass", "v1", true, GP_META "spec:{controller:s parameters:a}"},
    {traefik, "IngressRoute", "v1alpha1", false,
     GP_META "spec!:{ingressClassName:s entryPoints:[s] routes!:[{match!:s kind:s priority:i "
             "syntax:s services:[{" GP_BALANCER "}] middlewares:[" GP_REF
             "] observability:{accessLogs:b metrics:b tracing:b traceVerbosity:s}}] tls:" GP_TLS
             " parentRefs:[" GP_REF "]}"},
    {traefik, "IngressRouteTCP", "v1alpha1", false,
     GP_META "spec!:{ingressClassName:s entryPoints:[s] routes!:[{match!:s priority:i syntax:s "
             "services:[{name!:s namespace:s port!:n"
             " weight:i terminationDelay:i proxyProtocol:{version:i} serversTransport:s tls:b "
             "nativeLB:b nodePortLB:b}]"
             " middlewares:[" GP_REF "]}] tls:{secretName:s passthrough:b options:" GP_REF
             " store:" GP_REF " certResolver:s domains:[{main:s sans:[s]}]}}"},
    {traefik, "IngressRouteUDP", "v1alpha1", false,
     GP_META "spec!:{ingressClassName:s entryPoints:[s] routes!:[{services:[{name!:s namespace:s "
             "port!:n weight:i nativeLB:b"
             " nodePortLB:b}]}]}"},
    {traefik, "Middleware", "v1alpha1", false, GP_META "spec!:{*}"},
    {traefik, "MiddlewareTCP", "v1alpha1", false,
     GP_META
     "spec!:{inFlightConn:{amount:i} ipWhiteList:{sourceRange:[s]} ipAllowList:{sourceRange:[s]}}"},
    {traefik, "ServersTransport", "v1alpha1", false,
     GP_META "spec!:{serverName:s insecureSkipVerify:b rootCAs:[{secret:s configMap:s}] "
             "rootCAsSecrets:[s] certificatesSecrets:[s]"
             " cipherSuites:[s] minVersion:s maxVersion:s maxIdleConnsPerHost:i "
             "forwardingTimeouts:{dialTimeout:n"
             " responseHeaderTimeout:n idleConnTimeout:n readIdleTimeout:n pingTimeout:n} "
             "disableHTTP2:b peerCertURI:s"
             " spiffe:{ids:[s] trustDomain:s}}"},
    {traefik, "ServersTransportTCP", "v1alpha1", false,
     GP_META "spec!:{dialTimeout:n dialKeepAlive:n terminationDelay:n proxyProtocol:{version:i} "
             "tls:{serverName:s"
             " insecureSkipVerify:b rootCAs:[{secret:s configMap:s}] rootCAsSecrets:[s] "
             "certificatesSecrets:[s] peerCertURI:s"
             " spiffe:{ids:[s] trustDomain:s}}}"},
    {traefik, "TLSOption", "v1alpha1", false,
     GP_META "spec!:{minVersion:s maxVersion:s cipherSuites:[s] curvePreferences:[s] "
             "clientAuth:{secretNames:[s] clientAuthType:s}"
             " sniStrict:b alpnProtocols:[s] disableSessionTickets:b preferServerCipherSuites:b}"},
    {traefik, "TLSStore", "v1alpha1", false,
     GP_META "spec!:{defaultCertificate:{secretName!:s} defaultGeneratedCert:{resolver:s "
             "domain:{main:s sans:[s]}}"
             " certificates:[{secretName!:s}]}"},
    {traefik, "TraefikService", "v1alpha1", false,
     GP_META "spec!:{weighted:{services:[{" GP_BALANCER "}] sticky:" GP_STICKY
             "} mirroring:{" GP_BALANCER " mirrors:[{" GP_BALANCER
             " percent:i}] mirrorBody:b maxBodySize:i} highestRandomWeight:{services:[{" GP_BALANCER
             "}]} failover:{service:{" GP_BALANCER "} fallback:{" GP_BALANCER
             "} errors:{status:[s] maxRequestBodyBytes:i}}}"},
};

}  // namespace

std::span<const KindInfo> kinds() { return table; }

const KindInfo* find_kind(std::string_view group, std::string_view kind) {
  for (const KindInfo& k : table) {
    if (k.group == group && k.kind == kind) return &k;
  }
  return nullptr;
}

}  // namespace gateproof::kubernetes
