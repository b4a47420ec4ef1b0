#include "engine/net/log.h"

#include <array>
#include <ctime>

#include <poll.h>
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
  // A log that nobody reads is no reason to stop, nor to wait: on a full pipe a write would hold up every connection of the loop.
  pollfd room{fd_, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) == 0) room.revents = 0;
  if (room.revents == 0) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (const uint64_t lost = lost_.exchange(0, std::memory_order_relaxed))
    line.insert(n, "(" + std::to_string(lost) + " lines before this one were lost) ");
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace gateproof::net
