#include "engine/providers/kube_lease.h"

#include "engine/base/text.h"
#include "engine/providers/kube_json.h"

namespace gateproof::providers {

namespace {

const KubeResource leases{"coordination.k8s.io", {"v1"}, "Lease", "leases", true};

std::string at(const config::Value& v, std::string_view path) {
  const config::Value* found = v.at(path);
  return found ? std::string(found->str()) : std::string();
}

}  // namespace

std::string micro_time(int64_t wall_ns) {
  const auto since =
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(wall_ns / 1000));
  const auto day = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(since - day);
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()),
                int(time.subseconds().count()));
  return out;
}

KubeLease::KubeLease(KubeClient& client, std::string ns, std::string name, std::string identity,
                     Hooks hooks)
    : client_(client),
      ns_(std::move(ns)),
      name_(std::move(name)),
      identity_(std::move(identity)),
      hooks_(std::move(hooks)),
      random_(client.env().random.stream("kubernetes/lease/" + identity_)) {}

bool KubeLease::held() const {
  if (without_) return true;
  return ours_ && client_.env().scheduler.now() - renewed_at_ < kube_lease_renew_deadline;
}

void KubeLease::tell() {
  if (held() == told_held_) return;
  told_held_ = held();
  if (!without_) {
    hooks_.log(KubeLevel::info, told_held_ ? "this replica writes statuses now"
                                           : "this replica writes no statuses any more");
  }
  hooks_.changed(told_held_);
}

void KubeLease::trouble(const std::string& what) {
  if (what != told_) hooks_.log(KubeLevel::warn, "lease " + ns_ + "/" + name_ + ": " + what);
  told_ = what;
}

Task<void> KubeLease::run() {
  Scheduler& s = client_.env().scheduler;
  for (;;) {
    const Try tried = co_await acquire();
    if (tried == Try::ours) told_.clear();
    if (tried == Try::others) ours_ = false;
    tell();
    const Duration retry =
        kube_lease_retry + Duration(random_.below(uint64_t(kube_lease_retry.count()) / 5));
    Instant wake = s.now() + (without_ ? kube_backoff_max : retry);
    // What is not renewed in time is given up then, not a try later.
    if (ours_ && held()) wake = std::min(wake, renewed_at_ + kube_lease_renew_deadline);
    co_await sleep_in_background(s, wake);
    tell();
  }
}

std::string KubeLease::path(bool named) const {
  return kube_path(leases, "v1", ns_, named ? name_ : "");
}

std::string KubeLease::body(const Record& r) const {
  std::string out = R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":)" +
                    json_text(name_) + ",\"namespace\":" + json_text(ns_);
  if (!r.version.empty()) out += ",\"resourceVersion\":" + json_text(r.version);
  out += "},\"spec\":{\"holderIdentity\":" + json_text(r.holder) +
         ",\"leaseDurationSeconds\":" + std::to_string(r.duration_s) +
         ",\"leaseTransitions\":" + std::to_string(r.transitions);
  if (!r.acquired.empty()) out += ",\"acquireTime\":" + json_text(r.acquired);
  if (!r.renewed.empty()) out += ",\"renewTime\":" + json_text(r.renewed);
  return out + "}}";
}

// Without the right to leases, or without leases, nobody can be agreed with.
KubeLease::Try KubeLease::unavailable(const KubeResponse& response) {
  const KubeRefusal r = read_refusal(response.status, response.body);
  trouble(std::to_string(r.code) + " " + r.message);
  without_ = r.code == 403 || r.code == 404 || r.code == 405 || r.code == 501;
  return Try::failed;
}

Task<KubeLease::Try> KubeLease::acquire() {
  Scheduler& s = client_.env().scheduler;
  KubeRequest request;
  request.target = path(true);
  // An answer may be old when it comes.
  const Instant asked = s.now();
  const Result<KubeResponse> got = co_await client_.call(std::move(request));
  if (!got) {
    trouble(got.error().message);
    co_return Try::failed;
  }
  const std::string now = micro_time(client_.env().clock.wall_ns());
  Record mine{identity_,
              now,
              now,
              "",
              std::chrono::duration_cast<std::chrono::seconds>(kube_lease_duration).count(),
              0};
  if (got->status == 404) co_return co_await put(true, std::move(mine));
  if (got->status != 200) co_return unavailable(*got);
  const Result<config::Value> v = read_kube_json(got->body, "a lease");
  if (!v) {
    trouble(v.error().message);
    co_return Try::failed;
  }
  const auto number = [&](const char* name) { return text::parse_int(at(*v, name)).value_or(0); };
  Record found{at(*v, "spec.holderIdentity"),       at(*v, "spec.renewTime"),
               at(*v, "spec.acquireTime"),          at(*v, "metadata.resourceVersion"),
               number("spec.leaseDurationSeconds"), number("spec.leaseTransitions")};
  if (found != seen_) {
    seen_ = found;
    seen_at_ = asked;
  }
  without_ = false;
  const bool is_ours = found.holder == identity_;
  const Duration lasts = std::chrono::seconds(std::clamp<int64_t>(found.duration_s, 0, 3600));
  if (!is_ours && !found.holder.empty() && s.now() - seen_at_ < lasts) co_return Try::others;
  mine.version = found.version;
  mine.transitions = found.transitions + (is_ours ? 0 : 1);
  if (is_ours) mine.acquired = found.acquired;
  co_return co_await put(false, std::move(mine));
}

Task<KubeLease::Try> KubeLease::put(bool fresh, Record record) {
  KubeRequest request;
  request.method = fresh ? "POST" : "PUT";
  request.target = path(!fresh);
  request.content_type = "application/json";
  request.body = body(record);
  // Others count from when they see it, which is later.
  const Instant sent = client_.env().scheduler.now();
  const Result<KubeResponse> got = co_await client_.call(std::move(request));
  if (!got) {
    trouble(got.error().message);
    co_return Try::failed;
  }
  if (got->status == 409) co_return ours_ ? Try::failed : Try::others;
  if (!got->ok()) co_return unavailable(*got);
  without_ = false;
  ours_ = true;
  renewed_at_ = sent;
  co_return Try::ours;
}

Task<void> KubeLease::release() {
  if (!ours_ || without_) co_return;
  ours_ = false;
  KubeRequest ask;
  ask.target = path(true);
  const Result<KubeResponse> got = co_await client_.call(std::move(ask));
  if (!got || got->status != 200) co_return;
  const Result<config::Value> v = read_kube_json(got->body, "a lease");
  if (!v || at(*v, "spec.holderIdentity") != identity_) co_return;
  Record r{"", micro_time(client_.env().clock.wall_ns()),
           "", at(*v, "metadata.resourceVersion"),
           1,  text::parse_int(at(*v, "spec.leaseTransitions")).value_or(0)};
  KubeRequest request;
  request.method = "PUT";
  request.target = path(true);
  request.content_type = "application/json";
  request.body = body(r);
  const Result<KubeResponse> put = co_await client_.call(std::move(request));
  if (put && put->ok()) hooks_.log(KubeLevel::info, "the lease is released");
}

}  // namespace gateproof::providers
