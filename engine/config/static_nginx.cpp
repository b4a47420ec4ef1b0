// The block `providers.kubernetesIngressNGINX` (catalogue 6.7).
#include "engine/config/accepted.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

using N = NginxProviderConfig;

void proxy_fields(Schema<N>& s) {
  s.field("globalAuthURL", &N::global_auth_url, "string");
  s.field("proxyRequestBuffering", &N::request_buffering, "bool", "false");
  s.field("clientBodyBufferSize", &N::client_body_buffer, "int", "16384");
  s.field("proxyBodySize", &N::body_size, "int", "1048576");
  s.field("proxyBuffering", &N::response_buffering, "bool", "false");
  s.field("proxyBufferSize", &N::buffer_size, "int", "8192");
  s.field("proxyBuffersNumber", &N::buffers, "int", "4");
  s.field("proxyConnectTimeout", &N::connect_timeout, "int", "60");
  s.field("upstreamKeepaliveTimeout", &N::keepalive_timeout, "int", "60");
  s.field("proxyNextUpstream", &N::next_upstream, "string", "error timeout");
  s.field("proxyNextUpstreamTries", &N::next_upstream_tries, "int", "3");
  s.field("proxyNextUpstreamTimeout", &N::next_upstream_timeout, "int", "0");
  s.field("customHTTPErrors", &N::custom_http_errors, "list of strings");
  s.field("globalAllowedResponseHeaders", &N::allowed_response_headers, "list of strings");
  s.field("proxyReadTimeout", &N::read_timeout, "int", "60");
  s.field("proxySendTimeout", &N::send_timeout, "int", "60");
}

}  // namespace

const Schema<NginxProviderConfig>& nginx_schema() {
  static const Schema<N> schema = [] {
    Schema<N> s;
    s.inlined(&N::cluster, api_server_schema());
    s.field("ingressClass", &N::ingress_class, "string", "nginx");
    s.field("controllerClass", &N::controller_class, "string", "k8s.io/ingress-nginx");
    s.field("watchIngressWithoutClass", &N::without_class, "bool", "false");
    s.field("ingressClassByName", &N::class_by_name, "bool", "false");
    s.custom("watchNamespace", "string", [](const Value& v, N& n, DecodeContext& c) {
      Text ns;
      read_value(v, ns, c);
      if (!ns.value.empty()) n.cluster.namespaces.push_back(std::move(ns));
    });
    s.field("watchNamespaceSelector", &N::namespace_selector, "string");
    s.field("defaultBackendService", &N::default_backend, "string");
    s.field("disableSvcExternalName", &N::disable_external_name, "bool", "false");
    s.field("httpEntryPoint", &N::http_entry_point, "string");
    s.field("httpsEntryPoint", &N::https_entry_point, "string");
    s.field("allowCrossNamespaceResources", &N::cross_namespace, "bool", "false");
    s.field("allowSnippetAnnotations", &N::snippets, "bool", "false");
    s.field("strictValidatePathType", &N::strict_path_type, "bool", "true");
    static const std::unique_ptr<ObjectSchema> strategy =
        accepted_schema("depth:i excludedIPs:l ipv6Subnet:i");
    s.custom("ipAllowListStrategy", "object", [](const Value& v, N& n, DecodeContext& c) {
      strategy->decode(v, nullptr, c);
      n.ip_strategy = v;
    });
    s.child(Shape::object, *strategy);
    proxy_fields(s);
    s.field("publishService", &N::publish_service, "string");
    s.field("publishStatusAddress", &N::publish_addresses, "list of strings");
    return s;
  }();
  return schema;
}

}  // namespace gateproof::config
