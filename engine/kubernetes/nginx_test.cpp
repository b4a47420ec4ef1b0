// Ingresses with annotations of ingress-nginx; conformance/kubernetes/answers/17-nginx.yaml has what the binary answers.
#include "engine/kubernetes/nginx.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;

constexpr const char* around = R"(
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: k8s.io/ingress-nginx}}
---
{apiVersion: v1, kind: Service, metadata: {name: shop}, spec: {ports: [{name: http, port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, labels: {kubernetes.io/service-name: shop}}, addressType: IPv4,
 ports: [{name: http, port: 8080}], endpoints: [{addresses: [10.0.0.1]}]}
---
)";

std::string ingress(std::string_view annotations, std::string_view path = "/",
                    std::string_view type = "Prefix") {
  return std::string(around) +
         "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, annotations: {" +
         std::string(annotations) +
         "}}, spec: {ingressClassName: nginx, rules: [{host: a.test, http: {paths: [{path: '" +
         std::string(path) + "', pathType: " + std::string(type) +
         ", backend: {service: {name: shop, port: {number: 80}}}}]}}]}}\n";
}

config::StaticConfig nginx_alone() {
  config::StaticConfig s;
  s.kubernetes_nginx.emplace();
  s.entry_points["web"].address.value = ":80";
  s.entry_points["websecure"].tls.emplace();
  return s;
}

TEST(Nginx, EachPathHasTwoRouters) {
  const config::StaticConfig s = nginx_alone();
  const Translated t(ingress(""), &s);
  const auto& routers = t.result.config.routers;
  ASSERT_TRUE(routers.contains("default-i-rule-0-path-0@kubernetesingressnginx"));
  const auto& plain = routers.at("default-i-rule-0-path-0@kubernetesingressnginx");
  EXPECT_EQ(plain.rule.value, "Host(\"a.test\") && PathPrefix(\"/\")");
  ASSERT_EQ(plain.entry_points.size(), 1u);
  EXPECT_EQ(plain.entry_points[0].value, "web");
  const auto& secure = routers.at("default-i-rule-0-path-0-tls@kubernetesingressnginx");
  EXPECT_TRUE(secure.tls && secure.entry_points.empty());
  const auto& lb =
      *t.result.config.services.at("default-i-shop-80@kubernetesingressnginx").load_balancer;
  EXPECT_EQ(lb.servers.at(0).url.value, "http://10.0.0.1:8080");
  EXPECT_EQ(lb.servers_transport.value, "default-i@kubernetesingressnginx");
}

TEST(Nginx, RulesOfPaths) {
  const struct {
    const char *annotations, *path, *type, *rule;
  } rows[] = {
      {"", "/b", "Prefix", "(Path(\"/b\") || PathPrefix(\"/b/\"))"},
      {"", "/b/", "ImplementationSpecific", "(Path(\"/b\") || PathPrefix(\"/b/\"))"},
      {"", "/b", "Exact", "Path(\"/b\")"},
      {"nginx.ingress.kubernetes.io/use-regex: 'true'", "/b(.*)", "ImplementationSpecific",
       "PathRegexp(\"(?i)^/b(.*)\")"},
      {"nginx.ingress.kubernetes.io/rewrite-target: /x", "/b", "Prefix", "PathRegexp(\"(?i)^/b\")"},
  };
  const config::StaticConfig s = nginx_alone();
  for (const auto& row : rows) {
    const Translated t(ingress(row.annotations, row.path, row.type), &s);
    const auto& routers = t.result.config.routers;
    ASSERT_TRUE(routers.contains("default-i-rule-0-path-0@kubernetesingressnginx")) << row.rule;
    EXPECT_EQ(routers.at("default-i-rule-0-path-0@kubernetesingressnginx").rule.value,
              "Host(\"a.test\") && " + std::string(row.rule));
  }
}

TEST(Nginx, WhatIsRefusedSkipsTheIngress) {
  const struct {
    const char *annotations, *path, *message;
  } rows[] = {
      {"", "/a.*", "regex characters not allowed for pathType Prefix"},
      {"nginx.ingress.kubernetes.io/configuration-snippet: x", "/",
       "snippet annotations are not allowed"},
      {"nginx.ingress.kubernetes.io/auth-type: odd", "/", "invalid auth-type \"odd\""},
      {"nginx.ingress.kubernetes.io/auth-tls-secret: lost", "/",
       "auth-tls-secret must be in namespace/name format"},
  };
  const config::StaticConfig s = nginx_alone();
  for (const auto& row : rows) {
    const Translated t(ingress(row.annotations, row.path), &s);
    EXPECT_TRUE(t.result.config.routers.empty()) << row.message;
    ASSERT_EQ(t.found().size(), 1u) << row.message;
    EXPECT_NE(t.found()[0].find(row.message), std::string::npos) << t.found()[0];
  }
}

TEST(Nginx, WithoutStaticConfigurationItCountsWhereAnIngressIsIts) {
  EXPECT_TRUE(
      Translated(ingress(""))
          .result.config.routers.contains("default-i-rule-0-path-0@kubernetesingressnginx"));
  EXPECT_TRUE(Translated(around).result.config.services.empty());
}

TEST(Nginx, WithPassthroughOnlyPlainRequestsHaveARouter) {
  const config::StaticConfig s = nginx_alone();
  const Translated t(ingress("nginx.ingress.kubernetes.io/ssl-passthrough: 'true'"), &s);
  EXPECT_EQ(t.result.config.routers.size(), 1u);
  EXPECT_TRUE(t.result.config.routers.contains("default-i-rule-0-path-0@kubernetesingressnginx"));
  EXPECT_EQ(t.result.config.tcp.routers.size(), 1u);
}

TEST(Nginx, OptionsCountForTheDefaultBackendToo) {
  const config::StaticConfig s = nginx_alone();
  const std::string with_default =
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: "
      "{nginx.ingress.kubernetes.io/auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: "
      "users}}\nspec: {ingressClassName: nginx, defaultBackend: {service: {name: shop, port: "
      "{number: 80}}}, rules: [{host: a.test}]}\n";
  const std::string name = "default-i-default-backend@kubernetesingressnginx";
  EXPECT_FALSE(Translated(around + with_default, &s).result.config.routers.contains(name));
  const Translated t(around + with_default +
                         "---\n{apiVersion: v1, kind: Secret, metadata: {name: users}, stringData: "
                         "{auth: 'u:x'}}\n",
                     &s);
  ASSERT_TRUE(t.result.config.routers.contains(name));
  EXPECT_EQ(t.result.config.routers.at(name).middlewares.at(0).value,
            "default-i-default-backend-basic-auth@kubernetesingressnginx");
}

TEST(Nginx, TimeoutsOfConnections) {
  config::StaticConfig s = nginx_alone();
  s.kubernetes_nginx->send_timeout = 7;
  using std::chrono::seconds;
  const struct {
    const char* annotations;
    int64_t read, write;
  } rows[] = {
      {"", 60, 7},
      {"nginx.ingress.kubernetes.io/proxy-read-timeout: '3'", 3, 7},
      {"nginx.ingress.kubernetes.io/proxy-send-timeout: '0'", 60, 0},
      {"nginx.ingress.kubernetes.io/proxy-read-timeout: 3s", 60, 7},
  };
  for (const auto& row : rows) {
    const Translated t(ingress(row.annotations), &s);
    const auto& transport =
        t.result.config.servers_transports.at("default-i@kubernetesingressnginx");
    EXPECT_EQ(transport.read_timeout, seconds(row.read)) << row.annotations;
    EXPECT_EQ(transport.write_timeout, seconds(row.write)) << row.annotations;
    EXPECT_EQ(transport.response_header_timeout, seconds(0));
  }
}

TEST(Nginx, SelectorChoosesNamespaces) {
  const std::string namespaces =
      "---\n{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {team: a}}}\n---\n"
      "{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {team: b}}}\n";
  const struct {
    const char* selector;
    bool served;
  } rows[] = {{"team=a", true},  {"team in (b,c)", false},
              {"!team", false},  {"kubernetes.io/metadata.name=default", true},
              {"nobody", false}, {"=", false}};
  for (const auto& row : rows) {
    config::StaticConfig s = nginx_alone();
    s.kubernetes_nginx->namespace_selector = row.selector;
    const Translated t(ingress("") + namespaces, &s);
    EXPECT_EQ(t.result.config.routers.contains("default-i-rule-0-path-0@kubernetesingressnginx"),
              row.served)
        << row.selector;
  }
}

TEST(Nginx, TellsWhatIsServed) {
  config::Findings findings;
  ObjectStore store;
  testing::add_yaml(store, ingress(""), findings);
  testing::add_yaml(store,
                    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: empty}, "
                    "spec: {ingressClassName: nginx}}\n---\n"
                    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: theirs}, "
                    "spec: {ingressClassName: x, defaultBackend: {service: {name: shop, port: "
                    "{number: 80}}}}}\n",
                    findings);
  const config::NginxProviderConfig options;
  const Context c{store, options.cluster, nginx_provider, "p", findings};
  const testing::TestTypes types;
  std::vector<const Object*> served;
  translate_nginx({c, options, types, {}}, &served);
  ASSERT_EQ(served.size(), 1u);
  EXPECT_EQ(served[0]->name, "i");
}

TEST(Nginx, Sizes) {
  EXPECT_EQ(nginx_bytes("8m"), 8 << 20);
  EXPECT_EQ(nginx_bytes(" 1 K "), 1024);
  EXPECT_EQ(nginx_bytes("0"), 0);
  EXPECT_EQ(nginx_bytes("7b"), 7);
  for (const char* bad : {"", "m", "1x", "-1", "1mm", "99999999999999999999g"})
    EXPECT_EQ(nginx_bytes(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace gateproof::kubernetes
