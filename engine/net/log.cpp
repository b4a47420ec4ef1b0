#include "engine/net/log.h"

#include <array>
#include <ctime>

#include <unistd.h>

#include "engine/base/text.h"
#include "engine/net/clock.h"

namespace gateproof::net {

namespace {
constexpr std::array<std::string_view, 7> names{"trace", "debug", "info", "warn",
                                                "error", "fatal", "panic"};
constexpr std::array<std::string_view, 7> short_names{"TRC", "DBG", "INF", "WRN",
                                                      "ERR", "FTL", "PNC"};
}  // namespace

LogLevel log_level(std::string_view name) {
  const std::string lower = text::to_lower(name);
  for (size_t i = 0; i < names.size(); ++i) {
    if (lower == names[i]) return static_cast<LogLevel>(i);
  }
  return LogLevel::error;
}

void Log::write(LogLevel level, std::string_view text) const {
  if (!enabled(level)) return;
  const std::time_t seconds = static_cast<std::time_t>(RealClock().wall_ns() / 1'000'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::array<char, 32> stamp{};
  const size_t n = std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%SZ ", &tm);
  std::string line(stamp.data(), n);
  line += short_names[static_cast<size_t>(level)];
  line += ' ';
  line += text;
  line += '\n';
  // A log that cannot be written is no reason to stop.
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace gateproof::net
