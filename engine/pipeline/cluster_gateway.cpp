#include "engine/pipeline/cluster_gateway.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/kubernetes/gateway/merge_status.h"
#include "engine/pipeline/gateway_account.h"

namespace gateproof::pipeline {
namespace {

namespace cluster = kubernetes::cluster;

struct Followed {
  std::string_view group, kind;
};
// Beside everything of the Gateway API itself.
constexpr std::array followed = {
    Followed{kubernetes::core_group, "Namespace"},
    Followed{kubernetes::core_group, "Service"},
    Followed{kubernetes::core_group, "Secret"},
    Followed{kubernetes::core_group, "ConfigMap"},
    Followed{kubernetes::discovery_group, "EndpointSlice"},
    Followed{kubernetes::traefik_group, "Middleware"},  // of ExtensionRef filters
};

bool is_followed(const cluster::ResourceType& type) {
  if (type.group == kubernetes::gateway_group) return true;
  return std::any_of(followed.begin(), followed.end(), [&](const Followed& f) {
    return type.group == f.group && type.kind == f.kind;
  });
}

}  // namespace

ClusterGateway::ClusterGateway(cluster::Store& store, const Clock& clock, Engine& engine,
                               kubernetes::gateway::Options options,
                               std::function<void()> configuration_changed,
                               std::function<void(const config::Findings&)> report)
    : store_(store),
      clock_(clock),
      controller_(
          engine, std::move(options),
          {[this](const kubernetes::gateway::StatusUpdate& update) { write_status(update); },
           std::move(configuration_changed), std::move(report)}) {
  store_.add_hook(
      [this](cluster::Store&, std::span<const cluster::Event> events) { follow(events); });
}

bool ClusterGateway::take(const cluster::Event& event) {
  const cluster::StoredObject& o = *event.object;
  // What somebody else writes into a status is looked at: what is ours in it is put right. Our own write asks for nothing new,
  // and a Gateway among the changed objects would have everything resolved anew.
  if (!is_followed(*o.type) || own_.erase(event.resource_version) != 0) return false;
  if (event.type == cluster::Event::removed) {
    objects_.remove(o.type->group, o.type->kind, o.ns, o.name);
  } else {
    config::Findings refused;  // the API server has told whoever wrote it
    objects_.put(o.document(), refused);
  }
  changed_.push_back({o.type->group, o.type->kind, o.ns, o.name});
  return true;
}

void ClusterGateway::follow_all(Offload& elsewhere) {
  const auto all = std::make_shared<std::vector<cluster::ObjectPtr>>();
  for (const auto& [key, type] : store_.registry().all()) {
    if (!is_followed(*type)) continue;
    std::vector<cluster::ObjectPtr> some = store_.all(*type);
    std::move(some.begin(), some.end(), std::back_inserter(*all));
  }
  // Documents are made once, by whoever asks first: the second half there while the first one is here.
  elsewhere.start(
      [all] {
        for (size_t i = all->size() / 2; i < all->size(); ++i) (void)(*all)[i]->document();
      },
      [] {});
  config::Findings refused;
  for (const cluster::ObjectPtr& object : *all) objects_.put(object->document(), refused);
  all_ = &elsewhere;
  store_.settle();
}

void ClusterGateway::follow(std::span<const cluster::Event> events) {
  Offload* const all = std::exchange(all_, nullptr);
  bool anew = all != nullptr;
  for (const cluster::Event& event : events) anew = take(event) || anew;
  if (anew)
    controller_.reconcile(objects_, std::exchange(changed_, {}), all ? *all : inline_offload());
}

void ClusterGateway::write_status(const kubernetes::gateway::StatusUpdate& update) {
  const cluster::TypePtr type =
      store_.registry().find_kind(update.object.group, update.object.kind);
  if (!type) return;
  const cluster::ObjectPtr now = store_.find(*type, update.object.ns, update.object.name);
  if (!now) return;
  if (update.object.kind == "Gateway") write_account(*now);
  const cluster::Json& status = now->body["status"];
  const std::string& name = controller_.options().controller_name;
  const std::optional<std::string> merged =
      kubernetes::gateway::merge_status(status.is_null() ? "" : cluster::to_text(status), update,
                                        name, clock_.wall_ns() / 1'000'000'000);
  if (!merged) return;
  Result<cluster::Json> parsed = cluster::parse_json(*merged);
  if (!parsed) return;
  cluster::Json body = now->body;
  body.set("status", std::move(*parsed));
  const cluster::Target at{type, type->storage().name, now->ns, now->name, cluster::Sub::status};
  cluster::WriteOptions options;
  options.field_manager = name;
  const cluster::Reply<cluster::Written> written = store_.update(at, std::move(body), options);
  if (written) own_.insert(written->object->resource_version);
}

void ClusterGateway::write_account(const cluster::StoredObject& gateway) {
  const cluster::TypePtr type = store_.registry().find_kind("", "ServiceAccount");
  if (!type) return;
  cluster::Json wanted = gateway_account(gateway.body);
  const std::string name(wanted.at("metadata.name").str());
  const cluster::ObjectPtr there = store_.find(*type, gateway.ns, name);
  cluster::WriteOptions options;
  options.field_manager = controller_.options().controller_name;
  const cluster::Target at{type, type->storage().name, gateway.ns, there ? name : ""};
  if (!there) {
    (void)store_.create(at, std::move(wanted), options);
    return;
  }
  // One of that name that is somebody else's stays as it is.
  const cluster::Json& meta = there->body["metadata"];
  if (!(meta["ownerReferences"] == wanted.at("metadata.ownerReferences"))) return;
  cluster::Json body = there->body;
  for (const char* part : {"labels", "annotations"}) {
    const cluster::Json& value = wanted["metadata"][part];
    if (value.is_null()) {
      body.member("metadata").erase(part);
    } else {
      body.member("metadata").set(part, value);
    }
  }
  if (!(body == there->body)) (void)store_.update(at, std::move(body), options);
}

}  // namespace gateproof::pipeline
