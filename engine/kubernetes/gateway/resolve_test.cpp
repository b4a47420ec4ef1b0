// The rows of conformance/gateway-status, and what a row cannot say: the model that is left to serve, and the limits.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/kubernetes/gateway/certificates.h"
#include "engine/kubernetes/gateway/features.h"
#include "engine/kubernetes/gateway/model.h"
#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes::gateway {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path rows_folder = fs::path(GP_SOURCE_DIR) / "conformance/gateway-status";

config::Document read_yaml(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  auto document =
      config::parse_document(text.str(), path.filename().string(), config::Format::yaml);
  EXPECT_TRUE(document) << path;
  return document ? std::move(*document) : config::Document();
}

std::string conditions_text(const json& conditions, int64_t generation) {
  std::string out;
  for (const json& c : conditions) {
    const std::string type = c["type"], reason = c["reason"];
    if (!out.empty()) out += ' ';
    if (c["status"] != "True") out += '!';
    out += type;
    if (c["status"] != "True" || reason != type) out += ":" + reason;
    EXPECT_EQ(c["observedGeneration"], generation) << type;
    EXPECT_FALSE(c["message"].get<std::string>().empty()) << type;
  }
  return out;
}

std::string ref_text(const json& ref) {
  std::string out = ref["name"];
  EXPECT_TRUE(ref.contains("group") && ref.contains("kind"));
  if (ref.contains("sectionName")) out += "/" + ref["sectionName"].get<std::string>();
  if (ref.contains("port")) out += ":" + std::to_string(ref["port"].get<int>());
  return out;
}

// Every status of a model as subject -> text.
std::map<std::string, std::string> texts_of(const Model& model) {
  std::map<std::string, std::string> out;
  for (const StatusUpdate& u : model.statuses) {
    const json status = json::parse(u.status);
    const std::string label =
        u.object.kind + " " + (u.object.ns.empty() ? "" : u.object.ns + "/") + u.object.name;
    std::string text = conditions_text(status.value("conditions", json::array()), u.generation);
    for (const json& a : status.value("addresses", json::array()))
      text += " address=" + a["value"].get<std::string>();
    if (status.contains("attachedListenerSets"))
      text += " sets=" + std::to_string(status["attachedListenerSets"].get<int>());
    EXPECT_TRUE(out.emplace(label, text).second) << "two updates of " << label;
    for (const json& l : status.value("listeners", json::array())) {
      std::string listener = conditions_text(l["conditions"], u.generation) + " kinds=";
      for (const json& k : l["supportedKinds"]) {
        if (!listener.ends_with('=')) listener += ',';
        listener += k["kind"].get<std::string>();
      }
      out[label + "#" + l["name"].get<std::string>()] =
          listener + " routes=" + std::to_string(l["attachedRoutes"].get<int>());
    }
    for (const json& p : status.value("parents", json::array()))
      out[label + "@" + ref_text(p["parentRef"])] = conditions_text(p["conditions"], u.generation);
    for (const json& a : status.value("ancestors", json::array()))
      out[label + "@" + ref_text(a["ancestorRef"])] =
          conditions_text(a["conditions"], u.generation);
  }
  return out;
}

struct Resolved {
  Resolved(const std::vector<std::string>& texts, const Options& options = {}) {
    for (const std::string& text : texts) testing::add_yaml(store, text, findings, "row.yaml");
    EXPECT_TRUE(findings.list().empty()) << findings.list().front().message;
    model = resolve(store, options, findings);
  }
  ObjectStore store;
  config::Findings findings;
  Model model;
};

std::vector<std::string> pieces(std::initializer_list<const char*> names) {
  static const config::Document all = read_yaml(rows_folder / "pieces.yaml");
  std::vector<std::string> out;
  for (const char* name : names) out.emplace_back(all.root.find(name)->str());
  return out;
}

void run_rows(const char* file) {
  const config::Document parts = read_yaml(rows_folder / "pieces.yaml");
  const config::Document rows = read_yaml(rows_folder / file);
  ASSERT_FALSE(rows.root.items.empty());
  for (const config::Value& row : rows.root.items) {
    SCOPED_TRACE(std::string(file) + ": " + text_at(&row, "clause"));
    ASSERT_FALSE(text_at(&row, "clause").empty());
    std::vector<std::string> texts;
    for (const config::Value& piece : items_at(&row, "use")) {
      ASSERT_TRUE(parts.root.find(piece.str())) << piece.str();
      texts.emplace_back(parts.root.find(piece.str())->str());
    }
    texts.push_back(text_at(&row, "objects"));
    Options options;
    if (const std::string version = text_at(&row, "version"); !version.empty())
      options.bundle_version = version;
    const Resolved r(texts, options);
    const auto found = texts_of(r.model);
    ASSERT_TRUE(row.find("expect"));
    for (const config::Value::Member& m : row.find("expect")->members) {
      const auto at = found.find(m.key);
      EXPECT_EQ(at == found.end() ? "none" : at->second, m.value.str()) << m.key;
    }
    for (const config::Finding& f : r.findings.list()) {
      EXPECT_TRUE(config::find_code(f.code)) << f.code;
      EXPECT_TRUE(f.span.known()) << f.message;
      EXPECT_FALSE(f.remedy.empty()) << f.message;
    }
  }
}

TEST(GatewayStatus, Gateways) { run_rows("gateways.yaml"); }
TEST(GatewayStatus, Listeners) { run_rows("listeners.yaml"); }
TEST(GatewayStatus, Routes) { run_rows("routes.yaml"); }
TEST(GatewayStatus, Backends) { run_rows("backends.yaml"); }
TEST(GatewayStatus, ListenerSets) { run_rows("listener-sets.yaml"); }
TEST(GatewayStatus, Policies) { run_rows("policies.yaml"); }
TEST(GatewayStatus, Extensions) { run_rows("extensions.yaml"); }

std::vector<std::string> with(std::initializer_list<const char*> names, const std::string& text) {
  std::vector<std::string> out = pieces(names);
  out.push_back(text);
  return out;
}

TEST(GatewayModel, BackendsHaveTheReadyEndpointsOfThePortsName) {
  const Resolved r(with({"class", "gateway", "service"}, R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: infra, creationTimestamp: "2024-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: web}]
  hostnames: ["*.Example.com"]
  rules:
  - name: first
    backendRefs: [{name: app, port: 8080, weight: 7}, {name: none, port: 1}]
    filters:
    - {type: RequestMirror, requestMirror: {fraction: {numerator: 1, denominator: 4}, backendRef: {name: app, port: 8080}}}
    - {type: RequestMirror, requestMirror: {percent: 20, backendRef: {name: app, port: 8080}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: none, port: 8080}}}
  - backendRefs: [{name: app, port: 8080, filters: [{type: RequestMirror, requestMirror: {}}]}]
  - filters: [{type: ExtensionRef}]
)"));
  ASSERT_EQ(r.model.routes.size(), 1u);
  const Route& route = r.model.routes[0];
  EXPECT_EQ(route.kind, "HTTPRoute");
  EXPECT_EQ(route.created, "2024-01-01T00:00:00Z");
  ASSERT_EQ(route.rules.size(), 3u);
  const Rule& rule = route.rules[0];
  EXPECT_EQ(rule.name, "first");
  EXPECT_EQ(rule.error_status, 0);
  ASSERT_EQ(rule.backends.size(), 2u);
  EXPECT_EQ(rule.backends[0].weight, 7);
  EXPECT_EQ(rule.backends[0].error_status, 0);
  // Of the slice only what is ready; its own port number.
  ASSERT_EQ(rule.backends[0].endpoints.size(), 2u);
  EXPECT_EQ(rule.backends[0].endpoints[0].ip, "127.102.0.1");
  EXPECT_EQ(rule.backends[0].endpoints[0].port, 3000);
  EXPECT_EQ(rule.backends[0].endpoints[1].ip, "127.102.0.3");
  EXPECT_EQ(rule.backends[1].error_status, 500);
  ASSERT_EQ(rule.mirrors.size(), 2u);
  EXPECT_EQ(rule.mirrors[0].numerator * 4, rule.mirrors[0].denominator);
  EXPECT_EQ(rule.mirrors[1].numerator, 20);
  EXPECT_EQ(rule.mirrors[1].denominator, 100);
  EXPECT_EQ(route.rules[1].error_status, 0);
  EXPECT_EQ(route.rules[1].backends[0].error_status, 500);
  EXPECT_EQ(route.rules[2].error_status, 500);
  ASSERT_EQ(route.attachments.size(), 1u);
  EXPECT_EQ(route.attachments[0].hostnames, std::vector<std::string>{"*.example.com"});
}

TEST(GatewayModel, HostnamesAreTheNarrowerOnesBesideWhatTheRouteSays) {
  const Resolved r(with({"class"}, R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: infra}
spec:
  gatewayClassName: gp
  listeners:
  - {name: exact, port: 1, protocol: HTTP, hostname: a.example.com}
  - {name: wild, port: 2, protocol: HTTP, hostname: "*.example.com"}
  - {name: any, port: 3, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: infra}
spec: {hostnames: ["*.com", b.example.com, b.example.com, other.test], parentRefs: [{name: web}], rules: [{}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: b, namespace: infra}
spec: {parentRefs: [{name: web}], rules: [{}]}
)"));
  using Names = std::vector<std::string>;
  ASSERT_EQ(r.model.routes.size(), 2u);
  const auto& a = r.model.routes[0].attachments;
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[0].hostnames, Names{"a.example.com"});
  EXPECT_EQ(a[0].original_hostnames, Names{"*.com"});
  EXPECT_EQ(a[1].hostnames, (Names{"*.example.com", "b.example.com"}));
  EXPECT_EQ(a[1].original_hostnames, (Names{"*.com", "b.example.com"}));
  EXPECT_EQ(a[2].hostnames, (Names{"*.com", "b.example.com", "other.test"}));
  const auto& b = r.model.routes[1].attachments;
  EXPECT_EQ(b[1].hostnames, Names{"*.example.com"});
  EXPECT_EQ(b[1].original_hostnames, Names{""});
  EXPECT_TRUE(b[2].hostnames.empty());
}

TEST(GatewayModel, TlsToBackendsIsThatOfThePolicyThatDecides) {
  const std::string route = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: infra}
spec: {parentRefs: [{name: web}], rules: [{backendRefs: [{name: app, port: 8080}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: all, namespace: infra}
spec: {targetRefs: [{group: "", kind: Service, name: app}], validation: {hostname: all.test, wellKnownCACertificates: System}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: port, namespace: infra}
spec:
  targetRefs: [{group: "", kind: Service, name: app, sectionName: SECTION}]
  validation:
    hostname: port.test
    caCertificateRefs: [{group: "", kind: ConfigMap, name: CA}]
    subjectAltNames: [{type: Hostname, hostname: san.test}, {type: URI, uri: "spiffe://x/y"}]
)";
  const auto tls_of = [&](const char* section, const char* ca) {
    std::string text = route;
    text.replace(text.find("SECTION"), 7, section);
    text.replace(text.find("CA}"), 2, ca);
    const Resolved r(with({"class", "gateway", "service", "ca"}, text));
    return r.model.routes.at(0).rules.at(0).backends.at(0).tls.value();
  };
  const BackendTls port = tls_of("web", "ca");
  EXPECT_TRUE(port.valid);
  EXPECT_EQ(port.hostname, "port.test");
  EXPECT_EQ(port.cas.size(), 1u);
  ASSERT_EQ(port.sans.size(), 2u);
  EXPECT_FALSE(port.sans[0].uri);
  EXPECT_EQ(port.sans[1].value, "spiffe://x/y");
  EXPECT_FALSE(tls_of("web", "none").valid);
  const BackendTls all = tls_of("other", "ca");
  EXPECT_TRUE(all.valid && all.system_cas);
  EXPECT_EQ(all.hostname, "all.test");
}

TEST(GatewayModel, ThePoolEndsAndAnAddressOutsideMayBeAllowed) {
  std::string text;
  for (const char* name : {"a", "b", "c"}) {
    text +=
        std::string("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: ") +
        name +
        ", namespace: infra}\nspec: {gatewayClassName: gp, listeners: [{name: l, port: "
        "80, protocol: HTTP}]}\n---\n";
  }
  text +=
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: d, namespace: "
      "infra}\nspec: {gatewayClassName: gp, addresses: [{value: 192.0.2.7}], listeners: [{name: l, "
      "port: 80, protocol: HTTP}]}\n";
  Options options;
  options.address_pool = "127.80.0.0/30";  // two addresses for hosts
  options.usable_addresses = {"192.0.2.7"};
  const Resolved r(with({"class"}, text), options);
  const auto texts = texts_of(r.model);
  EXPECT_EQ(r.model.gateways[0].address, "127.80.0.1");
  EXPECT_EQ(r.model.gateways[1].address, "127.80.0.2");
  EXPECT_EQ(texts.at("Gateway infra/c"),
            "Accepted !Programmed:AddressNotAssigned ResolvedRefs sets=0");
  EXPECT_EQ(r.model.gateways[3].address, "192.0.2.7");
  EXPECT_FALSE(r.model.gateways[2].listeners[0].serves);
  for (const char* pool : {"", "nonsense", "::/64"}) {
    options.address_pool = pool;
    const Resolved none(with({"class", "gateway"}, ""), options);
    EXPECT_EQ(none.model.gateways[0].address, "") << pool;
  }
}

TEST(GatewayModel, CertificatesAreParsedOnce) {
  std::string text = pieces({"ec"})[0];
  for (int i = 0; i < 50; ++i) {
    text += "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g" +
            std::to_string(i) +
            ", namespace: infra}\nspec: {gatewayClassName: gp, listeners: [{name: l, port: 443, "
            "protocol: HTTPS, tls: {certificateRefs: [{name: ec}]}}]}\n";
  }
  Resolved r(with({"class"}, text));
  CertificateCache cache;
  for (int i = 0; i < 3; ++i) {
    const Model m = resolve(r.store, {}, r.findings, cache);
    EXPECT_EQ(m.gateways.at(49).listeners.at(0).certificates.size(), 1u);
  }
  EXPECT_EQ(cache.parsed(), 1u);
}

TEST(GatewayFeatures, AreThoseOfTheRelease) {
  const auto old = supported_features("v1.6.3"), now = supported_features("v1.7.0");
  EXPECT_TRUE(std::is_sorted(old.begin(), old.end()) && std::is_sorted(now.begin(), now.end()));
  const auto has = [](const auto& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  EXPECT_TRUE(has(old, "HTTPRouteRetry") && !has(now, "HTTPRouteRetry"));
  EXPECT_TRUE(!has(old, "HTTPRouteRetryCodes") && has(now, "HTTPRouteRetryCodes"));
  EXPECT_FALSE(has(now, "Mesh") || has(now, "ClusterTrustBundle"));
  EXPECT_EQ(supported_features("v1.99.0"), now);
  EXPECT_EQ(supported_features("nonsense"), now);
  EXPECT_EQ(supported_features("v1.4.1"), old);
  EXPECT_TRUE(supported_version("v1.6.3") && supported_version("1.7.0-rc.1"));
  EXPECT_FALSE(supported_version("v1.5.1") || supported_version("v2.6.0") ||
               supported_version("v1.") || supported_version(""));
}

}  // namespace
}  // namespace gateproof::kubernetes::gateway
