// World: an engine with a virtual clock, seeded randomness and a virtual network. Two worlds live side by side in one process and
// share nothing.
#pragma once
#include "engine/pipeline/candidates.h"
#include "engine/pipeline/engine.h"
#include "engine/pipeline/tcp_stage.h"
#include "engine/pipeline/udp_server.h"
#include "engine/sim/clock.h"
#include "engine/sim/host.h"
#include "engine/sim/net.h"
#include "engine/sim/random.h"
#include "engine/sim/redis_host.h"
#include "engine/upstream/health_runner.h"

namespace gateproof::sim {

enum class Arm : uint8_t { direct, wire };

// How the wire arm's client speaks TLS; it trusts everybody.
struct TlsClient {
  std::optional<std::string> server_name;  // SNI; absent: the Host, unless it is an address
  std::string min_version = "VersionTLS10", max_version;
  std::vector<std::string> cipher_suites;
  std::vector<std::string> alpn;  // HTTP/1.1 is spoken, whatever is chosen
  std::string certificate, key;   // its own, in PEM; empty: none
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as it would stand in the request line
  std::string host;
  bool has_host = true;  // HTTP/1.0 may do without
  FieldList headers;     // without Host
  std::string body;
  bool chunked = false;  // the body's length is not told
  http::Version version = http::Version::http11;
  // Over TLS. The direct arm takes it as said; so does the wire arm with `client_certificates`, whose keys nobody has.
  bool tls = false;
  std::vector<std::string> client_certificates;  // with tls: in DER, the leaf first
  TlsClient tls_client;                          // wire arm, with tls
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
  // Wire, over TLS: what the client has seen; client_certificates are then the server's. Null: no handshake was complete.
  std::shared_ptr<const http::TlsState> tls;
};

// One thing that a scripted server of bytes does next.
struct TcpAct {
  enum class Kind : uint8_t { send, half_close, close };
  Kind kind = Kind::send;
  std::string bytes;  // to send
  Duration after{0};  // how long it waits first
};

// A server that speaks bytes, not HTTP: says `greeting` when somebody connects, and `reply` to every piece that arrives.
struct TcpHost {
  std::string name;
  std::string greeting;
  std::string reply;       // "": what arrived is sent back
  bool silent = false;     // answers nothing
  size_t close_after = 0;  // closes once that many bytes have arrived; 0: only after the client
  Duration lingers{
      0};  // how long it keeps its side open after the client's end, sending a dot each 10 ms
  // Decides instead of all this: told the number of the connection (from 0, in their order), the piece that has come, and
  // whether the client has ended (the piece is empty then).
  std::function<std::vector<TcpAct>(size_t connection, std::string_view piece, bool ended)> react;
};

// A connection and what its client does.
struct TcpCall {
  std::string entry_point;
  SocketAddress peer{IpAddress::v4(127, 0, 0, 1), 50000};
  std::vector<std::string>
      sends;  // one after the other, each when an answer to the one before has come or `patience` passed
  bool half_close = false;                      // ends its own direction behind the last
  Duration patience = std::chrono::seconds(1);  // without bytes it gives up
  bool hold = false;                            // the connection stays open until the world ends
};

struct TcpOutcome {
  pipeline::ConnectionRecord record;
  std::string received;
  bool closed = false;  // by the other side, before patience was over
  bool reset = false;
  // Of every connection that TCP hosts have got so far: the host's name, the bytes that it received.
  std::vector<std::pair<std::string, std::string>> upstream;
  int64_t started_ns = 0, finished_ns = 0;
};

// A UDP server: sends `reply` (or the datagram itself) back for every datagram.
struct UdpHost {
  std::string name;
  std::string reply;
  bool silent = false;
};

// What a UDP server received: its name, the address that it came from, the bytes.
struct UdpSeen {
  std::string host;
  SocketAddress from;
  std::string bytes;
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

  // A TCP server at an address. One that refuses: none.
  void add_tcp_host(const std::string& address, TcpHost host);
  // One connection, run to its end in virtual time.
  TcpOutcome connect(const TcpCall& call);
  // A connection that stays open meanwhile: its stream, the client's side. `record` outlives the world.
  std::unique_ptr<Stream> open(const std::string& entry_point, const SocketAddress& peer,
                               pipeline::ConnectionRecord* record = nullptr);

  // A Redis at an address.
  void add_redis(const std::string& address, RedisHost host);

  void add_udp_host(const std::string& address, UdpHost host);
  // A client of a UDP entry point sends a datagram; what comes back within `patience` of virtual time. Sessions stay.
  std::vector<std::string> datagram(const std::string& entry_point, const SocketAddress& peer,
                                    const std::string& bytes,
                                    Duration patience = std::chrono::milliseconds(100));
  std::vector<UdpSeen> take_udp_seen() { return std::exchange(udp_seen_, {}); }
  // Null: nobody has sent to that entry point yet.
  pipeline::UdpServer* udp_server(const std::string& entry_point);

  // A digest of everything sent and answered so far, with its times: equal for equal seeds (16 hex digits).
  std::string digest() const;

  // Requests that hosts received outside of an exchange since the last send, ask or look: health probes, late mirrors.
  std::vector<HostRequest> take_seen();

  // How long an exchange may wait, in virtual time, while health probes keep the clock going; 0: no limit.
  Duration waiting_max = std::chrono::hours(24);
  // Events (task resumptions and timers) that one exchange may take; 0: no limit.
  uint64_t events_max = 50'000'000;

  // Sessions of a UDP entry point, looked at when its first datagram comes.
  size_t udp_sessions_max = pipeline::udp_sessions_max;

  // The direct arm's inner step, without building an Outcome (benchmarks): x must be filled.
  bool run(Task<void> task);

 private:
  class Resolver;
  struct Registered;
  struct TcpServed;
  SocketAddress address_of(const std::string& address);
  Task<void> answer_datagrams(SimDatagramSocket& socket, UdpHost host);
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
  std::vector<std::unique_ptr<TcpServed>> tcp_hosts_;
  std::vector<std::unique_ptr<RedisStore>> redis_hosts_;
  using TcpSeen = std::pair<std::string, std::string>;
  std::vector<std::unique_ptr<TcpSeen>> tcp_seen_;  // one for each connection, in their order
  std::vector<std::shared_ptr<pipeline::ConnectionRecord>> tcp_records_;
  std::vector<UdpSeen> udp_seen_;
  std::map<std::string, std::unique_ptr<pipeline::EngineHandler>> handlers_;

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
  pipeline::OcspStapler stapler_{env_, direct_};
  std::vector<std::unique_ptr<Stream>> held_;
  // Behind the transport, whose sockets they hold.
  std::map<std::string, std::unique_ptr<pipeline::UdpServer>> udp_servers_;
  std::map<SocketAddress, std::unique_ptr<SimDatagramSocket>> udp_clients_;
  std::vector<std::unique_ptr<SimDatagramSocket>> udp_hosts_;
  uint64_t followed_ = 0;  // version of the snapshot whose servers are probed
  uint64_t digest_ = 0;
  bool out_of_budget_ = false;
  std::string stuck_;  // what waited when a run could not end
  uint32_t next_ip_ = 1;
};

}  // namespace gateproof::sim
