// Worker: one event loop with everything that serves connections on it. Not shared: what several workers have in common
// (limits, balancers, health) lives in the engine's snapshot.
#pragma once
#include "engine/env/env.h"
#include "engine/env/seldom_told.h"
#include "engine/net/event_loop.h"
#include "engine/net/listener.h"
#include "engine/net/log.h"
#include "engine/net/resolver.h"
#include "engine/net/stream.h"
#include "engine/net/transport.h"
#include "engine/net/work_pool.h"
#include "engine/pipeline/engine.h"
#include "engine/pipeline/ocsp_stapler.h"
#include "engine/pipeline/udp_server.h"
#include "engine/upstream/health_runner.h"
#include "engine/upstream/http_origin.h"

namespace gateproof::net {

// What all workers of a server look at.
struct ServerShared {
  pipeline::Engine& engine;
  const Log& log;
  Random& random;
  std::string host_name;
  size_t connections_max = 0;
  const Detours* detours = nullptr;
  std::atomic<size_t> connections{0};
  SeldomTold full{};                        // connections_max was reached
  std::array<SeldomTold, 3> undelivered{};  // datagrams, by UdpDrop
  WorkPool pool{};                          // outlives the loops
};

enum class Drain : uint8_t {
  stop,       // nobody follows
  hand_over,  // a successor has the listening sockets, too
};

class Worker {
 public:
  static constexpr Duration full_pause =
      std::chrono::milliseconds(20);  // between looks while connections_max is reached
  static constexpr Duration drain_pause =
      std::chrono::milliseconds(10);  // between looks while draining
  // How long a connection must have been idle before a drain ends it: a client that sends request after request gets its next
  // answer, with Connection: close, instead of an end in the middle of sending.
  static constexpr Duration stop_idle_time = std::chrono::milliseconds(50);
  static constexpr Duration hand_over_idle_time = std::chrono::seconds(1);
  // A connection that has sent nothing is ended by a drain only after this time, as in Go's Shutdown.
  static constexpr Duration fresh_time = std::chrono::seconds(5);

  Worker(std::unique_ptr<EventLoop> loop, ServerShared& shared);
  ~Worker();

  // Before run(), from the thread that made the worker.
  Result<void> add_entry_point(const config::EntryPointConfig& config, Fd listening);
  Result<void> add_udp_entry_point(const config::EntryPointConfig& config, Fd bound);
  // From any thread, at any time: an entry point that a configuration brings. What cannot be watched is logged.
  void open_entry_point(std::shared_ptr<const config::EntryPointConfig> config, Fd socket,
                        bool udp);
  // From any thread: it accepts no more once `done` is let go of, and its connections end as in a drain.
  void close_entry_point(const std::string& name, std::shared_ptr<void> done);
  // Before run(): this worker probes the servers for all of them, and asks about certificates.
  void probe_servers();
  // Accepts and serves until stopped. The calling thread is the worker's.
  void run();

  // From any thread.
  void begin_drain(Drain kind);
  void stop() { loop_->stop(); }
  void configuration_changed();

 private:
  struct Entry;

  // A task of an entry point, which lives as long as it.
  void begin(const std::string& what, Entry& e, Task<void> task);
  void tell_full(const Entry& e);
  void tell_dropped(const std::string& entry_point, pipeline::UdpDrop why);
  void hear(const std::shared_ptr<pipeline::UdpServer>& server);
  Task<void> accept_connections(Entry& e);
  Task<void> drain(Entry& e);
  Task<void> leave(Entry& e);
  Task<void> end_streams(Entry& e);
  void stop_accepting(Entry& e);
  void close_now(const std::string& name);
  void end_idle(Entry& e);
  void follow_snapshot();
  void serve(Entry& e, std::unique_ptr<Stream> stream);

  std::unique_ptr<EventLoop> loop_;
  ServerShared& shared_;
  NetTransport transport_;
  RealResolver resolver_;
  PoolOffload offload_;
  Env env_;
  upstream::HttpOrigin origin_;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::map<std::string, std::shared_ptr<pipeline::UdpServer>> udp_;  // by entry point
  std::unique_ptr<upstream::HealthRunner> health_;                   // of one worker in a process
  std::unique_ptr<pipeline::OcspStapler> stapler_;                   // the same
  uint64_t followed_ = 0;  // version of the snapshot whose servers it probes
  size_t ending_ = 0;      // entry points that accept no more and still have connections to end
  bool drain_begun_ = false;
  Duration idle_time_ = stop_idle_time;
};

}  // namespace gateproof::net
