#include "engine/check/paths.h"

#include "engine/base/text.h"

namespace gateproof::check {

std::string join_path(std::string_view directory, std::string_view name) {
  if (name.starts_with('/') || directory.empty() || directory == ".") return std::string(name);
  return std::string(directory) + (directory.ends_with('/') ? "" : "/") + std::string(name);
}

std::string plain_path(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool rooted = path.starts_with('/');
  for (std::string_view part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !rooted) {
      kept.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (size_t i = 0; i < kept.size(); ++i) out.append(i ? "/" : "").append(kept[i]);
  return out.empty() ? "." : out;
}

std::string directory_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace gateproof::check
