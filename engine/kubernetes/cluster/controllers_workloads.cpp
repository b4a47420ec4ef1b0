// Deployments and ReplicaSets.
#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/controllers.h"
#include "engine/kubernetes/cluster/draft.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr const char* manager = "kube-controller-manager";
constexpr std::string_view hash_label = "pod-template-hash";
constexpr std::string_view revision = "deployment.kubernetes.io/revision";

Json owner_reference(const StoredObject& o) {
  return json_object({{"apiVersion", o.body["apiVersion"]},
                      {"kind", o.body["kind"]},
                      {"name", Json(o.name)},
                      {"uid", Json(o.uid)},
                      {"controller", Json(true)},
                      {"blockOwnerDeletion", Json(true)}});
}

std::vector<ObjectPtr> of_type(std::vector<ObjectPtr> all, const TypePtr& type) {
  std::erase_if(all, [&type](const ObjectPtr& o) {
    return o->type != type || !o->body.at("metadata.deletionTimestamp").is_null();
  });
  return all;
}

int64_t ready_pods(const ObjectPtr& set) { return set->body.at("status.readyReplicas").integer(); }

}  // namespace

std::string template_hash(const Json& pod_template) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint64_t n = crypto::fnv1a_64(to_text(pod_template));
  std::string out;
  for (int i = 0; i < 10; ++i, n /= alphabet.size()) out += alphabet[n % alphabet.size()];
  return out;
}

ObjectPtr Controllers::current_set(const ObjectPtr& deployment, const std::vector<ObjectPtr>& sets,
                                   const std::string& hash) {
  int64_t newest = 0;
  for (const ObjectPtr& s : sets) {
    if (s->body.at("metadata.labels")[hash_label].str() == hash) return s;
    const Json& number = s->body.at("metadata.annotations")[revision];
    newest = std::max(newest, text::parse_int(number.str()).value_or(0));
  }
  const Json& spec = deployment->body["spec"];
  Json pod_template = spec["template"];
  pod_template.make("metadata.labels").set(hash_label, Json(hash));
  Json selector = spec["selector"];
  selector.make("matchLabels").set(hash_label, Json(hash));
  Json meta =
      json_object({{"name", Json(deployment->name + "-" + hash)},
                   {"labels", pod_template.at("metadata.labels")},
                   {"annotations", json_object({{revision, Json(std::to_string(newest + 1))}})},
                   {"ownerReferences", json_array({owner_reference(*deployment)})}});
  Json body = json_object({{"metadata", std::move(meta)},
                           {"spec", json_object({{"replicas", Json(0)},
                                                 {"selector", std::move(selector)},
                                                 {"template", std::move(pod_template)}})}});
  create(sets_, deployment->ns, std::move(body), manager);
  return store_.find(*sets_, deployment->ns, deployment->name + "-" + hash);
}

void Controllers::scale(const ObjectPtr& set, int64_t replicas) {
  if (set->body.at("spec.replicas").integer() == replicas) return;
  Json body = set->body;
  body.make("spec.replicas") = Json(replicas);
  put(set, std::move(body), Sub::none, manager);
}

void Controllers::deployment(const ObjectPtr& object) {
  const Json& spec = object->body["spec"];
  const std::string hash = template_hash(spec["template"]);
  std::vector<ObjectPtr> sets = of_type(store_.dependents(object->uid), sets_);
  const bool paused = spec["paused"].boolean();
  const ObjectPtr set = paused && !sets.empty() ? nullptr : current_set(object, sets, hash);
  const int64_t wanted = spec["replicas"].integer(1);
  if (set) {
    // Old pods stay until new ones are ready, or go first, as the strategy has it.
    const bool recreate = spec.at("strategy.type").str() == "Recreate";
    int64_t old_left = recreate ? 0 : std::max<int64_t>(0, wanted - ready_pods(set));
    int64_t old_pods = 0;
    for (const ObjectPtr& s : sets) {
      if (s->uid == set->uid) continue;
      const int64_t has = s->body.at("spec.replicas").integer();
      const int64_t keeps = std::min(has, old_left);
      old_left -= keeps;
      old_pods += s->body.at("status.replicas").integer();
      scale(s, keeps);
    }
    if (!recreate || old_pods == 0) scale(set, wanted);
    Json body = object->body;
    body.make("metadata.annotations").set(revision, set->body.at("metadata.annotations")[revision]);
    put(object, std::move(body), Sub::none, manager);
  }
  if (const ObjectPtr now = store_.find(*deployments_, object->ns, object->name))
    deployment_status(now, hash);
}

void Controllers::deployment_status(const ObjectPtr& object, const std::string& hash) {
  const Json& spec = object->body["spec"];
  const int64_t wanted = spec["replicas"].integer(1);
  int64_t all = 0;
  int64_t ready = 0;
  int64_t updated = 0;
  std::string current;
  for (const ObjectPtr& s : of_type(store_.dependents(object->uid), sets_)) {
    const int64_t has = s->body.at("status.replicas").integer();
    all += has;
    ready += ready_pods(s);
    if (s->body.at("metadata.labels")[hash_label].str() != hash) continue;
    updated = has;
    current = s->name;
  }
  Json status = object->body["status"];
  if (!status.is_object()) status = Json::object();
  status.set("observedGeneration", object->body.at("metadata.generation"));
  const std::pair<const char*, int64_t> counts[] = {
      {"replicas", all},
      {"updatedReplicas", updated},
      {"readyReplicas", ready},
      {"availableReplicas", ready},
      {"unavailableReplicas", std::max<int64_t>(0, wanted - ready)}};
  for (const auto& [key, n] : counts) {
    if (n) {
      status.set(key, Json(n));
    } else {
      status.erase(key);
    }
  }
  // maxUnavailable is 25% rounded down unless it says something else; what counts here is whether most are there.
  const bool available = ready >= wanted - wanted / 4;
  set_condition(status, "Available", available,
                available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                available ? "Deployment has minimum availability."
                          : "Deployment does not have minimum availability.",
                true);
  const bool complete = updated == wanted && all == wanted && ready == wanted;
  set_condition(status, "Progressing", true,
                complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                "ReplicaSet \"" + current + "\" " +
                    (complete ? "has successfully progressed." : "is progressing."),
                true);
  Json body = object->body;
  body.set("status", std::move(status));
  put(object, std::move(body), Sub::status, manager);
}

void Controllers::make_pod(const ObjectPtr& set) {
  const Json& pod_template = set->body.at("spec.template");
  Json body = json_object({{"metadata", pod_template["metadata"]}, {"spec", pod_template["spec"]}});
  Json& meta = body.member("metadata");
  meta.set("name", Json(generated_name(set->name + "-", names_)));
  meta.set("generateName", Json(set->name + "-"));
  meta.set("ownerReferences", json_array({owner_reference(*set)}));
  create(pods_, set->ns, std::move(body), manager);
}

void Controllers::replica_set(const ObjectPtr& set) {
  std::vector<ObjectPtr> pods = of_type(store_.dependents(set->uid), pods_);
  const auto wanted = set->body.at("spec.replicas").integer(1);
  const size_t most = std::min(size_t(std::max<int64_t>(0, wanted)), options_.pods_per_set_max);
  for (size_t n = pods.size(); n < most; ++n) make_pod(set);
  if (pods.size() > most) {
    // The ones that do not run go first, then the youngest.
    std::ranges::stable_sort(pods, [](const ObjectPtr& a, const ObjectPtr& b) {
      const bool x = pod_ready(a->body);
      const bool y = pod_ready(b->body);
      if (x != y) return x;
      return a->body.at("metadata.creationTimestamp").str() <
             b->body.at("metadata.creationTimestamp").str();
    });
    for (size_t i = most; i < pods.size(); ++i) remove(pods[i]);
  }
  pods = of_type(store_.dependents(set->uid), pods_);
  const auto ready =
      std::ranges::count_if(pods, [](const ObjectPtr& p) { return pod_ready(p->body); });
  Json status = set->body["status"];
  if (!status.is_object()) status = Json::object();
  status.set("observedGeneration", set->body.at("metadata.generation"));
  status.set("replicas", Json(pods.size()));
  status.set("fullyLabeledReplicas", Json(pods.size()));
  status.set("readyReplicas", Json(ready));
  status.set("availableReplicas", Json(ready));
  if (wanted > int64_t(options_.pods_per_set_max)) {
    set_condition(status, "ReplicaFailure", true, "FailedCreate",
                  "no more than " + std::to_string(options_.pods_per_set_max) +
                      " pods are made for one ReplicaSet here");
  }
  const ObjectPtr now = store_.find(*sets_, set->ns, set->name);
  if (!now) return;
  Json body = now->body;
  body.set("status", std::move(status));
  put(now, std::move(body), Sub::status, manager);
}

}  // namespace gateproof::kubernetes::cluster
