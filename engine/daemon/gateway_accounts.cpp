#include "engine/daemon/gateway_accounts.h"

#include "engine/pipeline/gateway_account.h"
#include "engine/providers/kube_json.h"

namespace gateproof::daemon {

using kubernetes::cluster::Json;
using providers::KubeRequest;
using providers::KubeResponse;

namespace {

std::string path_of(const Json& account, bool named) {
  static const providers::KubeResource accounts = resource_of({"", "ServiceAccount"});
  return providers::kube_path(accounts, "v1", account.at("metadata.namespace").str(),
                              named ? account.at("metadata.name").str() : "");
}

KubeRequest request_of(const char* method, const Json& account, bool named) {
  KubeRequest request;
  request.method = method;
  request.target = path_of(account, named);
  request.content_type = "application/json";
  request.body = kubernetes::cluster::to_text(account);
  return request;
}

// What is there with our labels and annotations; nullopt: it is so already, or is somebody else's.
std::optional<Json> mended(const Json& there, const Json& wanted) {
  if (!(there.at("metadata.ownerReferences") == wanted.at("metadata.ownerReferences")))
    return std::nullopt;
  Json out = there;
  for (const char* part : {"labels", "annotations"}) {
    const Json& value = wanted["metadata"][part];
    if (value.is_null()) {
      out.member("metadata").erase(part);
    } else {
      out.member("metadata").set(part, value);
    }
  }
  if (out == there) return std::nullopt;
  return out;
}

}  // namespace

GatewayAccounts::GatewayAccounts(ClusterSource& source, Scheduler& scheduler)
    : source_(source), scheduler_(scheduler) {
  task_ = scheduler_.spawn("gateway accounts", run());
}

void GatewayAccounts::want(const kubernetes::Object& gateway) {
  const Result<Json> parsed = kubernetes::cluster::parse_json(providers::json_of(*gateway.root));
  if (!parsed) return;
  std::string text = kubernetes::cluster::to_text(pipeline::gateway_account(*parsed));
  const Name name(gateway.ns, gateway.name);
  std::string& asked = asked_[name];
  if (asked == text) return;
  asked = std::move(text);
  waiting_.insert(name);
  for (Waiter* w : idle_) w->executor->post(*w);
}

Task<void> GatewayAccounts::run() {
  Waiter& me = co_await ThisWaiter{};
  struct Idle {
    std::vector<Waiter*>& list;
    Waiter* me;
    ~Idle() { std::erase(list, me); }
  };
  for (;;) {
    while (waiting_.empty()) {
      const Idle idle{idle_, idle_.emplace_back(&me)};
      co_await Suspend{"an account to write"};
    }
    Fate fate = Fate::later;
    if (source_.writes()) {
      const Name name = *waiting_.begin();
      waiting_.erase(waiting_.begin());
      Result<Json> wanted = kubernetes::cluster::parse_json(asked_[name]);
      fate = wanted ? co_await write(std::move(*wanted)) : Fate::done;
      if (fate == Fate::later) waiting_.insert(name);
    }
    if (fate == Fate::later) {
      const Instant next = scheduler_.now() + gateway_account_retry;
      co_await sleep_in_background(scheduler_, next);
    }
  }
}

Task<GatewayAccounts::Fate> GatewayAccounts::write(Json wanted) {
  KubeRequest ask;
  ask.target = path_of(wanted, true);
  const Result<KubeResponse> got = co_await source_.client().call(std::move(ask));
  if (!got) co_return Fate::later;
  KubeRequest request;
  if (got->status == 404) {
    request = request_of("POST", wanted, false);
  } else if (got->ok()) {
    const Result<Json> there = kubernetes::cluster::parse_json(got->body);
    const std::optional<Json> next = there ? mended(*there, wanted) : std::nullopt;
    if (!next) co_return Fate::done;
    request = request_of("PUT", *next, true);
  } else {
    co_return got->status >= 500 || got->status == 429 ? Fate::later : Fate::done;
  }
  const Result<KubeResponse> put = co_await source_.client().call(std::move(request));
  if (!put) co_return Fate::later;
  // Somebody was faster, or the Gateway is gone, or we may not.
  co_return put->status == 409 || put->status >= 500 ? Fate::later : Fate::done;
}

}  // namespace gateproof::daemon
