#include "engine/providers/kube_status.h"

#include "engine/providers/kube_json.h"

namespace gateproof::providers {

KubeStatusWriter::KubeStatusWriter(KubeClient& client, Hooks hooks)
    : client_(client),
      hooks_(std::move(hooks)),
      random_(client.env().random.stream("kubernetes/status")) {}

bool KubeStatusWriter::want(const KubeResource& resource, std::string version, const KubeKey& key,
                            std::shared_ptr<const config::Document> object, KubeStatusMaker make) {
  if (wanted_.size() >= kube_statuses_max && !wanted_.contains(key)) return false;
  wanted_[key] = {resource, std::move(version), std::move(object), std::move(make)};
  wake();
  return true;
}

void KubeStatusWriter::wake() {
  for (Waiter* w : idle_) w->executor->post(*w);
}

Task<void> KubeStatusWriter::run() {
  TaskGroup group(client_.env().scheduler);
  for (size_t i = 0; i < kube_status_writers; ++i) group.add(work());
  co_await group.join();
}

Task<void> KubeStatusWriter::work() {
  Waiter& me = co_await ThisWaiter{};
  struct Idle {
    std::vector<Waiter*>& list;
    Waiter* me;
    ~Idle() { std::erase(list, me); }
  };
  for (;;) {
    while (wanted_.empty() || !hooks_.may_write()) {
      const Idle idle{idle_, idle_.emplace_back(&me)};
      co_await Suspend{"a status to write"};
    }
    auto first = wanted_.extract(wanted_.begin());
    const Wanted wanted = first.mapped();
    const Fate fate = co_await write(first.key(), wanted);
    if (fate != Fate::later) {
      backoff_ = kube_backoff_min;
      continue;
    }
    // Unless something newer is wanted meanwhile.
    wanted_.emplace(first.key(), wanted);
    const Duration d =
        backoff_ / 2 + Duration(random_.below(static_cast<uint64_t>(backoff_.count())));
    backoff_ = std::min(backoff_ * 2, kube_backoff_max);
    co_await sleep_in_background(client_.env().scheduler, client_.env().scheduler.now() + d);
  }
}

Task<Result<config::Value>> KubeStatusWriter::read(std::string path) {
  KubeRequest request;
  request.target = std::move(path);
  const Result<KubeResponse> got = co_await client_.call(std::move(request));
  if (!got) co_return got.error();
  if (got->status == 404) co_return Error(Code::not_found, "it is gone");
  if (got->status != 200)
    co_return Error(Code::unavailable, read_refusal(got->status, got->body).message);
  co_return read_kube_json(got->body, "an object");
}

Task<KubeStatusWriter::Fate> KubeStatusWriter::write(KubeKey key, Wanted wanted) {
  const std::string path = kube_path(wanted.resource, wanted.version, key.ns, key.name);
  std::optional<config::Value> fresh;
  for (int conflicts = 0; conflicts <= kube_conflicts_max; ++conflicts) {
    const config::Value& object = fresh ? *fresh : wanted.object->root;
    const std::optional<std::string> status = wanted.make(object);
    if (!status) co_return Fate::done;
    if (!hooks_.may_write()) co_return Fate::later;
    KubeRequest request;
    request.method = "PUT";
    request.target = path + "/status";
    request.content_type = "application/json";
    request.body = json_with_status(object, *status);
    const Result<KubeResponse> got = co_await client_.call(std::move(request));
    if (!got) {
      hooks_.log(KubeLevel::warn, "status of " + key.label() + ": " + got.error().message);
      co_return Fate::later;
    }
    if (got->ok()) {
      ++written_;
      hooks_.log(KubeLevel::debug, "status of " + key.label() + " is written");
      co_return Fate::done;
    }
    if (got->status == 404) co_return Fate::dropped;
    if (got->status != 409) {
      const KubeRefusal r = read_refusal(got->status, got->body);
      hooks_.log(KubeLevel::warn,
                 "status of " + key.label() + ": " + std::to_string(r.code) + " " + r.message);
      co_return r.code == 429 || r.code >= 500 || r.code == 401 ? Fate::later : Fate::dropped;
    }
    Result<config::Value> read_again = co_await read(path);
    if (!read_again) {
      co_return read_again.error().code == Code::not_found ? Fate::dropped : Fate::later;
    }
    fresh = std::move(*read_again);
  }
  co_return Fate::later;
}

}  // namespace gateproof::providers
