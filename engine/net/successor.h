// A restart without a gap: the running program starts its successor, which may be a newer binary with another configuration,
// gives it the listening sockets, and ends only when the successor serves.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "engine/net/event_loop.h"
#include "engine/net/stream.h"

namespace gateproof::net {

struct NamedSocket {
  std::string name;  // of the entry point
  Fd fd;
};

class Successor {
 public:
  // From start to its first word; after that it is given up.
  static constexpr Duration start_time_max = std::chrono::seconds(60);

  // Starts `program` (looked up in PATH if it has no '/') with these arguments and this environment; `sockets` arrive as
  // sd_listen_fds(3) says, and ready_variable names the descriptor for its word. Code::io: it cannot be started.
  static Result<std::unique_ptr<Successor>> start(
      EventLoop& loop, const std::string& program, const std::vector<std::string>& arguments,
      const std::vector<std::pair<std::string, std::string>>& environment,
      const std::vector<NamedSocket>& sockets);
  // One that is not ready is killed.
  ~Successor();

  // True: it serves. False: it ended, or said nothing in time.
  Task<bool> ready();
  int64_t pid() const { return pid_; }

 private:
  Successor(int64_t pid, std::unique_ptr<NetStream> word) : pid_(pid), word_(std::move(word)) {}
  int64_t pid_;
  std::unique_ptr<NetStream> word_;
  bool ready_ = false;
};

}  // namespace gateproof::net
