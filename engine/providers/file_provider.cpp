#include "engine/providers/file_provider.h"

#include "engine/base/waiter_slot.h"

namespace gateproof::providers {

FileProvider::FileProvider(Scheduler& scheduler, Files& files, FileWatcher* watcher,
                           const config::FileProviderConfig& config, Duration throttle, Hooks hooks)
    : files_(files),
      watcher_(config.watch ? watcher : nullptr),
      config_(config),
      hooks_(std::move(hooks)),
      throttle_(scheduler, throttle, hooks_.apply) {}

Result<void> FileProvider::find_and_watch() {
  // The directory wins if both are given.
  const std::string& directory = config_.directory.value;
  const std::string& path = directory.empty() ? config_.filename.value : directory;
  if (path.empty()) return Error(Code::invalid, "neither filename nor directory is defined");
  if (directory.empty()) {
    const Result<FileStamp> stamp = files_.stamp(path);
    if (!stamp) return stamp.error();
  } else {
    const Result<std::vector<std::string>> names = files_.list(path);
    if (!names) return names.error();
  }
  return watcher_ ? watcher_->watch(path) : Result<void>();
}

bool FileProvider::start() {
  if (started_) return true;
  // Watched before it is read, or a change in between would be missed.
  const Result<void> found = find_and_watch();
  if (!found) {
    hooks_.log_error("Cannot start the file provider: " + found.error().message);
    return false;
  }
  started_ = true;
  read_now();
  if (waiting_for_start_) waiting_for_start_->executor->post(*waiting_for_start_);
  return true;
}

void FileProvider::read_now() {
  Loaded loaded = hooks_.load();
  ++readings_;
  if (!loaded.findings.list().empty()) hooks_.report(loaded.findings);
  if (loaded.message) throttle_.offer(std::move(*loaded.message));
}

void FileProvider::reload() {
  if (started_) {
    read_now();
  } else {
    start();
  }
}

Task<void> FileProvider::run() {
  if (!watcher_) co_return;
  if (!started_) {
    Waiter& me = co_await ThisWaiter{};
    const WaiterSlot slot(waiting_for_start_, me);
    while (!started_) co_await Suspend{"file provider start"};
  }
  for (;;) {
    const std::vector<std::string> paths = co_await watcher_->changed();
    read_now();
  }
}

}  // namespace gateproof::providers
