#include "engine/env/testing/fake_watcher.h"

#include "engine/base/waiter_slot.h"

namespace gateproof::testing {

Result<void> FakeWatcher::watch(const std::string& path) {
  if (std::find(missing.begin(), missing.end(), path) != missing.end()) {
    return Error(Code::not_found, "no such file or directory: " + path);
  }
  watched.push_back(path);
  return {};
}

Task<std::vector<std::string>> FakeWatcher::changed() {
  Waiter& me = co_await ThisWaiter{};
  const WaiterSlot slot(waiter_, me);
  while (pending_.empty()) co_await Suspend{"watch"};
  co_return std::exchange(pending_, {});
}

void FakeWatcher::touch(std::string path) {
  pending_.push_back(std::move(path));
  if (waiter_) waiter_->executor->post(*waiter_);
}

}  // namespace gateproof::testing
