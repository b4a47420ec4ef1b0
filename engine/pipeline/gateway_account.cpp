#include "engine/pipeline/gateway_account.h"

#include "engine/base/crypto.h"

namespace gateproof::pipeline {

using kubernetes::cluster::Json;
using kubernetes::cluster::json_array;
using kubernetes::cluster::json_object;

std::string derived_name(std::string_view name) {
  if (name.size() <= derived_name_max) return std::string(name);
  const std::string digest = crypto::hex(crypto::sha256(name)).substr(0, 10);
  std::string_view beginning = name.substr(0, derived_name_max - digest.size() - 1);
  while (beginning.ends_with('-') || beginning.ends_with('.')) beginning.remove_suffix(1);
  return std::string(beginning) + "-" + digest;
}

Json gateway_account(const Json& gateway) {
  const Json& meta = gateway["metadata"];
  const Json& infrastructure = gateway.at("spec.infrastructure");
  const std::string name = derived_name(meta["name"].str());
  Json labels = Json::object(), annotations = Json::object();
  for (const Json::Member& m : infrastructure["labels"].members()) labels.set(m.key, m.value);
  for (const Json::Member& m : infrastructure["annotations"].members())
    annotations.set(m.key, m.value);
  labels.set("gateway.networking.k8s.io/gateway-name", Json(name));
  const Json& of_class = gateway.at("spec.gatewayClassName");
  labels.set("gateway.networking.k8s.io/gateway-class-name", Json(derived_name(of_class.str())));
  Json owner = json_object({{"apiVersion", gateway["apiVersion"]},
                            {"kind", gateway["kind"]},
                            {"name", meta["name"]},
                            {"uid", meta["uid"]},
                            {"controller", Json(true)}});
  Json own = json_object({{"name", Json(name)},
                          {"namespace", meta["namespace"]},
                          {"labels", std::move(labels)},
                          {"ownerReferences", json_array({std::move(owner)})}});
  if (annotations.size() != 0) own.set("annotations", std::move(annotations));
  return json_object(
      {{"apiVersion", Json("v1")}, {"kind", Json("ServiceAccount")}, {"metadata", std::move(own)}});
}

}  // namespace gateproof::pipeline
