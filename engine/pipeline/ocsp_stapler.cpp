#include "engine/pipeline/ocsp_stapler.h"

#include "engine/tls/ocsp.h"
#include "engine/upstream/dial_server.h"
#include "engine/upstream/proxy.h"

namespace gateproof::pipeline {
namespace {

constexpr int64_t second_ns = 1'000'000'000;

OcspTarget::Responder responder_of(const std::string& url,
                                   const std::shared_ptr<TlsConnector>& connector) {
  OcspTarget::Responder r{url, {}, "/", {}};
  Result<upstream::WebAddress> at = upstream::web_address(url);
  if (!at || at->server.authority.empty()) {
    r.broken = "not the URL of a server";
    return r;
  }
  r.server = std::move(at->server);
  r.server.tls = connector;
  if (r.server.scheme != "http" && !upstream::tls_of(r.server))
    r.broken = "unsupported protocol scheme " + r.server.scheme;
  r.target = std::move(at->target);
  return r;
}

std::string name_of(const tls::Identity& identity) {
  return identity.names().empty() ? "a certificate without names" : identity.names().front();
}

// One of the turns, for as long as a request takes.
class Turn {
 public:
  explicit Turn(size_t& taken) : taken_(taken) { ++taken_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { --taken_; }

 private:
  size_t& taken_;
};

}  // namespace

std::vector<OcspTarget> ocsp_targets(const tls::CertificateStore& certificates,
                                     const config::OcspConfig& config,
                                     const std::shared_ptr<TlsConnector>& connector) {
  std::vector<OcspTarget> out;
  for (const auto& identity : certificates.all()) {
    std::optional<tls::OcspQuestion> question = tls::ocsp_question(*identity);
    if (!question) continue;
    OcspTarget target{identity, std::move(question->request), {}};
    for (const std::string& url : question->responders) {
      const auto other = config.responder_overrides.find(url);
      const bool own = other == config.responder_overrides.end();
      target.responders.push_back(responder_of(own ? url : other->second.value, connector));
    }
    out.push_back(std::move(target));
  }
  return out;
}

// With a copy of its own: it goes on over reloads, when the snapshot that named it first is gone.
struct OcspStapler::Watch {
  OcspTarget target;
  uint64_t task = 0;
};

OcspStapler::OcspStapler(Env& env, http::Origin& origin, std::function<void(std::string)> log)
    : env_(env), origin_(origin), log_(std::move(log)) {}

OcspStapler::~OcspStapler() { stop(); }

void OcspStapler::stop() {
  for (const auto& [identity, watch] : watches_) env_.scheduler.cancel(watch->task);
  watches_.clear();
}

void OcspStapler::follow(const std::vector<OcspTarget>& targets) {
  std::erase_if(watches_, [&](const auto& entry) {
    const auto is_it = [&](const OcspTarget& t) { return t.identity.get() == entry.first; };
    if (std::any_of(targets.begin(), targets.end(), is_it)) return false;
    env_.scheduler.cancel(entry.second->task);
    return true;
  });
  for (const OcspTarget& target : targets) {
    std::unique_ptr<Watch>& watch = watches_[target.identity.get()];
    if (watch) continue;
    watch = std::make_unique<Watch>(Watch{target, 0});
    watch->task = env_.scheduler.spawn("ocsp of " + name_of(*target.identity), run(*watch));
  }
}

Task<void> OcspStapler::run(Watch& watch) {
  for (;;) {
    while (asking_ >= requests_max)
      co_await sleep_in_background(env_.scheduler, env_.scheduler.now() + turn_pause);
    const Duration wait = co_await renew(watch.target);
    co_await sleep_in_background(env_.scheduler, env_.scheduler.now() + wait);
  }
}

// Asks one responder after the other, until one answers; how long to wait for the next time.
Task<Duration> OcspStapler::renew(const OcspTarget& target) {
  const Turn turn(asking_);
  for (const OcspTarget::Responder& r : target.responders) {
    Duration renewal = retry_after;
    const std::string problem = co_await ask(target, r, renewal);
    if (problem.empty()) co_return renewal;
    if (log_)
      log_("Unable to retrieve OCSP staple for " + name_of(*target.identity) + " from " + r.url +
           ": " + problem);
  }
  co_return retry_after;
}

// "" when there is a staple now.
Task<std::string> OcspStapler::ask(const OcspTarget& target, const OcspTarget::Responder& responder,
                                   Duration& renewal) {
  if (!responder.broken.empty()) co_return responder.broken;
  Task<Result<std::string>> asking = fetch(target, responder);
  const Instant deadline = env_.scheduler.now() + request_time_max;
  std::optional<Result<std::string>> body =
      co_await with_deadline(env_.scheduler, deadline, std::move(asking));
  if (!body) co_return "no answer in time";
  if (!*body) co_return body->error().message;
  const int64_t now_ns = env_.clock.wall_ns();
  const Result<tls::OcspAnswer> answer = tls::read_ocsp_answer(**body, *target.identity, now_ns);
  if (!answer) co_return answer.error().message;
  auto staple = std::make_shared<tls::Staple>();
  staple->der = std::move(**body);
  renewal = renewal_default;
  if (answer->next_update_s) {
    staple->valid_until_ns = *answer->next_update_s * second_ns;
    const int64_t middle_s = (answer->this_update_s + *answer->next_update_s) / 2;
    renewal =
        std::max<Duration>(renewal_min, std::chrono::nanoseconds(middle_s * second_ns - now_ns));
  }
  target.identity->set_staple(std::move(staple));
  if (answer->status != tls::OcspAnswer::Status::good && log_)
    log_("the OCSP responder says that the certificate of " + name_of(*target.identity) +
         (answer->status == tls::OcspAnswer::Status::revoked ? " is revoked" : " is unknown"));
  co_return std::string();
}

Task<Result<std::string>> OcspStapler::fetch(const OcspTarget& target,
                                             const OcspTarget::Responder& responder) {
  http::Exchange x(env_);
  x.origin = &origin_;
  x.request.body = http::Body::view(target.request);
  http::Outbound out;
  out.method = "POST";
  out.target = responder.target;
  out.host = responder.server.authority;
  out.server = &responder.server;
  out.body = &x.request.body;
  out.headers.add_static("User-Agent", "Go-http-client/1.1");
  out.headers.add_static("Content-Type", "application/ocsp-request");
  const Result<void> sent = co_await origin_.round_trip(x, out);
  if (!sent) co_return sent.error();
  if (x.response.status / 100 != 2)
    co_return Error(Code::protocol, Source::upstream,
                    "status code " + std::to_string(x.response.status));
  co_return co_await http::read_all(x.response.body, tls::staple_bytes_max);
}

}  // namespace gateproof::pipeline
