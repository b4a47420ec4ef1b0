// Names of log files that were set aside, and which of them are kept: those of Traefik's logger, so that either goes on where the
// other was. `app.log` becomes `app-2026-01-31T12-00-00.000.log` (UTC, milliseconds), and compressed `….log.gz`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::net {

inline constexpr std::string_view compressed_suffix = ".gz";

struct LogPath {
  explicit LogPath(std::string_view path);
  std::string folder;     // "" is the current one; else with its '/' at the end
  std::string stem;       // "app"
  std::string extension;  // ".log", or nothing
  std::string backup_name(int64_t wall_ns) const;
  // When it was set aside (ns since the epoch); nullopt: no file of this log.
  std::optional<int64_t> backup_time(std::string_view name) const;
};

struct BackupPlan {
  std::vector<std::string> remove;
  std::vector<std::string> compress;
};
// Of the names in the folder. `backups_max` and `age_max_days` 0: no limit.
BackupPlan plan_backups(const LogPath& path, const std::vector<std::string>& names,
                        int64_t backups_max, int64_t age_max_days, int64_t now_wall_ns);

}  // namespace gateproof::net
