// World: an engine with a virtual clock, seeded randomness and a virtual network. Two worlds live side by side in one process and
// share nothing.
#pragma once
#include "engine/pipeline/candidates.h"
#include "engine/pipeline/engine.h"
#include "engine/sim/clock.h"
#include "engine/sim/host.h"
#include "engine/sim/net.h"
#include "engine/sim/random.h"
#include "engine/upstream/health_runner.h"

namespace gateproof::sim {

enum class Arm : uint8_t { direct, wire };

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as it would stand in the request line
  std::string host;
  bool has_host = true;  // HTTP/1.0 may do without
  FieldList headers;     // without Host
  std::string body;
  bool chunked = false;  // the body's length is not told
  http::Version version = http::Version::http11;
  bool tls = false;  // as if TLS had been terminated in front of the entry point
  std::vector<std::string> client_certificates;  // with tls: in DER, the leaf first
  std::string entry_point;
  SocketAddress peer{IpAddress::v4(127, 0, 0, 1), 50000};
  std::string raw;  // wire arm: these bytes instead of all the above
};

// What it takes to say later why each other router did not take a request: most callers never ask.
class RoutingRecord {
 public:
  RoutingRecord(std::shared_ptr<const pipeline::Snapshot> snapshot, std::string entry_point,
                bool tls, const rules::RequestFacts& facts, const rules::RoutingTable& table,
                const rules::Route* winner);
  std::vector<pipeline::Candidate> candidates() const;

 private:
  std::shared_ptr<const pipeline::Snapshot> snapshot_;
  std::string entry_point_, host_, flat_host_, path_, method_, query_;
  http::Headers headers_;
  IpAddress client_ip_;
  const rules::RoutingTable& table_;
  const rules::Route* winner_;
  bool tls_;
};

struct Outcome {
  int status = 0;  // 0: no answer (connection closed)
  std::string reason;
  FieldList headers;
  std::string body;
  FieldList trailers;
  std::string entry_point;
  std::string router, service, server, user;
  int64_t priority = 0;  // of the winner
  std::string rule;      // of the winner
  SourceSpan rule_span;
  int attempts = 0;
  std::string failure;                // why the proxy stage failed
  std::vector<HostRequest> upstream;  // what hosts received, in order
  http::ExchangeTrace trace;
  std::vector<pipeline::Candidate>
      candidates;  // every other router, and why it did not take the request
  std::shared_ptr<const RoutingRecord> routing;  // Detail::trace: candidates for later
  std::string stuck;             // nothing can ever end this exchange: the tasks that wait
  bool budget_exceeded = false;  // it took more than World::events_max events
  std::string
      stopped_by;  // ask: the middleware that answered first; what is behind it is told all the same
  int64_t started_ns = 0, finished_ns = 0;  // virtual, monotonic
  bool connection_kept = true;              // wire: the connection stayed open
};

// How much is recorded about an exchange.
enum class Detail : uint8_t { none, trace, candidates };

class World {
 public:
  World(uint64_t seed, std::shared_ptr<const config::StaticConfig> statics);
  ~World();

  pipeline::Engine& engine() { return engine_; }
  Scheduler& scheduler() { return scheduler_; }
  SimTransport& transport() { return transport_; }
  void advance(Duration d);

  // A scripted host at an address ("127.0.0.1:80") or under a name ("app.internal:80").
  void add_host(const std::string& address, Host host);
  // A CNAME record, for hostResolver.cnameFlattening. `name` is taken in any case.
  void add_alias(const std::string& name, const std::string& target, Duration ttl);

  // One exchange, run to its end in virtual time.
  Outcome send(const Request& request, Arm arm, Detail detail = Detail::candidates);
  // The decision only: entry point, router, chain and choice of a server; no server is asked.
  Outcome ask(const Request& request, Detail detail = Detail::candidates);

  // A digest of everything sent and answered so far, with its times: equal for equal seeds (16 hex digits).
  std::string digest() const;

  // Requests that hosts received outside of an exchange since the last send, ask or look: health probes, late mirrors.
  std::vector<HostRequest> take_seen();

  // How long an exchange may wait, in virtual time, while health probes keep the clock going; 0: no limit.
  Duration waiting_max = std::chrono::hours(24);
  // Events (task resumptions and timers) that one exchange may take; 0: no limit.
  uint64_t events_max = 50'000'000;

  // The direct arm's inner step, without building an Outcome (benchmarks): x must be filled.
  bool run(Task<void> task);

 private:
  class Resolver;
  struct Registered;
  bool run_until(const std::function<bool()>& done);
  // Health checks are those of the current snapshot.
  void follow_snapshot();
  void settle();
  void note_unfinished(Outcome& out);
  Outcome send_direct(const Request& request, Detail detail, http::Origin& origin,
                      bool look_beyond = false);
  Outcome send_wire(const Request& request, Detail detail);
  void record(const Request& request, const Outcome& outcome);

  // Before the scheduler: the connections that it owns refer to them to their end.
  std::vector<std::unique_ptr<Registered>> hosts_;
  std::vector<HostRequest> seen_;

  VirtualClock clock_;
  SeededRandom random_;
  Scheduler scheduler_{clock_};
  SimTransport transport_{scheduler_};
  std::unique_ptr<Resolver> resolver_;
  Env env_;
  pipeline::Engine engine_;
  DirectOrigin direct_{scheduler_};
  std::unique_ptr<http::Origin> wire_;
  std::unique_ptr<http::Origin> nobody_;
  upstream::HealthRunner health_{env_, direct_};
  uint64_t followed_ = 0;  // version of the snapshot whose servers are probed
  uint64_t digest_ = 0;
  bool out_of_budget_ = false;
  std::string stuck_;  // what waited when a run could not end
  uint32_t next_ip_ = 1;
};

}  // namespace gateproof::sim
