// A watcher for tests: touch() says that a path has changed.
#pragma once
#include "engine/env/watcher.h"

namespace gateproof::testing {

class FakeWatcher final : public FileWatcher {
 public:
  std::vector<std::string> watched;
  std::vector<std::string> missing;  // watch() answers not_found for these

  Result<void> watch(const std::string& path) override;
  Task<std::vector<std::string>> changed() override;
  void touch(std::string path);

 private:
  std::vector<std::string> pending_;
  Waiter* waiter_ = nullptr;
};

}  // namespace gateproof::testing
