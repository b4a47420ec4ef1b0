#include "engine/kubernetes/gateway/features.h"

#include <algorithm>
#include <optional>

#include "engine/base/text.h"

namespace gateproof::kubernetes::gateway {

namespace {

struct Feature {
  std::string_view name;
  int from = 0;    // minor version 1.x of the first release with this name that concerns us
  int until = 99;  // and of the last
};

// Not here: features of Mesh, and of 1.7 ClusterTrustBundle, GatewayAddressRoutability, GatewayAddressRoutabilityCluster and
// GatewayListenerFilters, which are not served.
constexpr Feature table[] = {
    {"BackendTLSPolicy"},
    {"BackendTLSPolicySANValidation"},
    {"GRPCRoute"},
    {"GRPCRouteNamedRouteRule"},
    {"GRPCRouteRequestHeaderModifier", 7},
    {"Gateway"},
    {"GatewayAddressEmpty"},
    {"GatewayBackendClientCertificate"},
    {"GatewayFrontendClientCertificateValidation"},
    {"GatewayFrontendClientCertificateValidationInsecureFallback"},
    {"GatewayHTTPListenerIsolation"},
    {"GatewayHTTPSListenerDetectMisdirectedRequests"},
    {"GatewayInfrastructure"},
    {"GatewayPort8080"},
    {"GatewayRouteHostnameIntersectionPrecedence", 7},
    {"GatewayStaticAddresses"},
    {"HTTPRoute"},
    {"HTTPRoute303RedirectStatusCode"},
    {"HTTPRoute307RedirectStatusCode"},
    {"HTTPRoute308RedirectStatusCode"},
    {"HTTPRouteBackendProtocolH2C"},
    {"HTTPRouteBackendProtocolWebSocket"},
    {"HTTPRouteBackendRequestHeaderModification"},
    {"HTTPRouteBackendTimeout"},
    {"HTTPRouteBackendURLRewrite", 7},
    {"HTTPRouteCORS"},
    {"HTTPRouteDestinationPortMatching"},
    {"HTTPRouteHostRewrite"},
    {"HTTPRouteMethodMatching"},
    {"HTTPRouteNamedRouteRule"},
    {"HTTPRouteParentRefPort"},
    {"HTTPRoutePathRedirect"},
    {"HTTPRoutePathRewrite"},
    {"HTTPRoutePortRedirect"},
    {"HTTPRouteQueryParamMatching"},
    {"HTTPRouteRequestMirror"},
    {"HTTPRouteRequestMultipleMirrors"},
    {"HTTPRouteRequestPercentageMirror"},
    {"HTTPRouteRequestTimeout"},
    {"HTTPRouteResponseHeaderModification"},
    {"HTTPRouteRetry", 0, 6},
    {"HTTPRouteRetryBackendTimeout", 0, 6},
    {"HTTPRouteRetryCodes", 7},
    {"HTTPRouteRetryConnectionError"},
    {"HTTPRouteSchemeRedirect"},
    {"ListenerSet"},
    {"ReferenceGrant"},
    {"TCPRoute"},
    {"TLSRoute"},
    {"TLSRouteModeMixed"},
    {"TLSRouteModeTerminate"},
    {"UDPRoute"},
};

constexpr int first_minor = 6, last_minor = 7;

// The x of "v1.x.y"; nullopt for everything else.
std::optional<int> minor_of(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  if (!version.starts_with("1.")) return std::nullopt;
  int minor = 0;
  size_t digits = 0;
  for (const char c : version.substr(2)) {
    if (!text::is_digit(c)) break;
    if (++digits > 3) return std::nullopt;
    minor = minor * 10 + (c - '0');
  }
  return digits ? std::optional<int>(minor) : std::nullopt;
}

}  // namespace

bool supported_version(std::string_view bundle_version) {
  const auto minor = minor_of(bundle_version);
  return minor && *minor >= first_minor && *minor <= last_minor;
}

std::vector<std::string_view> supported_features(std::string_view bundle_version) {
  const int minor =
      std::clamp(minor_of(bundle_version).value_or(last_minor), first_minor, last_minor);
  std::vector<std::string_view> out;
  for (const Feature& f : table) {
    if (minor >= f.from && minor <= f.until) out.push_back(f.name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace gateproof::kubernetes::gateway
