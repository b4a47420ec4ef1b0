// InotifyWatcher: watches directories rather than files, because an atomic rename replaces the file that a watch would hold on
// to. Each symbolic link on the way to a path is watched in its own directory (Kubernetes swaps `..data`), and the set of watches
// is worked out again after every change.
#pragma once
#include <map>
#include <set>

#include "engine/env/watcher.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class InotifyWatcher final : public FileWatcher, public Pollable {
 public:
  static constexpr int links_followed_max =
      40;  // symbolic links on one way, as in path_resolution(7)
  static constexpr Duration look_again =
      std::chrono::seconds(1);  // for a watched directory that went away
  // Who writes without pause does not keep the loop from its other work: so much is read of the queue at once, and the next not
  // before this time has passed.
  static constexpr size_t reads_max = 16;  // of read_bytes
  static constexpr size_t read_bytes = 16384;
  static constexpr Duration breath = std::chrono::milliseconds(10);

  static Result<std::unique_ptr<InotifyWatcher>> make(EventLoop& loop);
  ~InotifyWatcher() override { close_watched(fd_); }

  Result<void> watch(const std::string& path) override;
  Task<std::vector<std::string>> changed() override;
  void on_events(uint32_t events) override;

 private:
  // What is wanted from a directory: some names, or everything.
  struct Interest {
    bool all = false;
    std::set<std::string> names;
  };
  struct Watched {
    std::string directory;
    Interest interest;
  };
  InotifyWatcher(EventLoop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {}
  static void add_way(const std::string& path, std::map<std::string, Interest>& wanted);
  void rebuild();
  void drain(std::set<std::string>& changed);

  EventLoop& loop_;
  Fd fd_;
  bool ready_ = false;
  Waiter* waiter_ = nullptr;
  Instant drain_next_{};
  std::vector<std::string> roots_;
  std::map<int, Watched> watches_;
  bool incomplete_ = false;  // some wanted directory does not exist now
};

}  // namespace gateproof::net
