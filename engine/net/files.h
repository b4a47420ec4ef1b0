// The machine's file system behind env's Files.
#pragma once
#include "engine/env/files.h"

namespace gateproof::net {

class RealFiles final : public Files {
 public:
  Result<std::string> read(const std::string& path, size_t bytes_max) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<FileStamp> stamp(const std::string& path) override;
};

}  // namespace gateproof::net
