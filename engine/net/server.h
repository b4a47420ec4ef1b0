// Server: an engine on real sockets. One worker thread with its own event loop and listening sockets per core. Embeddable: no
// globals, no signals; start on port 0 and ask for the addresses; shut_down() and stop() may come from any thread.
#pragma once
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "engine/net/handed_sockets.h"
#include "engine/net/successor.h"
#include "engine/net/worker.h"

namespace gateproof::net {

struct ServeOptions {
  // Event loops; 0: `gateproof.workers`, and when that is 0 as well, one per core.
  size_t workers = 0;
  // Client connections open at once in the process; further ones wait in the system's backlog. Looked at before each accept, so
  // that each worker may go over it by one. 0: `gateproof.connections`, at most as many as the limit of open files allows (two each).
  size_t connections_max = 0;
  std::string host_name;             // for X-Forwarded-Server; empty: the machine's
  const Detours* detours = nullptr;  // upstreams played by somebody else; outlives the server
  HandedSockets* handed = nullptr;   // listening sockets from outside
};

inline constexpr size_t descriptors_reserved =
    64;  // files not left to connections: listeners, logs, watches, configuration
// (open files - descriptors_reserved) / 2, at least 1.
size_t connections_max_of_system();
// Raises the limit of open files to what the system allows, as Go's runtime does.
void raise_descriptor_limit();
std::string machine_name();
int64_t own_pid();

class Server {
 public:
  struct Bound {
    std::string entry_point;
    SocketAddress address;
  };

  // All three outlive the server.
  Server(pipeline::Engine& engine, Random& random, const Log& log, ServeOptions options = {});
  ~Server();  // stops

  // An entry point of the configuration that cannot be listened on.
  struct Failure {
    std::string entry_point;
    Error error;
  };

  // Opens the listening sockets of every entry point of the static configuration; connections and datagrams wait until start().
  // Errors name the entry point and carry a remedy (port in use, no permission ...).
  Result<void> bind();
  std::vector<Bound> addresses() const;
  std::optional<SocketAddress> address(std::string_view entry_point) const;
  // Starts the worker threads.
  void start();

  // Begins the graceful end (catalogue 7.8): ping says terminating, requestAcceptGraceTimeout, no more accepting, idle connections
  // are closed, graceTimeOut, the rest is closed. wait() tells when it is over.
  void shut_down(Drain kind = Drain::stop);
  // The listening sockets, to be handed to a successor.
  const std::vector<NamedSocket>& listening() const { return listening_; }
  // Ends at once.
  void stop();
  // Until every worker has ended.
  void wait();
  // To be called after each Engine::update(), by one thread at a time that is no worker's. Entry points that the configuration
  // brings are listened on, and those it brings no more accept nothing when this returns; their connections end as in a drain.
  // One whose address stays keeps its socket, and the options it was opened with. What cannot be opened is tried again next
  // time. Workers that are idle let go of the old snapshot.
  std::vector<Failure> configuration_changed();
  size_t connections() const { return shared_.connections.load(std::memory_order_relaxed); }
  size_t workers() const { return workers_.size(); }

 private:
  struct Opened {
    bool udp = false;
    std::vector<Fd> sockets;
  };

  Result<Opened> open_sockets(const config::EntryPointConfig& config);
  Result<void> bind_entry_point(const config::EntryPointConfig& config);
  Result<void> open_entry_point(const std::shared_ptr<const config::EntryPointConfig>& config);
  void end_following();
  void close_entry_points(const pipeline::Snapshot& wanted);
  std::vector<Failure> follow_entry_points(const pipeline::Snapshot& snapshot);
  Result<std::vector<Fd>> sockets_of(const config::EntryPointConfig& config, SocketAddress at,
                                     bool udp);

  ServerShared shared_;
  ServeOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  mutable std::mutex mutex_;  // addresses_, brought_, ending_
  std::vector<Bound> addresses_;
  std::map<std::string, std::string>
      brought_;  // entry points of the configuration: their addresses
  bool ending_ = false;
  std::vector<NamedSocket>
      listening_;  // copies of what the workers have; closed when the end begins
};

}  // namespace gateproof::net
