// Typed views of core objects: Service, EndpointSlice, Secret. They point into the store.
#pragma once
#include "engine/config/dynamic.h"
#include "engine/kubernetes/objects.h"

namespace gateproof::kubernetes {

using config::Text;

// A number or a name, as Kubernetes' IntOrString.
struct IntOrText {
  bool is_integer = true;
  int64_t number = 0;
  std::string text;  // as written
  SourceSpan span;
  // 0 and "" mean: not set.
  bool empty() const { return is_integer ? number == 0 : text.empty(); }
};
IntOrText int_or_text(const config::Value* v);

// Members by key with defaults; a missing or wrong value is the default (the shape was checked when the object came in).
std::string text_at(const config::Value* v, std::string_view key);
Text located_at(const config::Value* v, std::string_view key);
int64_t integer_at(const config::Value* v, std::string_view key, int64_t otherwise = 0);
std::optional<bool> boolean_at(const config::Value* v, std::string_view key);
// The elements of a list member; none when it is absent.
const std::vector<config::Value>& items_at(const config::Value* v, std::string_view key);
// A non-null member of `v`.
const config::Value* member(const config::Value* v, std::string_view key);

struct ServicePort {
  std::string name;
  int64_t number = 0;
  std::string protocol = "TCP";
  std::string app_protocol;
  int64_t node_port = 0;  // 0: none
};

struct Service {
  const Object* object = nullptr;
  std::string type = "ClusterIP";
  std::string cluster_ip;  // "None" is headless
  std::string external_name;
  bool has_selector = false;
  std::vector<ServicePort> ports;
};
Service read_service(const Object& object);

struct Endpoint {
  std::vector<Text> addresses;
  std::optional<bool> ready, serving, terminating;
};

struct EndpointSlice {
  const Object* object = nullptr;
  std::vector<ServicePort> ports;
  std::vector<Endpoint> endpoints;
};
// The slices of a Service, by their label kubernetes.io/service-name.
std::vector<EndpointSlice> endpoint_slices(const ObjectStore& store, const Service& service);
std::vector<EndpointSlice> all_endpoint_slices(const ObjectStore& store);

struct Secret {
  const Object* object = nullptr;
  std::string type = "Opaque";
  // data (base64) and stringData, which wins. The span is that of the text; of base64 it cannot point into it.
  struct Entry {
    std::string value;
    SourceSpan span;
    bool plain = false;  // written in stringData
  };
  std::map<std::string, Entry> data;
};
// A value of `data` that is not base64 is recorded (the API server refuses the object) and left out.
Secret read_secret(const Object& object, config::Findings& findings);

// Lines of an htpasswd text, as Traefik splits them: empty lines skipped, a carriage return at the end dropped. The spans are
// those of the lines where the text was written as a block.
std::vector<Text> credential_lines(const Secret::Entry& entry);

// Users that basicAuth and digestAuth take from a secret, with where they stand.
struct SecretUsers {
  std::string secret;       // "Secret default/users"
  std::string middleware;   // "default-auth@kubernetescrd"
  std::string auth_type;    // "basicAuth" or "digestAuth"
  std::vector<Text> users;  // name:hash
};

}  // namespace gateproof::kubernetes
