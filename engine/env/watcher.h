// FileWatcher: told when configuration files may have changed. Real in net (inotify), by hand in env/testing.
#pragma once
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/task.h"

namespace gateproof {

class FileWatcher {
 public:
  virtual ~FileWatcher() = default;
  // Adds a file or a directory. For a file, its name in its directory is watched, so that writes, atomic renames and removals
  // are seen; for a directory, everything in it (not below it). Symbolic links on the way are watched too, so that swapping one
  // is seen. Code::not_found when the directory (of the file) does not exist.
  virtual Result<void> watch(const std::string& path) = 0;
  // Suspends until something has changed since the last call, then gives the paths. One waiting caller at a time.
  virtual Task<std::vector<std::string>> changed() = 0;
};

}  // namespace gateproof
