// OCSP stapling (Traefik's `ocsp` block): which responder is asked about which certificate, and the tasks that ask while a snapshot
// is current. An answer is put beside its certificate, where handshakes find it: none of them ever waits for a responder.
#pragma once
#include "engine/config/static.h"
#include "engine/http/origin.h"
#include "engine/tls/store.h"

namespace gateproof::pipeline {

// One certificate and where to ask about it, decided when a snapshot is built.
struct OcspTarget {
  struct Responder {
    std::string url;
    http::OriginServer server;
    std::string target;  // path and query
    std::string broken;  // not empty: why it cannot be asked
  };
  std::shared_ptr<const tls::Identity> identity;
  std::string request;  // DER
  std::vector<Responder> responders;
};

// Of the certificates that name a responder. `connector` is for responders over https.
std::vector<OcspTarget> ocsp_targets(const tls::CertificateStore& certificates,
                                     const config::OcspConfig& config,
                                     const std::shared_ptr<TlsConnector>& connector);

class OcspStapler {
 public:
  static constexpr Duration request_time_max = std::chrono::seconds(10);  // as Traefik's client
  static constexpr size_t requests_max = 8;  // at once, to all responders together
  static constexpr Duration turn_pause = std::chrono::seconds(1);  // between looks for a free turn
  // An answer is renewed half-way to its nextUpdate, but never sooner than this; without nextUpdate after an hour.
  static constexpr Duration renewal_min = std::chrono::minutes(1);
  static constexpr Duration renewal_default = std::chrono::hours(1);
  static constexpr Duration retry_after = std::chrono::minutes(5);  // when nobody has answered

  // Env and origin are those of the loop that runs it; both outlive it. `log` gets a line for each failure; may be empty.
  OcspStapler(Env& env, http::Origin& origin, std::function<void(std::string)> log = {});
  OcspStapler(const OcspStapler&) = delete;
  OcspStapler& operator=(const OcspStapler&) = delete;
  ~OcspStapler();

  // Begins to ask about certificates that are new, and ends it for those that are gone; requests about the others go on. Not to
  // be called from inside a request.
  void follow(const std::vector<OcspTarget>& targets);
  void stop();
  size_t certificates() const { return watches_.size(); }

 private:
  struct Watch;
  Task<void> run(Watch& watch);
  Task<Duration> renew(const OcspTarget& target);
  Task<std::string> ask(const OcspTarget& target, const OcspTarget::Responder& responder,
                        Duration& renewal);
  Task<Result<std::string>> fetch(const OcspTarget& target, const OcspTarget::Responder& responder);

  Env& env_;
  http::Origin& origin_;
  std::function<void(std::string)> log_;
  std::map<const tls::Identity*, std::unique_ptr<Watch>> watches_;
  size_t asking_ = 0;
};

}  // namespace gateproof::pipeline
