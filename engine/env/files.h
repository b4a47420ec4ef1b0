// Files as the engine sees them: read whole, listed, stamped. Real in net, in memory in tests and the simulator.
#pragma once
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace gateproof {

struct FileStamp {
  int64_t modified_ns = 0;
  int64_t size = -1;
  uint64_t inode = 0;
  bool operator==(const FileStamp&) const = default;
};

class Files {
 public:
  virtual ~Files() = default;
  // The whole file. Code::not_found, Code::io (unreadable), Code::limit (larger than bytes_max).
  virtual Result<std::string> read(const std::string& path, size_t bytes_max) = 0;
  // Names in a directory, sorted, directories with a trailing '/'.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<FileStamp> stamp(const std::string& path) = 0;
};

}  // namespace gateproof
