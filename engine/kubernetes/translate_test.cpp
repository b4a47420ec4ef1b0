#include "engine/kubernetes/translate.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;
using Found = std::vector<std::string>;

// The guide's manifests, as recorded in conformance/kubernetes/cases/guide.
struct Guide {
  explicit Guide(bool with_added, const config::StaticConfig* statics = nullptr) {
    const std::string folder = std::string(GP_SOURCE_DIR) + "/conformance/kubernetes/cases/guide/";
    for (const char* name : {"dashboard", "gateway", "ingress", "ingressroute", "middlewares",
                             "secure-api", "services"}) {
      if (std::string_view(name) == "services" && !with_added) continue;
      std::ifstream in(folder + name + ".yaml");
      std::stringstream text;
      text << in.rdbuf();
      testing::add_yaml(store, text.str(), findings, std::string(name) + ".yaml");
    }
    result = translate(store, statics, testing::TestTypes(), findings);
    for (const config::Finding& f : findings.list()) {
      if (!f.code.starts_with("GP1121"))
        found.push_back(f.code + " " + f.span.to_string() + " " + f.object);
    }
  }
  ObjectStore store;
  config::Findings findings;
  Translation result;
  Found found;
};

TEST(Guide, WithWhatItLeavesOut) {
  const Guide g(true);
  // README, fault 4; faults 2 and 3 are those of references, which the snapshot builder finds.
  EXPECT_EQ(g.found, (Found{"GP0802 gateway.yaml:25:19 Gateway traefik/traefik-gateway",
                            "GP0810 gateway.yaml:34:13 HTTPRoute default/my-app-route"}));
  EXPECT_EQ(g.result.config.routers.size(), 4u);
  const config::RouterConfig& ingress =
      g.result.config.routers.at("default-my-app-app-example-com@kubernetes");
  ASSERT_EQ(ingress.middlewares.size(), 1u);
  EXPECT_EQ(ingress.middlewares[0].value, "default-auth@kubernetescrd");
  EXPECT_EQ(ingress.middlewares[0].span.to_string(), "ingress.yaml:7:55");
  EXPECT_EQ(ingress.priority.value, 0);
  const auto& api = g.result.config.routers.at("default-my-app-7f6373e84c8ef1f58f9f@kubernetescrd");
  EXPECT_EQ(api.priority.value, 10);
  EXPECT_EQ(api.priority.span.to_string(), "ingressroute.yaml:12:17");
  // Fault 1: the hash is for another room to judge; its place is here.
  ASSERT_EQ(g.result.users.size(), 1u);
  EXPECT_EQ(g.result.users[0].secret, "Secret default/dashboard-auth-secret");
  EXPECT_EQ(g.result.users[0].middleware, "default-api-auth@kubernetescrd");
  EXPECT_EQ(g.result.users[0].users[0].value, "admin:$apr1$abcd1234$encryptedpasswordhash");
  EXPECT_EQ(g.result.users[0].users[0].span.to_string(), "middlewares.yaml:10:5");
}

TEST(Guide, WithoutWhatItLeavesOut) {
  const Guide g(false);
  EXPECT_EQ(g.found, (Found{"GP0710 ingressroute.yaml:17:17 IngressRoute default/my-app",
                            "GP0710 secure-api.yaml:18:17 IngressRoute default/secure-api",
                            "GP0708 ingress.yaml:10:21 Ingress default/my-app",
                            "GP0802 gateway.yaml:25:19 Gateway traefik/traefik-gateway",
                            "GP0812 gateway.yaml:44:17 HTTPRoute default/my-app-route",
                            "GP0810 gateway.yaml:34:13 HTTPRoute default/my-app-route"}));
}

TEST(Guide, PortsThatNoEntryPointHas) {
  config::StaticConfig statics;
  statics.kubernetes_gateway.emplace();
  statics.entry_points["web"].address.value = ":8000";
  statics.entry_points["websecure"].address.value = ":8443";
  const Guide g(true, &statics);
  EXPECT_EQ(g.found, (Found{"GP0729 dashboard.yaml:4:9 IngressRoute traefik/traefik-dashboard",
                            "GP0729 ingress.yaml:4:9 Ingress default/my-app",
                            "GP0801 gateway.yaml:18:13 Gateway traefik/traefik-gateway",
                            "GP0801 gateway.yaml:21:13 Gateway traefik/traefik-gateway",
                            "GP0810 gateway.yaml:34:13 HTTPRoute default/my-app-route"}));
  EXPECT_TRUE(g.result.config.routers.empty());
}

// Fault 4, last sentence: where the route would be served once it is allowed.
TEST(Guide, ListenersThatWouldServeTheRoute) {
  const Guide g(true);
  ASSERT_EQ(g.result.gateway.routes.size(), 1u);
  const ParentView& p = g.result.gateway.routes[0].parents.at(0);
  EXPECT_EQ(p.accepted.to_string(), "Accepted=False NotAllowedByListeners");
  EXPECT_EQ(p.selected, (std::vector<size_t>{0, 1}));
  EXPECT_TRUE(p.attached.empty());
  EXPECT_EQ(g.result.gateway.gateways[p.gateway].listeners[0].protocol, "HTTP");
}

TEST(Translate, NothingIsLookedAtWithoutAProvider) {
  config::StaticConfig statics;
  const Guide g(true, &statics);
  EXPECT_TRUE(g.findings.list().empty());
  EXPECT_TRUE(g.result.config.routers.empty());
}

constexpr const char* back = R"(apiVersion: v1
kind: Service
metadata: {name: back}
spec: {selector: {app: back}, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: back-1, labels: {kubernetes.io/service-name: back}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
---
)";  // 12 lines

struct Row {
  const char* clause;
  const char* yaml;  // behind `back`, so its first line is 13
  Found found;
};

const Row rows[] = {
    {"a sound route",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\n"
     "spec: {routes: [{match: \"Path(`/`)\", kind: Rule, services: [{name: back, port: 80}]}]}\n",
     {}},
    {"a port in quotes is a name",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\n"
     "spec: {routes: [{match: \"Path(`/`)\", kind: Rule, services: [{name: back, port: "
     "\"80\"}]}]}\n",
     {"GP0711@16: service port not found: 80: the route is dropped"}},
    {"a Service whose slice is for the cluster to make",
     "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {selector: {a: b}, ports: "
     "[{port: 80}]}\n---\n"
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\n"
     "spec: {routes: [{match: \"Path(`/`)\", kind: Rule, services: [{name: other, port: 80}]}]}\n",
     {"GP0713@21: no servers found for default/other among these files, and a cluster would make "
      "the EndpointSlice: the "
      "route is dropped"}},
    {"a Service that nothing makes endpoints for",
     "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {ports: [{port: 80}]}\n---\n"
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\n"
     "spec: {routes: [{match: \"Path(`/`)\", kind: Rule, services: [{name: other, port: 80}]}]}\n",
     {"GP0712@21: no servers found for default/other: the route is dropped"}},
    {"names of two objects collide",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: a.b}\nspec: {addPrefix: "
     "{prefix: /a}}\n---\n"
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: a-b}\nspec: {addPrefix: "
     "{prefix: /b}}\n",
     {"GP0720@20: Name collision: middleware \"default-a-b@kubernetescrd\" is also made by "
      "test.yaml:15:18, which is "
      "overridden"}},
    {"a text of a middleware written as a number",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\n"
     "spec: {redirectScheme: {scheme: https, port: 443}}\n",
     {"GP0706@16: spec.redirectScheme.port has to be a text: the API server refuses the object: "
      "the Middleware is dropped, "
      "and every router that uses it is disabled"}},
    {"a boolean in quotes",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\n"
     "spec: {redirectScheme: {scheme: https, permanent: \"true\"}}\n",
     {"GP0706@16: spec.redirectScheme.permanent has to be true or false, without quotes: the API "
      "server refuses the object: "
      "the Middleware is dropped, and every router that uses it is disabled"}},
    {"an unknown option is pruned",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {addPrefix: "
     "{prefix: /a, prefx: /b}}\n",
     {"GP0101@16: field not found, node: prefx"}},
    {"an unknown type",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {stripprefix: "
     "{prefixes: [/a]}}\n",
     {"GP0705@16: unknown field \"spec.stripprefix\": `kubectl` refuses it, and the API server "
      "drops it without a word",
      "GP0724@15: the Middleware has no type: every router that uses it is disabled"}},
    {"users in the object",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {basicAuth: "
     "{users: [\"a:b\"]}}\n",
     {"GP0705@16: unknown field \"spec.basicAuth.users\": the CRD takes users from a Secret only",
      "GP0722@16: auth secret must be set: the Middleware is dropped, and every router that uses "
      "it is disabled"}},
    {"a chain as a file writes it",
     "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {chain: "
     "{middlewares: [other]}}\n",
     {"GP0706@16: spec.chain.middlewares has to be a list of objects with a name: the Middleware "
      "is dropped, and every "
      "router that uses it is disabled"}},
    {"two default TLSOptions",
     "apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default}\nspec: {}\n---\n"
     "apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default, namespace: "
     "b}\nspec: {}\n",
     {"GP0730@15: Default TLS Options defined in multiple namespaces: [default b]: none is taken",
      "GP0730@20: Default TLS Options defined in multiple namespaces: [default b]: none is taken"}},
    {"an Ingress of another controller",
     "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: "
     "{controller: k8s.io/nginx}\n---\n"
     "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: "
     "{ingressClassName: nginx, rules: []}\n",
     {}},
    {"an annotation that was moved to the Service",
     "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n  annotations:\n"
     "    traefik.ingress.kubernetes.io/service.serversscheme: h2c\n"
     "    traefik.ingress.kubernetes.io/rule-type: Path\nspec: {rules: []}\n",
     {"GP0727@18: the annotation traefik.ingress.kubernetes.io/service.serversscheme has no effect "
      "on Ingress",
      "GP0727@19: the annotation traefik.ingress.kubernetes.io/rule-type has no effect on "
      "Ingress"}},
    {"an annotation with a slip",
     "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n  annotations:\n"
     "    traefik.ingress.kubernetes.io/router.middleware: a@file\nspec: {rules: []}\n",
     {"GP0726@18: field not found, node: middleware: the Ingress is skipped"}},
};

TEST(Translate, Rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.clause);
    const Translated t(std::string(back) + row.yaml);
    EXPECT_EQ(t.found(), row.found);
    for (const config::Finding& f : t.findings.list()) EXPECT_FALSE(f.remedy.empty()) << f.message;
  }
}

TEST(Translate, MiddlewareOptionsAreDecodedWithTheirSpans) {
  const Translated t(
      "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: c}\nspec:\n  chain:\n   "
      " middlewares:\n"
      "      - name: m\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: "
      "m}\n"
      "spec: {rateLimit: {average: 7, period: 2, burst: 3}}\n");
  const auto& chain = t.result.config.middlewares.at("default-c@kubernetescrd");
  ASSERT_EQ(chain.refs.size(), 1u);
  EXPECT_EQ(chain.refs[0].value, "default-m@kubernetescrd");
  EXPECT_EQ(chain.refs[0].span.to_string(), "test.yaml:7:15");
  const auto& limit = t.result.config.middlewares.at("default-m@kubernetescrd");
  const auto* options = static_cast<const testing::Options*>(limit.options.get());
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->average, 7);
  EXPECT_EQ(options->period, std::chrono::seconds(2));
}

TEST(Translate, ServersTransportAndCertificates) {
  const Translated t(
      "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t}\n"
      "spec: {forwardingTimeouts: {dialTimeout: 5, responseHeaderTimeout: 2s}}\n---\n"
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {tls.crt: c, tls.key: "
      "k}\n---\n"
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {tls: "
      "{secretName: s}, routes: []}\n");
  const auto& transport = t.result.config.servers_transports.at("default-t@kubernetescrd");
  EXPECT_EQ(transport.dial_timeout, std::chrono::seconds(5));
  EXPECT_EQ(transport.response_header_timeout, std::chrono::seconds(2));
  EXPECT_EQ(transport.max_idle_conns_per_host, 2);
  ASSERT_EQ(t.result.config.certificates.size(), 1u);
  EXPECT_EQ(t.result.config.certificates[0].cert_file.value, "c");
  EXPECT_EQ(t.result.config.certificates[0].key_file.value, "k");
}

std::string transport_yaml(const std::string& spec) {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: lone}\nstringData: {any: A}\n---\n"
         "apiVersion: v1\nkind: Secret\nmetadata: {name: two}\nstringData: {any: A, more: B}\n---\n"
         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {tls.ca: M, ca.crt: "
         "N}\n---\n"
         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lone}\ndata: {any: M}\n---\n"
         "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t}\nspec: {" +
         spec + "}\n";
}

TEST(Translate, AuthoritiesAndLimitsOfAServersTransport) {
  const std::tuple<const char*, const char*> cases[] = {
      {"rootCAs: [{secret: lone}]", "A  -"},
      {"rootCAsSecrets: [lone]", "A  -"},
      {"rootCAs: [{secret: two}]", "  -"},
      {"rootCAs: [{configMap: map}]", "M  -"},
      {"rootCAs: [{configMap: lone}]", "  -"},
      {"cipherSuites: [TLS_AES_128_GCM_SHA256]", " TLS_AES_128_GCM_SHA256 -"},
      {"cipherSuites: [TLS_AES_128_GCM_SHA256, odd]", "  -"},
      {"minVersion: Odd", "  -"},
      {"maxVersion: Odd", "  -"},
      {"minVersion: VersionTLS12, maxVersion: VersionTLS13", "  VersionTLS12-VersionTLS13"},
      {"minVersion: VersionTLS13, maxVersion: VersionTLS13", "  VersionTLS12-"},
      {"minVersion: VersionTLS12, maxVersion: Odd", "  VersionTLS12-"},
  };
  for (const auto& [spec, want] : cases) {
    const Translated t(transport_yaml(spec));
    const auto& tls = t.result.config.servers_transports.at("default-t@kubernetescrd").tls;
    std::string got;
    for (const auto& ca : tls.root_cas) got += ca.value;
    got += " ";
    for (const auto& suite : tls.cipher_suites) got += suite.value;
    EXPECT_EQ(got + " " + tls.min_version.value + "-" + tls.max_version.value, want) << spec;
  }
}

TEST(Translate, ACertificateIsInTheStoreThatNamesIt) {
  const Translated t(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {tls.crt: c, tls.key: k}\n"
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: q}\nstringData: {tls.crt: d, tls.key: "
      "k}\n---\n"
      "apiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: own}\nspec: "
      "{certificates: [{secretName: s}]}\n---\n"
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {tls: "
      "{secretName: s}, routes: []}\n---\n"
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: p}\nspec: {tls: "
      "{secretName: q}, routes: []}\n");
  std::string got;
  for (const auto& c : t.result.config.certificates) {
    got += c.cert_file.value + ":";
    for (const auto& store : c.stores) got += store.value;
    got += " ";
  }
  EXPECT_EQ(got, "c:default-own d: c:default-own ");
}

TEST(Translate, ReferencesAreNormalisedAndTlsOptionsAreNot) {
  const Translated t(
      "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\n"
      "spec: {chain: {middlewares: [{name: a.b}]}}\n");
  // References are normalised, and so is that to a TLSOption, whose own name keeps its dots: it is never found.
  EXPECT_EQ(t.result.config.middlewares.at("default-m@kubernetescrd").refs[0].value,
            "default-a-b@kubernetescrd");
  const Translated o(
      "apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: a.b}\nspec: {}\n---\n"
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {tls: "
      "{options: {name: a.b}}, routes: [{match: PathPrefix(`/`), kind: Rule}]}\n");
  EXPECT_TRUE(o.result.config.tls_options.contains("default-a.b@kubernetescrd"));
  ASSERT_EQ(o.result.config.routers.size(), 1u);
  EXPECT_EQ(o.result.config.routers.begin()->second.tls->options.value,
            "default-a-b@kubernetescrd");
}

TEST(Gateway, HostnamesMeet) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"a.example", "a.example", "a.example"},
      {"*.example", "a.example", "a.example"},
      {"a.example", "*.example", "a.example"},
      {"*.example", "a.b.example", "a.b.example"},
      {"*.example", "*.b.example", "*.b.example"},
      {"*.example", "example", ""},
      {"a.example", "b.example", ""},
      {"*.a.example", "*.b.example", ""},
  };
  for (const auto& [a, b, want] : cases)
    EXPECT_EQ(intersect_hostnames(a, b), want) << a << " " << b;
}

}  // namespace
}  // namespace gateproof::kubernetes
