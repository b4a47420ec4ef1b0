// The chart's accepted keys, from values.schema.json of chart 41.3.0 (the objects that it closes), and what older charts had.
#include "engine/base/text.h"
#include "engine/check/helm_values.h"

namespace gateproof::check {

using config::Findings;
using config::Value;

namespace {

struct ClosedObject {
  std::string_view path;  // "" is the top; "*" is any key
  std::string_view keys;  // apart by blanks
};

constexpr ClosedObject closed[] = {
    {"",
     "accessLog additionalArguments additionalVolumeMounts affinity api autoscaling "
     "certificatesResolvers commonLabels core"
     " deployment enabled env envFrom experimental extraObjects fullnameOverride gateway "
     "gatewayClass global hostNetwork hub"
     " image ingressClass ingressRoute instanceLabelOverride livenessProbe log metrics "
     "nameOverride namespaceOverride"
     " nodeSelector oci_meta ocsp offering_version persistence podDisruptionBudget "
     "podSecurityContext ports priorityClassName"
     " providers rbac readinessProbe resources securityContext service serviceAccount "
     "serviceAccountAnnotations startupProbe"
     " tlsOptions tlsStore tolerations topologySpreadConstraints tracing updateStrategy "
     "versionOverride volumes"},
    {"accessLog.filters", "minDuration retryAttempts statusCodes"},
    {"api", "basePath dashboard dashboardName debug disableDashboardAd insecure"},
    {"autoscaling", "behavior enabled maxReplicas metrics minReplicas scaleTargetRef"},
    {"core", "defaultRuleSyntax strictTLSOptions"},
    {"gatewayClass", "enabled labels name"},
    {"image", "digest pullPolicy registry repository tag"},
    {"ingressClass", "enabled isDefaultClass name"},
    {"livenessProbe",
     "failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds"},
    {"podDisruptionBudget", "enabled maxUnavailable minAvailable"},
    {"ports.*",
     "allowACMEByPass appProtocol asDefault containerPort expose exposedPort forwardedHeaders "
     "hostIP hostPort http http3"
     " nodePort observability port protocol proxyProtocol targetPort transport uplink"},
    {"ports.*.http.encodedCharacters",
     "allowEncodedBackSlash allowEncodedHash allowEncodedNullCharacter allowEncodedPercent "
     "allowEncodedQuestionMark"
     " allowEncodedSemicolon allowEncodedSlash"},
    {"ports.*.observability", "accessLogs metrics traceVerbosity tracing"},
    {"providers",
     "file knative kubernetesCRD kubernetesGateway kubernetesIngress kubernetesIngressNGINX "
     "precedence"},
    {"providers.file", "content enabled watch"},
    {"providers.knative", "enabled labelSelector namespaces"},
    {"providers.kubernetesCRD",
     "allowCrossNamespace allowEmptyServices allowExternalNameServices crossProviderNamespaces "
     "defaultTLSResourcesNamespace"
     " enabled ingressClass labelSelector namespaces nativeLBByDefault safeNaming"},
    {"providers.kubernetesGateway",
     "burst crossProviderNamespaces enabled experimentalChannel labelSelector namespaces "
     "nativeLBByDefault qps statusAddress"},
    {"providers.kubernetesIngress",
     "allowEmptyServices allowExternalNameServices crossProviderNamespaces "
     "disableIngressClassLookup enabled ingressClass"
     " ingressEndpoint labelSelector namespaces nativeLBByDefault publishedService "
     "strictPrefixMatching"},
    {"providers.kubernetesIngress.ingressEndpoint", "hostname ip"},
    {"rbac", "aggregateTo enabled namespaced"},
    {"readinessProbe",
     "failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds"},
    {"serviceAccount", "name"},
    {"tracing",
     "addInternals capturedRequestHeaders capturedResponseHeaders otlp resourceAttributes "
     "safeQueryParams sampleRate"
     " serviceName"},
    {"updateStrategy", "rollingUpdate type"},
};

// Keys of older charts, and where their meaning went (catalogue 8; the chart's own migration from 40 to 41).
struct Moved {
  std::string_view path, remedy;
};
constexpr Moved moved[] = {
    {"additionalVolumes", "write deployment.additionalVolumes"},
    {"certResolvers", "write certificatesResolvers"},
    {"dashboard",
     "write api.dashboard (true by default), and ingressRoute.dashboard.enabled for a route to it"},
    {"deploymentAnnotations", "write deployment.annotations"},
    {"globalArguments",
     "write global.checkNewVersion and global.sendAnonymousUsage, or additionalArguments"},
    {"logs",
     "write log.level for logs.general.level, and accessLog.enabled for logs.access.enabled"},
    {"pilot", "remove it: Traefik Pilot is gone"},
    {"podAnnotations", "write deployment.podAnnotations"},
    {"podSecurityPolicy", "remove it: Kubernetes has no PodSecurityPolicy any more"},
    {"replicas", "write deployment.replicas"},
    {"rollingUpdate", "write updateStrategy.rollingUpdate"},
    {"ssl", "write ports.websecure.http.tls"},
    {"accessLog.filters.minduration", "write accessLog.filters.minDuration"},
    {"accessLog.filters.retryattempts", "write accessLog.filters.retryAttempts"},
    {"accessLog.filters.statuscodes", "write accessLog.filters.statusCodes"},
    {"ports.*.middlewares", "write http.middlewares below the port"},
    {"ports.*.redirectTo",
     "write http.redirections.entryPoint.to (with scheme: https and permanent: true) below the "
     "port"},
    {"ports.*.redirections", "write http.redirections below the port"},
    {"ports.*.tls", "write http.tls (enabled, options, certResolver, domains) below the port"},
    {"providers.kubernetesGateway.namespacePolicy",
     "write gateway.listeners.<name>.namespacePolicy"},
};

std::vector<std::string_view> words(std::string_view text) { return text::split(text, ' '); }

const ClosedObject* find_closed(std::string_view path) {
  for (const ClosedObject& c : closed) {
    if (c.path == path) return &c;
  }
  return nullptr;
}

std::string join_keys(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

std::string remedy_for(const std::string& general_path, std::string_view key,
                       const ClosedObject& where) {
  for (const Moved& m : moved) {
    if (m.path == general_path) return std::string(m.remedy);
  }
  const std::vector<std::string_view> names = words(where.keys);
  if (const auto near = text::nearest(key, names)) return "did you mean `" + *near + "`?";
  return "remove it; the chart's `values.yaml` lists the keys of " +
         (where.path.empty() ? std::string("the top level") : std::string(where.path));
}

// `general` is the path with "*" for names that users choose.
void walk(const Value& v, const std::string& path, const std::string& general, Findings& findings) {
  const ClosedObject* here = find_closed(general);
  for (const Value::Member& m : v.members) {
    const std::string inner = join_keys(path, m.key);
    if (here) {
      const std::vector<std::string_view> names = words(here->keys);
      if (std::find(names.begin(), names.end(), m.key) == names.end()) {
        findings.add(
            "GP0901", m.key_span, "value " + inner,
            "the chart has no key `" + inner + "`: it rejects the values, and nothing is installed",
            remedy_for(join_keys(general, m.key), m.key, *here));
        continue;
      }
    }
    if (m.value.kind == Value::mapping)
      walk(m.value, inner, join_keys(general, general == "ports" ? "*" : m.key), findings);
  }
}

}  // namespace

bool is_chart_key(std::string_view key) {
  const std::vector<std::string_view> names = words(closed[0].keys);
  return std::find(names.begin(), names.end(), key) != names.end();
}

bool was_chart_key(std::string_view key) {
  return std::any_of(std::begin(moved), std::end(moved),
                     [key](const Moved& m) { return m.path == key; });
}

void look_at_helm_keys(const Value& root, Findings& findings) { walk(root, "", "", findings); }

}  // namespace gateproof::check
