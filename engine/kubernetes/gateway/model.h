// The Gateway API as a controller of its own resolves it (the standard dialect): what every object asks for after defaults,
// grants and conflicts, what it is told in its status, and what is left to be served. Two steps share this model:
// resolve() reads the objects and fills it, to_config() makes configuration of it. Both are pure functions.
// Gateway API 1.6 and 1.7; the conditions and their reasons are those of the API's Go types.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "engine/config/dynamic.h"
#include "engine/kubernetes/core_objects.h"

namespace gateproof::kubernetes::gateway {

struct Condition {
  std::string type;
  std::string status = "True";  // True, False, Unknown
  std::string reason;
  std::string message;  // says what to change, for people
};

struct ObjectName {
  std::string group, kind, ns, name;
  auto operator<=>(const ObjectName&) const = default;
};

// Certificate and key of a Secret of type kubernetes.io/tls, in PEM.
struct KeyPair {
  Text certificate, key;
};

// spec.tls.frontend of a Gateway, as it applies to one listener.
struct ClientValidation {
  std::vector<Text> cas;  // PEM
  bool insecure_fallback =
      false;  // AllowInsecureFallback: asks for a certificate and takes any or none
};

enum class ListenerTls { none, terminate, passthrough };

// A listener of a Gateway or of a ListenerSet that is attached to it.
struct Listener {
  const Object* owner = nullptr;  // the Gateway or the ListenerSet
  std::string name;
  std::string protocol;  // HTTP, HTTPS, TLS, TCP, UDP; others are told UnsupportedProtocol
  uint16_t port = 0;
  std::string hostname;  // lower case; "" is every host, "*.x" any number of labels more
  ListenerTls tls = ListenerTls::none;
  std::vector<KeyPair> certificates;
  std::optional<ClientValidation> client_validation;
  bool serves = false;  // its socket is bound and routes are asked
  std::vector<std::string> supported_kinds;
  size_t attached_routes = 0;
  std::vector<Condition> conditions;
  SourceSpan span;
};

// TLS to a backend, from a BackendTLSPolicy and the Gateway's spec.tls.backend.
struct BackendTls {
  bool valid = false;     // an invalid policy means an answer of 5xx and never plain text
  std::string hostname;   // SNI, and verified unless `sans` says otherwise
  std::vector<Text> cas;  // PEM; empty with system_cas
  bool system_cas = false;
  struct San {
    bool uri = false;  // else a DNS name
    std::string value;
  };
  std::vector<San> sans;
};

// A backendRef (or the backendRef of a mirror) as it resolves: an address list, or the status that is answered instead.
struct Backend {
  ObjectName service;
  int64_t port = 0;
  int64_t weight = 1;
  int error_status =
      0;  // 500: nothing valid is named; 0: endpoints are asked (503 when there is none)
  std::string
      app_protocol;  // of the Service's port, in lower case: kubernetes.io/h2c, kubernetes.io/ws, kubernetes.io/wss, https ...
  struct Address {
    std::string ip;
    int64_t port = 0;
  };
  std::vector<Address> endpoints;  // ready ones, from EndpointSlices
  std::optional<BackendTls> tls;
  const config::Value* ref = nullptr;  // as written, for its filters
};

struct Mirror {
  Backend backend;
  int64_t numerator = 100, denominator = 100;
};

// An ExternalAuth filter: whom it asks.
struct ExternalAuth {
  Backend backend;
  const config::Value* filter = nullptr;  // as written
};

// A rule of a route: matches, filters, timeouts, retry and so on are read from `rule` as written.
struct Rule {
  const config::Value* rule = nullptr;
  std::string name;
  std::vector<Backend> backends;
  std::vector<Mirror> mirrors;
  std::vector<ExternalAuth> auths;
  // A filter that cannot be honoured (unknown type, reference that does not resolve): the rule answers this.
  int error_status = 0;
};

// Where a route may be served: one listener, with the hostnames that route and listener have in common.
struct Attachment {
  size_t gateway = 0, listener = 0;  // indices into Model::gateways and its listeners
  std::vector<std::string>
      hostnames;  // empty: every host; the original of the route where the listener has none
  // What the route itself says, for each of `hostnames`; "" where it names no host. The longer original wins (1.7).
  std::vector<std::string> original_hostnames;
};

struct Route {
  const Object* object = nullptr;
  std::string kind;     // HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute
  std::string created;  // creationTimestamp; older ones win, then namespace/name
  std::vector<Rule> rules;
  std::vector<Attachment> attachments;
};

struct Gateway {
  const Object* object = nullptr;
  std::string address;              // the IP of all its listeners; "" when it could not have one
  std::vector<Listener> listeners;  // its own, then those of ListenerSets by age
  std::optional<KeyPair> client_certificate;  // spec.tls.backend.clientCertificateRef
};

// A status to be written: JSON text of the `status` member without times. Entries of other controllers are kept by the writer.
struct StatusUpdate {
  ObjectName object;
  int64_t generation = 0;
  std::string status;
};

struct Model {
  const ObjectStore* store = nullptr;  // that it was made of
  std::vector<Gateway> gateways;       // of our GatewayClasses
  std::vector<Route> routes;           // attached to one of them at least, oldest first
  std::vector<StatusUpdate> statuses;
};

struct Options {
  std::string controller_name = "gateproof.dev/gateway-controller";
  // Gateways get addresses of this network, one each: the lowest that is free, and the one their status names already.
  std::string address_pool = "127.80.0.0/16";
  // Addresses that a Gateway may ask for beside those of the pool.
  std::set<std::string> usable_addresses;
  // Version of the API's bundle, which decides names of features: "v1.6.3", "v1.7.0".
  std::string bundle_version = "v1.7.0";
};

// Every object is judged by itself: a bad one is told so in its status and as a finding, and nobody else's route suffers.
// The store outlives the model.
Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings);
// The same with a cache that outlives the call (gateway/certificates.h).
class CertificateCache;
Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings,
              CertificateCache& certificates);

// Entry points (one for each address, port and layer-4 protocol in use), routers, middlewares, services, transports and TLS of the
// provider "kubernetesgateway". Nothing of it depends on anything but the model.
config::DynamicConfig to_config(const Model& model, const config::MiddlewareTypes& types,
                                config::Findings& findings);

}  // namespace gateproof::kubernetes::gateway
