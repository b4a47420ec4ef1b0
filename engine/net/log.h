// The process log: lines on a descriptor or in a file, in the layouts of Traefik's formats `common` and `json`. Plain writes instead
// of spdlog: a line costs one write(2), and a unit that includes spdlog takes seconds to compile.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::net {

enum class LogLevel : uint8_t { trace, debug, info, warn, error, fatal, panic, disabled };

// Traefik's names, any case; anything else is `error`, as Traefik falls back (catalogue 6.2).
LogLevel log_level(std::string_view name);

class LogFile;

class Log {
 public:
  explicit Log(int fd = 2, LogLevel level = LogLevel::error) : fd_(fd), level_(level) {}
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  // Both before other threads write. A line that the file does not take goes to the descriptor; the file outlives this.
  void set_json(bool on) { json_ = on; }
  void set_file(LogFile* file) { file_ = file; }
  bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  // "2026-01-31T12:00:00Z ERR text\n" or {"level":"error","time":"2026-01-31T12:00:00Z","message":"text"}, in one write; usable
  // from every thread. Never waits for who reads the descriptor: a line that finds a full pipe is lost, and the next one that does
  // not tells how many were.
  void write(LogLevel level, std::string_view text) const;
  void debug(std::string_view text) const { write(LogLevel::debug, text); }
  void info(std::string_view text) const { write(LogLevel::info, text); }
  void warn(std::string_view text) const { write(LogLevel::warn, text); }
  void error(std::string_view text) const { write(LogLevel::error, text); }

 private:
  std::string line(LogLevel level, std::string_view text) const;

  int fd_;
  std::atomic<LogLevel> level_;
  bool json_ = false;
  LogFile* file_ = nullptr;
  mutable std::atomic<uint64_t> lost_{0};
};

}  // namespace gateproof::net
