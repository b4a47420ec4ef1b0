#include "engine/kubernetes/cluster/controllers.h"

#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cluster {

Controllers::Controllers(Store& store, const Clock& clock, Random& random,
                         ControllerOptions options)
    : store_(store),
      clock_(clock),
      names_(random.stream("kubernetes.controllers")),
      options_(std::move(options)),
      addresses_(options_.pod_network) {
  const Registry& r = store_.registry();
  pods_ = r.find_kind("", "Pod");
  nodes_ = r.find_kind("", "Node");
  services_ = r.find_kind("", "Service");
  endpoints_ = r.find_kind("", "Endpoints");
  secrets_ = r.find_kind("", "Secret");
  config_maps_ = r.find_kind("", "ConfigMap");
  deployments_ = r.find_kind("apps", "Deployment");
  sets_ = r.find_kind("apps", "ReplicaSet");
  slices_ = r.find_kind("discovery.k8s.io", "EndpointSlice");
  store_.add_hook([this](Store&, std::span<const Event> events) { run(events); });
}

std::string Controllers::now() const { return rfc3339(clock_.wall_ns()); }

void Controllers::note_pod(const Event& event) {
  const StoredObject& o = *event.object;
  if (event.type == Event::removed) {
    addresses_.release(o.body.at("status.podIP").str());
    waiting_.erase({o.ns, o.name});
  } else {
    addresses_.take(o.body.at("status.podIP").str());
    dirty_pods_.emplace(o.ns, o.name);
  }
  for (const Json& owner : o.body.at("metadata.ownerReferences").items()) {
    if (owner["kind"].str() == "ReplicaSet") dirty_sets_.emplace(o.ns, owner["name"].str());
  }
  for (const ObjectPtr& s : store_.all(*services_, o.ns)) {
    const Json& selector = s->body.at("spec.selector");
    if (selector.size() == 0) continue;
    const auto selects = [&selector](const ObjectPtr& pod) {
      if (!pod) return false;
      const Json& labels = pod->body.at("metadata.labels");
      for (const Json::Member& m : selector.members()) {
        const Json* there = labels.find(m.key);
        if (!there || !(*there == m.value)) return false;
      }
      return true;
    };
    if (selects(event.object) || selects(event.previous)) dirty_services_.emplace(s->ns, s->name);
  }
}

void Controllers::note(const Event& event) {
  const StoredObject& o = *event.object;
  const ResourceType& t = *o.type;
  if (&t == pods_.get()) {
    note_pod(event);
  } else if (&t == services_.get()) {
    dirty_services_.emplace(o.ns, o.name);
  } else if (&t == deployments_.get()) {
    dirty_deployments_.emplace(o.ns, o.name);
  } else if (&t == sets_.get()) {
    dirty_sets_.emplace(o.ns, o.name);
    for (const Json& owner : o.body.at("metadata.ownerReferences").items()) {
      if (owner["kind"].str() == "Deployment")
        dirty_deployments_.emplace(o.ns, owner["name"].str());
    }
  } else if (&t == nodes_.get() || &t == secrets_.get() || &t == config_maps_.get()) {
    for (const Name& w : waiting_) {
      if (o.ns.empty() || o.ns == w.first) dirty_pods_.insert(w);
    }
  } else if (&t == slices_.get() && event.type == Event::removed) {
    for (const Json& owner : o.body.at("metadata.ownerReferences").items()) {
      if (owner["kind"].str() == "Service") dirty_services_.emplace(o.ns, owner["name"].str());
    }
  }
}

void Controllers::run(std::span<const Event> events) {
  for (const Event& e : events) note(e);
  const auto each = [this](std::set<Name>& dirty, const TypePtr& type,
                           void (Controllers::*f)(const ObjectPtr&)) {
    for (const Name& n : std::exchange(dirty, {})) {
      const ObjectPtr o = store_.find(*type, n.first, n.second);
      if (o && o->body.at("metadata.deletionTimestamp").is_null()) (this->*f)(o);
    }
  };
  each(dirty_deployments_, deployments_, &Controllers::deployment);
  each(dirty_sets_, sets_, &Controllers::replica_set);
  each(dirty_pods_, pods_, &Controllers::pod);
  each(dirty_services_, services_, &Controllers::service);
}

void Controllers::put(const ObjectPtr& object, Json body, Sub sub, const char* manager) {
  WriteOptions by;
  by.field_manager = manager;
  Target at{object->type, object->type->storage().name, object->ns, object->name, sub};
  (void)store_.update(at, std::move(body), by);
}

void Controllers::create(const TypePtr& type, const std::string& ns, Json body,
                         const char* manager) {
  WriteOptions by;
  by.field_manager = manager;
  (void)store_.create({type, type->storage().name, ns, ""}, std::move(body), by);
}

void Controllers::remove(const ObjectPtr& object) {
  (void)store_.remove({object->type, object->type->storage().name, object->ns, object->name});
}

void Controllers::set_condition(Json& status, std::string_view type, bool yes,
                                std::string_view reason, std::string_view message,
                                bool update_time) const {
  Json condition = json_object({{"type", Json(type)},
                                {"status", Json(yes ? "True" : "False")},
                                {"lastTransitionTime", Json(now())}});
  if (!reason.empty()) condition.set("reason", Json(reason));
  if (!message.empty()) condition.set("message", Json(message));
  if (update_time) condition.set("lastUpdateTime", Json(now()));
  Json& all = status.member("conditions");
  for (size_t i = 0; i < all.size(); ++i) {
    const Json& old = all.items()[i];
    if (old["type"].str() != type) continue;
    if (old["status"] == condition["status"]) {
      condition.set("lastTransitionTime", old["lastTransitionTime"]);
      if (update_time && old["reason"] == condition["reason"])
        condition.set("lastUpdateTime", old["lastUpdateTime"]);
    }
    if (!(old == condition)) all.item(i) = std::move(condition);
    return;
  }
  all.push(std::move(condition));
}

bool pod_ready(const Json& pod) {
  for (const Json& c : pod.at("status.conditions").items()) {
    if (c["type"].str() == "Ready") return c["status"].str() == "True";
  }
  return false;
}

}  // namespace gateproof::kubernetes::cluster
