// The table of every finding's code. To add a row: keep the order of codes (a test looks), never give a code another meaning,
// and leave a retired code out without using its number again.
#include "engine/config/finding.h"

namespace gateproof::config {

namespace {

constexpr Severity error = Severity::error;
constexpr Severity warning = Severity::warning;
constexpr Severity note = Severity::note;

constexpr FindingCode codes[] = {
    // texts and files
    {"GP0001", error, "file cannot be read"},
    {"GP0002", error, "malformed text"},
    {"GP0003", error, "a limit of the configuration text was passed"},
    {"GP0004", warning, "name already defined in an earlier file"},
    {"GP0005", note, "file of no known kind is skipped"},
    {"GP0006", warning, "later documents of the file are ignored"},
    {"GP0007", error, "template cannot be executed"},
    {"GP0008", note, "environment variable of a template is not given"},
    {"GP0009", error, "template function is not executed here: the file is not taken"},
    // schema
    {"GP0101", error, "unknown field"},
    {"GP0102", error, "value of the wrong kind"},
    {"GP0103", error, "object without options"},
    {"GP0104", error, "not a number"},
    {"GP0105", error, "not a boolean"},
    {"GP0106", error, "not a duration"},
    {"GP0107", warning, "value that the decoder loses or mangles"},
    {"GP0108", warning, "deprecated option"},
    {"GP0109", warning, "unknown top-level key is ignored"},
    {"GP0110", warning, "one option in two spellings"},
    {"GP0111", warning, "name that is not a text"},
    {"GP0112", error, "the text is no object"},
    // static configuration
    {"GP0201", error, "entry point address is not valid"},
    {"GP0202", error, "address or network is not valid"},
    {"GP0203", error, "value outside of the known ones"},
    {"GP0204", error, "number outside of its range"},
    {"GP0205", error, "option removed since Traefik v2"},
    {"GP0206", error, "flag is not valid"},
    {"GP0207", warning, "static configuration source is not read"},
    {"GP0208", error, "required static option is missing"},
    {"GP0209", error, "options exclude each other"},
    {"GP0210", warning, "static value is replaced"},
    {"GP0211", warning, "reference to an entry point that does not exist"},
    {"GP0212", warning, "file provider's path does not exist"},
    // routers and rules
    {"GP0301", error, "rule cannot be parsed"},
    {"GP0302", error, "priority is above the maximum"},
    {"GP0303", warning, "router names an unknown entry point beside a known one"},
    {"GP0304", error, "router has no valid entry point"},
    {"GP0305", error, "router's service does not exist"},
    {"GP0306", error, "router's service is disabled"},
    {"GP0307", error, "router's middleware does not exist"},
    {"GP0308", error, "router's middleware is disabled"},
    {"GP0309", error, "router without service"},
    {"GP0310", error, "TLS options do not exist"},
    {"GP0311", error, "redirection to an unknown entry point"},
    // middlewares
    {"GP0401", error, "middleware cannot be built"},
    {"GP0402", error, "middleware of several types"},
    {"GP0403", error, "middleware refers to itself"},
    // services
    {"GP0501", error, "service cannot be built"},
    {"GP0502", error, "service of several kinds or of none"},
    {"GP0503", error, "service refers to itself"},
    // TLS and resolvers
    {"GP0601", warning, "certificate resolver does not exist"},
    // Kubernetes objects
    {"GP0701", error, "document is no Kubernetes object"},
    {"GP0702", warning, "Kubernetes object defined twice"},
    {"GP0703", error, "unknown kind or version of a Kubernetes object"},
    {"GP0704", error, "name of a Kubernetes object is missing or not valid"},
    {"GP0705", error, "unknown field of a Kubernetes object"},
    {"GP0706", error, "Kubernetes object that the API server refuses"},
    {"GP0707", warning, "deprecated class annotation"},
    {"GP0708", error, "IngressClass does not exist"},
    {"GP0709", note, "object of another class is not taken"},
    {"GP0710", error, "Service does not exist"},
    {"GP0711", error, "port of a Service is missing or unknown"},
    {"GP0712", error, "Service has no endpoints"},
    {"GP0713", warning, "endpoints of a Service are not among the files"},
    {"GP0714", error, "ExternalName Service is not allowed"},
    {"GP0715", error, "option of a service reference is not valid"},
    {"GP0716", error, "reference into another namespace is not allowed"},
    {"GP0717", error, "reference to another provider is not allowed"},
    {"GP0718", warning, "namespace of a reference is ignored"},
    {"GP0719", error, "route without a usable match"},
    {"GP0720", warning, "names of two objects collide"},
    {"GP0721", error, "parent IngressRoute does not exist"},
    {"GP0722", error, "Secret does not exist or is not named"},
    {"GP0723", error, "Secret does not hold what is wanted"},
    {"GP0724", error, "Middleware object is not valid"},
    {"GP0725", error, "TraefikService object is not valid"},
    {"GP0726", error, "annotation cannot be decoded"},
    {"GP0727", warning, "annotation without effect"},
    {"GP0728", error, "backend of an Ingress cannot be served"},
    {"GP0729", note, "provider that reads an object is off"},
    {"GP0730", error, "default TLS object in several namespaces"},
    {"GP0731", error, "default TLSOption is referred to by name"},
    {"GP0732", warning, "default backend without effect"},
    // Gateway API
    {"GP0801", error, "no entry point listens on a listener's port"},
    {"GP0802", error, "certificateRef of a listener is not valid"},
    {"GP0803", error, "reference without ReferenceGrant or permission"},
    {"GP0804", error, "protocol of a listener is not supported"},
    {"GP0805", error, "listener is defined twice"},
    {"GP0806", error, "TLS of a listener does not fit its protocol"},
    {"GP0807", error, "listener allows route kinds that it cannot have"},
    {"GP0808", error, "GatewayClass does not exist"},
    {"GP0809", error, "route has no matching parent"},
    {"GP0810", error, "route is not allowed by the listeners"},
    {"GP0811", error, "hostnames of route and listener do not meet"},
    {"GP0812", error, "backend of a route does not exist"},
    {"GP0813", error, "backend of a kind that is not supported"},
    {"GP0814", error, "protocol of a backend is not supported"},
    {"GP0815", error, "filter of a route is not supported"},
    // Helm values
    {"GP0901", error, "key that the chart rejects"},
    {"GP0902", error, "several replicas share one ACME storage"},
    {"GP0903", error, "HTTP-01 challenge with several replicas"},
    // advice
    {"GP1001", error, "hash that no password matches"},
    {"GP1002", warning, "redirection to HTTPS where every request has TLS"},
    {"GP1003", warning, "authentication before the rate limit"},
    {"GP1004", warning, "dot in a regular expression is not escaped"},
    {"GP1005", warning, "middleware that no router uses"},
    {"GP1006", warning, "client address from a header that nobody is trusted to send"},
    {"GP1007", warning, "entry point on port 443 without TLS"},
    {"GP1008", warning, "router without TLS on port 443"},
    {"GP1009", warning, "no default entry point"},
    {"GP1010", error, "static configuration without a provider"},
    {"GP1011", warning, "configuration that no provider reads"},
    {"GP1012", note, "DNS challenge takes credentials from the environment"},
    {"GP1013", warning, "router that another router's automatic priority shadows"},
    {"GP1014", error, "router that fails open"},
    {"GP1015", warning, "Gateway listener serves a route in plain HTTP too"},
    {"GP1016", warning, "Gateway route without the middlewares of another router"},
    // not acted on yet
    {"GP1101", note, "section of the dynamic configuration is not acted on yet"},
    {"GP1102", note, "part of a service is not acted on yet"},
    {"GP1103", note, "part of a router is not acted on yet"},
    {"GP1104", note, "block of the static configuration is not acted on yet"},
    {"GP1105", note, "provider is not acted on yet"},
    {"GP1107", note, "part of an entry point is not acted on yet"},
    {"GP1108", warning, "middleware type is not acted on yet: its routers answer 501"},
    {"GP1109", warning, "router uses an internal service that is not acted on yet: it answers 501"},
    {"GP1120", note, "Kubernetes object is not acted on yet"},
    {"GP1121", note, "Gateway API object is not routed yet"},
};

}  // namespace

std::span<const FindingCode> finding_codes() { return codes; }

}  // namespace gateproof::config
