#include "engine/net/log_backups.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "engine/base/text.h"

namespace gateproof::net {

namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t ms_per_day = 86'400'000;
constexpr std::string_view stamp_shape = "0000-00-00T00-00-00.000";

// The number in the digits at `at`.
int number(std::string_view s, size_t at, size_t digits) {
  int n = 0;
  for (char c : s.substr(at, digits)) n = n * 10 + (c - '0');
  return n;
}

bool has_shape(std::string_view s) {
  if (s.size() != stamp_shape.size()) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    const bool digit = stamp_shape[i] == '0';
    if (digit ? !text::is_digit(s[i]) : s[i] != stamp_shape[i]) return false;
  }
  return true;
}

std::optional<int64_t> stamp_ms(std::string_view s) {
  if (!has_shape(s)) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(number(s, 0, 4)),
                                         std::chrono::month(unsigned(number(s, 5, 2))),
                                         std::chrono::day(unsigned(number(s, 8, 2))));
  const int hour = number(s, 11, 2), minute = number(s, 14, 2), second = number(s, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * ms_per_day + ((hour * 60 + minute) * 60 + second) * int64_t{1000} +
         number(s, 20, 3);
}

}  // namespace

LogPath::LogPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) folder = path.substr(0, slash + 1);
  const std::string_view name = path.substr(folder.size());
  const size_t dot = name.rfind('.');
  stem = name.substr(0, dot);
  if (dot != std::string_view::npos) extension = name.substr(dot);
}

std::string LogPath::backup_name(int64_t wall_ns) const {
  const int64_t ms = wall_ns / ns_per_ms;
  const std::chrono::sys_days day{std::chrono::days(ms / ms_per_day)};
  const std::chrono::year_month_day date(day);
  const auto rest = static_cast<int>(ms % ms_per_day);
  std::array<char, 48> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "-%04d-%02u-%02uT%02d-%02d-%02d.%03d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), rest / 3'600'000, rest / 60'000 % 60,
                rest / 1000 % 60, rest % 1000);
  return stem + stamp.data() + extension;
}

std::optional<int64_t> LogPath::backup_time(std::string_view name) const {
  if (name.ends_with(compressed_suffix)) name.remove_suffix(compressed_suffix.size());
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  if (!name.starts_with(stem) || name.size() <= stem.size() || name[stem.size()] != '-')
    return std::nullopt;
  const std::optional<int64_t> ms = stamp_ms(name.substr(stem.size() + 1));
  return ms ? std::optional(*ms * ns_per_ms) : std::nullopt;
}

BackupPlan plan_backups(const LogPath& path, const std::vector<std::string>& names,
                        int64_t backups_max, int64_t age_max_days, int64_t now_wall_ns) {
  std::vector<std::pair<int64_t, std::string>> found;  // the newest first
  for (const std::string& name : names) {
    if (const auto time = path.backup_time(name)) found.emplace_back(*time, name);
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  const int64_t oldest = now_wall_ns - age_max_days * ms_per_day * ns_per_ms;
  BackupPlan plan;
  int64_t kept = 0;
  std::optional<int64_t> last;  // a file and what it was compressed to are one
  for (const auto& [time, name] : found) {
    if (last != time) ++kept;
    last = time;
    if ((backups_max > 0 && kept > backups_max) || (age_max_days > 0 && time < oldest)) {
      plan.remove.push_back(name);
    } else if (!name.ends_with(compressed_suffix)) {
      plan.compress.push_back(name);
    }
  }
  return plan;
}

}  // namespace gateproof::net
