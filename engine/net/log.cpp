#include "engine/net/log.h"

#include <array>
#include <ctime>

#include <poll.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/net/clock.h"
#include "engine/net/log_file.h"

namespace gateproof::net {

namespace {
constexpr std::array<std::string_view, 8> names{"trace", "debug", "info",  "warn",
                                                "error", "fatal", "panic", "disabled"};
constexpr std::array<std::string_view, 7> short_names{"TRC", "DBG", "INF", "WRN",
                                                      "ERR", "FTL", "PNC"};

// As a JSON text; what is no UTF-8 is replaced.
void append_json(std::string_view text, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text::mended_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
    } else {
      out += c;
    }
  }
  out += '"';
}
}  // namespace

LogLevel log_level(std::string_view name) {
  const std::string lower = text::to_lower(name);
  for (size_t i = 0; i < names.size(); ++i) {
    if (lower == names[i]) return static_cast<LogLevel>(i);
  }
  return LogLevel::error;
}

std::string Log::line(LogLevel level, std::string_view text) const {
  const std::time_t seconds = static_cast<std::time_t>(RealClock().wall_ns() / 1'000'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::array<char, 32> stamp{};
  const size_t n = std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%SZ", &tm);
  const std::string_view time(stamp.data(), n);
  std::string line;
  if (json_) {
    line.append(R"({"level":")").append(names[static_cast<size_t>(level)]);
    line.append(R"(","time":")").append(time).append(R"(","message":)");
    append_json(text, line);
    line += '}';
  } else {
    line.append(time).append(" ").append(short_names[static_cast<size_t>(level)]);
    line.append(" ").append(text);
  }
  line += '\n';
  return line;
}

void Log::write(LogLevel level, std::string_view text) const {
  if (!enabled(level)) return;
  if (file_ && file_->write(line(level, text))) return;
  // A log that nobody reads is no reason to stop, nor to wait: on a full pipe a write would hold up every connection of the loop.
  pollfd room{fd_, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) == 0) room.revents = 0;
  if (room.revents == 0) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  std::string told;
  if (const uint64_t lost = lost_.exchange(0, std::memory_order_relaxed))
    told = "(" + std::to_string(lost) + " lines before this one were lost) ";
  const std::string whole = line(level, told.append(text));
  [[maybe_unused]] const ssize_t written = ::write(fd_, whole.data(), whole.size());
}

}  // namespace gateproof::net
