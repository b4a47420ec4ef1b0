#include "engine/kubernetes/cluster/builtin.h"

#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/crd.h"
#include "engine/kubernetes/cluster/metadata.h"
#include "engine/kubernetes/cluster/selectors.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr int64_t node_port_first = 30000;
constexpr int64_t node_port_last = 32767;
constexpr size_t data_bytes_max = 1u << 20;  // of a Secret or ConfigMap

bool is(const ResourceType& type, std::string_view group, std::string_view kind) {
  return type.group == group && type.kind == kind;
}

void missing(Json& object, std::string_view dotted, Json value) {
  if (object.at(dotted).is_null()) object.make(dotted) = std::move(value);
}

// With no tag, or :latest, the image is pulled always.
void default_pull_policies(Json& pod_spec) {
  for (const char* list : {"containers", "initContainers"}) {
    for (size_t i = 0; i < pod_spec[list].size(); ++i) {
      const Json& c = pod_spec[list].items()[i];
      if (!c.is_object() || !c["imagePullPolicy"].is_null()) continue;
      const std::string_view image = c["image"].str();
      const size_t slash = image.rfind('/');
      const std::string_view last =
          slash == std::string_view::npos ? image : image.substr(slash + 1);
      const bool always = last.find('@') == std::string_view::npos &&
                          (last.find(':') == std::string_view::npos || last.ends_with(":latest"));
      pod_spec.member(list).item(i).set("imagePullPolicy",
                                        Json(always ? "Always" : "IfNotPresent"));
    }
  }
}

int64_t free_port(const std::set<int64_t>& used, std::set<int64_t>& given) {
  for (int64_t p = node_port_first; p <= node_port_last; ++p) {
    if (!used.contains(p) && given.insert(p).second) return p;
  }
  return 0;
}

void default_service_ports(Json& spec, bool node_ports, BuiltinContext context) {
  std::set<int64_t> given;
  for (const Json& p : spec["ports"].items()) given.insert(p["nodePort"].integer());
  for (size_t i = 0; i < spec["ports"].size(); ++i) {
    if (!spec["ports"].items()[i].is_object()) continue;
    Json port = spec["ports"].items()[i];
    if (port["targetPort"].is_null()) port.set("targetPort", port["port"]);
    if (node_ports && port["nodePort"].integer() == 0) {
      if (const int64_t free = free_port(context.node_ports, given))
        port.set("nodePort", Json(free));
    }
    if (!node_ports) port.erase("nodePort");
    spec.member("ports").item(i) = std::move(port);
  }
}

void default_service(Json& object, const Json& before, BuiltinContext context) {
  Json& spec = object.member("spec");
  missing(spec, "type", Json("ClusterIP"));
  const std::string type(spec["type"].str());
  if (type == "ExternalName") {
    if (before.at("spec.type").str() != type) {
      for (const char* key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
        spec.erase(key);
    }
    default_service_ports(spec, false, context);
    missing(spec, "sessionAffinity", Json("None"));
    return;
  }
  const Json& old_ip = before.at("spec.clusterIP");
  if (spec["clusterIP"].str().empty() && !old_ip.str().empty()) spec.set("clusterIP", old_ip);
  if (spec["clusterIP"].str().empty()) {
    if (const auto ip = context.cluster_ips.next()) spec.set("clusterIP", Json(*ip));
  }
  spec.set("clusterIPs", json_array({spec["clusterIP"]}));
  missing(spec, "ipFamilies", json_array({Json("IPv4")}));
  missing(spec, "ipFamilyPolicy", Json("SingleStack"));
  missing(spec, "sessionAffinity", Json("None"));
  missing(spec, "internalTrafficPolicy", Json("Cluster"));
  const bool outside = type == "NodePort" || type == "LoadBalancer";
  if (outside) missing(spec, "externalTrafficPolicy", Json("Cluster"));
  if (!outside) spec.erase("externalTrafficPolicy");
  if (type == "LoadBalancer") missing(spec, "allocateLoadBalancerNodePorts", Json(true));
  // A port that keeps its number keeps its node port.
  for (size_t i = 0; i < spec["ports"].size(); ++i) {
    const Json& p = spec["ports"].items()[i];
    if (!p.is_object() || !p["nodePort"].is_null()) continue;
    for (const Json& old : before.at("spec.ports").items()) {
      if (old["port"] == p["port"] && old["protocol"] == p["protocol"] &&
          !old["nodePort"].is_null()) {
        spec.member("ports").item(i).set("nodePort", old["nodePort"]);
        break;
      }
    }
  }
  default_service_ports(spec, outside, context);
  missing(object, "status.loadBalancer", Json::object());
}

void default_secret(Json& object) {
  const Json plain = object["stringData"];
  object.erase("stringData");
  for (const Json::Member& m : plain.members()) {
    if (m.value.is_string()) object.member("data").set(m.key, Json(crypto::base64(m.value.str())));
  }
}

void default_deployment(Json& object) {
  if (object.at("spec.strategy.type").str() == "RollingUpdate") {
    missing(object, "spec.strategy.rollingUpdate.maxSurge", Json("25%"));
    missing(object, "spec.strategy.rollingUpdate.maxUnavailable", Json("25%"));
  }
}

void add(std::vector<Cause>& causes, const char* reason, std::string field, std::string message) {
  causes.push_back({reason, std::move(message), std::move(field)});
}

void immutable(const Json& object, const Json& before, const char* field,
               std::vector<Cause>& causes) {
  if (before.is_null() || object.at(field) == before.at(field)) return;
  add(causes, "FieldValueInvalid", field,
      "Invalid value: " + to_text(object.at(field)).substr(0, 256) + ": field is immutable");
}

void check_service(const Json& object, const Json& before, std::vector<Cause>& causes) {
  const Json& spec = object["spec"];
  const std::string_view type = spec["type"].str();
  const bool headless = spec["clusterIP"].str() == "None";
  const Json& ports = spec["ports"];
  if (ports.size() == 0 && type != "ExternalName" && !headless)
    add(causes, "FieldValueRequired", "spec.ports", "Required value");
  if (type == "ExternalName") {
    if (const std::string why = wrong_subdomain(spec["externalName"].str()); !why.empty())
      add(causes, "FieldValueInvalid", "spec.externalName",
          "Invalid value: " + text::quote(spec["externalName"].str()) + ": " + why);
  }
  std::set<std::string_view> names;
  std::set<std::string> numbers;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Json& p = ports.items()[i];
    const std::string at = "spec.ports[" + std::to_string(i) + "]";
    const std::string_view name = p["name"].str();
    if (name.empty() && ports.size() > 1)
      add(causes, "FieldValueRequired", at + ".name", "Required value");
    if (!name.empty() && !names.insert(name).second)
      add(causes, "FieldValueDuplicate", at + ".name", "Duplicate value: " + text::quote(name));
    const std::string number = to_text(p["port"]) + "/" + std::string(p["protocol"].str());
    if (!numbers.insert(number).second)
      add(causes, "FieldValueDuplicate", at,
          "Duplicate value: " +
              to_text(json_object({{"port", p["port"]}, {"protocol", p["protocol"]}})));
  }
  const Json& old = before.at("spec.clusterIP");
  if (!old.str().empty() && before.at("spec.type").str() != "ExternalName" &&
      type != "ExternalName")
    immutable(object, before, "spec.clusterIP", causes);
}

void check_data(const Json& object, const Json& before, bool base64, std::vector<Cause>& causes) {
  size_t bytes = 0;
  for (const char* part : {"data", "binaryData"}) {
    for (const Json::Member& m : object[part].members()) {
      bytes += m.key.size() + m.value.str().size();
      const std::string field = std::string(part) + "[" + m.key + "]";
      const bool fine = std::ranges::all_of(
          m.key, [](char c) { return text::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
      if (!fine || m.key.empty() || m.key.size() > 253 || m.key == "." || m.key == "..")
        add(causes, "FieldValueInvalid", field,
            "Invalid value: " + text::quote(m.key) +
                ": a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
                "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                "'[-._a-zA-Z0-9]+')");
      if ((base64 || part[0] == 'b') && !crypto::base64_decode(m.value.str()))
        add(causes, "FieldValueTypeInvalid", field, "Invalid value: \"illegal base64 data\"");
    }
  }
  if (bytes > data_bytes_max * 4 / 3)
    add(causes, "FieldValueTooLong", "data",
        "Too long: may not be more than " + std::to_string(data_bytes_max) + " bytes");
  if (!before["immutable"].boolean()) return;
  if (!object["immutable"].boolean())
    add(causes, "FieldValueForbidden", "immutable",
        "Forbidden: field is immutable when `immutable` is set");
  for (const char* part : {"data", "binaryData"}) {
    if (!(object[part] == before[part]))
      add(causes, "FieldValueForbidden", part,
          "Forbidden: field is immutable when `immutable` is set");
  }
}

// Workloads: the selector picks the template's labels, and stays.
void check_workload(const Json& object, const Json& before, std::vector<Cause>& causes) {
  const Json& selector = object.at("spec.selector");
  const auto parsed = LabelSelector::from_json(selector);
  if (!parsed) {
    add(causes, "FieldValueInvalid", "spec.selector", "Invalid value: " + parsed.error().message);
  } else if (parsed->empty()) {
    add(causes, "FieldValueInvalid", "spec.selector",
        "Invalid value: " + to_text(selector) + ": empty selector is invalid for deployment");
  } else if (!parsed->matches(object.at("spec.template.metadata.labels"))) {
    add(causes, "FieldValueInvalid", "spec.template.metadata.labels",
        "Invalid value: " + to_text(object.at("spec.template.metadata.labels")) +
            ": `selector` does not match template `labels`");
  }
  immutable(object, before, "spec.selector", causes);
}

}  // namespace

void default_builtin(const ResourceType& type, Json& object, const Json& before,
                     BuiltinContext context) {
  if (is(type, "", "Namespace")) {
    object.make("metadata.labels").set("kubernetes.io/metadata.name", object.at("metadata.name"));
    if (before.is_null()) missing(object, "spec.finalizers", json_array({Json("kubernetes")}));
    missing(object, "status.phase", Json("Active"));
  } else if (is(type, "", "Service")) {
    default_service(object, before, context);
  } else if (is(type, "", "Secret")) {
    default_secret(object);
  } else if (is(type, "", "Pod")) {
    default_pull_policies(object.member("spec"));
    missing(object.member("spec"), "serviceAccountName", Json("default"));
    missing(object, "status.phase", Json("Pending"));
    missing(object, "status.qosClass", Json("BestEffort"));
  } else if (is(type, "apiextensions.k8s.io", "CustomResourceDefinition")) {
    default_crd(object);
  } else if (!object.at("spec.template.spec.containers").is_null()) {
    default_pull_policies(object.make("spec.template.spec"));
    if (is(type, "apps", "Deployment")) default_deployment(object);
  }
}

void check_builtin(const ResourceType& type, const Json& object, const Json& before,
                   std::vector<Cause>& causes) {
  if (is(type, "", "Service")) check_service(object, before, causes);
  if (is(type, "", "Secret")) {
    check_data(object, before, true, causes);
    immutable(object, before, "type", causes);
  }
  if (is(type, "", "ConfigMap")) check_data(object, before, false, causes);
  if (type.group == "apps" && type.kind != "ControllerRevision")
    check_workload(object, before, causes);
  if (is(type, "discovery.k8s.io", "EndpointSlice"))
    immutable(object, before, "addressType", causes);
  if (is(type, "networking.k8s.io", "IngressClass"))
    immutable(object, before, "spec.controller", causes);
  if (type.group == "rbac.authorization.k8s.io") immutable(object, before, "roleRef", causes);
  if (is(type, "apiextensions.k8s.io", "CustomResourceDefinition") && !before.is_null()) {
    for (const char* field : {"spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"})
      immutable(object, before, field, causes);
  }
}

bool has_generation(const ResourceType& type) {
  if (type.custom || type.group == "apps" || type.group == "batch" || type.group == "policy" ||
      type.group == "networking.k8s.io" || type.group == "discovery.k8s.io" ||
      type.group == "apiextensions.k8s.io" || type.group == "admissionregistration.k8s.io")
    return true;
  return type.group.empty() && (type.kind == "Pod" || type.kind == "ReplicationController");
}

bool spec_changed(const Json& before, const Json& after, bool has_status) {
  const auto rest = [has_status](const Json& o) {
    Json out = o;
    out.erase("metadata");
    out.erase("apiVersion");
    if (has_status) out.erase("status");
    return out;
  };
  return !(rest(before) == rest(after));
}

bool creates_with_status(const ResourceType& type) { return is(type, "", "Node"); }

bool creates_on_update(const ResourceType& type) {
  return is(type, "", "Endpoints") || is(type, "", "Event") || type.group == "events.k8s.io" ||
         type.group == "coordination.k8s.io" || type.group == "rbac.authorization.k8s.io";
}

}  // namespace gateproof::kubernetes::cluster
