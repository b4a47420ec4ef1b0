// Files of the machine with texts in memory laid over them.
#pragma once
#include <map>

#include "engine/net/files.h"

namespace gateproof::bindings {

class OverlayFiles final : public Files {
 public:
  explicit OverlayFiles(std::map<std::string, std::string> texts = {}) : texts_(std::move(texts)) {}

  Result<std::string> read(const std::string& path, size_t bytes_max) override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return real_.read(path, bytes_max);
    if (found->second.size() > bytes_max)
      return Error(Code::limit, "text larger than " + std::to_string(bytes_max) + " bytes");
    return found->second;
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::string prefix = directory.ends_with('/') ? directory : directory + "/";
    std::vector<std::string> names;
    for (const auto& [path, text] : texts_) {
      if (!path.starts_with(prefix)) continue;
      const size_t slash = path.find('/', prefix.size());
      std::string name =
          path.substr(prefix.size(), slash == path.npos ? path.npos : slash + 1 - prefix.size());
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    if (!names.empty()) return names;
    return real_.list(directory);
  }
  Result<FileStamp> stamp(const std::string& path) override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return real_.stamp(path);
    return FileStamp{1, static_cast<int64_t>(found->second.size()), 1};
  }

 private:
  std::map<std::string, std::string> texts_;
  net::RealFiles real_;
};

}  // namespace gateproof::bindings
