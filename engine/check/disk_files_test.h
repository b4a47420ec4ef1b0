// The machine's files for tests: engine/net has the real ones, and engine/check knows nothing of engine/net.
#pragma once
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/env/files.h"

namespace gateproof::check::testing {

class DiskFiles final : public Files {
 public:
  explicit DiskFiles(std::string root) : root_(std::move(root)) {}

  Result<std::string> read(const std::string& path, size_t bytes_max) override {
    std::ifstream in(at(path), std::ios::binary);
    if (!in || std::filesystem::is_directory(at(path)))
      return Error(Code::io, path + ": cannot be read");
    std::ostringstream text;
    text << in.rdbuf();
    if (text.str().size() > bytes_max) return Error(Code::limit, path + ": too large");
    return text.str();
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::error_code error;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(at(directory), error)) {
      names.push_back(entry.path().filename().string() + (entry.is_directory() ? "/" : ""));
    }
    if (error) return Error(Code::not_found, directory + ": " + error.message());
    std::sort(names.begin(), names.end());
    return names;
  }
  Result<FileStamp> stamp(const std::string& path) override {
    if (!std::filesystem::exists(at(path)))
      return Error(Code::not_found, path + ": no such file or directory");
    return FileStamp{1, 1, 1};
  }

 private:
  std::string at(const std::string& path) const {
    return path.starts_with('/') ? path : root_ + "/" + path;
  }
  std::string root_;
};

}  // namespace gateproof::check::testing
