// The file provider: configuration from one file or from the files of a directory, read again when they change.
//
// As the reference has it (catalogue 6.3): what cannot be decoded leaves the previous configuration in force; an empty file is a
// valid, empty configuration, so a writer that truncates first wipes the routes until it has written (surprise 46); a file or
// directory that is missing at start means that the provider is not started, while the process stays up.
#pragma once
#include "engine/config/static.h"
#include "engine/env/files.h"
#include "engine/env/watcher.h"
#include "engine/providers/throttle.h"

namespace gateproof::providers {

// What reading the files gave: the objects, or findings that say why there are none.
struct Loaded {
  std::optional<Message> message;
  config::Findings findings;
};

class FileProvider {
 public:
  struct Hooks {
    std::function<Loaded()> load;  // reads the files as they are now
    Throttle::Deliver apply;       // a new configuration is in force from now on
    std::function<void(const config::Findings&)> report;  // of each reading that found something
    std::function<void(const std::string&)> log_error;
  };

  // The scheduler, the files and the watcher outlive the provider. The watcher is null where nothing can be watched.
  FileProvider(Scheduler& scheduler, Files& files, FileWatcher* watcher,
               const config::FileProviderConfig& config, Duration throttle, Hooks hooks);

  // Watches and reads for the first time; apply() is called before it returns. False: not started (missing file or directory).
  bool start();
  // Reads again at every change. Endless, and to be ended before the provider is destroyed; returns at once when nothing is to be watched.
  Task<void> run();
  // Reads now (SIGHUP). Starts the provider if it could not be started before.
  void reload();

  uint64_t readings() const { return readings_; }

 private:
  void read_now();
  Result<void> find_and_watch();

  Files& files_;
  FileWatcher* watcher_;
  config::FileProviderConfig config_;
  Hooks hooks_;
  Throttle throttle_;
  bool started_ = false;
  uint64_t readings_ = 0;
  Waiter* waiting_for_start_ = nullptr;
};

}  // namespace gateproof::providers
