// A log file as Traefik's logger keeps one: its folder and itself are made when there is something to write; at a size it is set
// aside under a name with the time, and what was set aside is compressed, and removed when there are too many or too old ones.
#pragma once
#include <atomic>
#include <mutex>
#include <thread>

#include "engine/env/clock.h"
#include "engine/net/fd.h"
#include "engine/net/log_backups.h"

namespace gateproof::net {

struct LogFileOptions {
  static constexpr uint64_t usual_bytes_max = 100u << 20;
  std::string path;
  uint64_t bytes_max = usual_bytes_max;  // a line that would go beyond it goes to a new file
  int64_t age_max_days = 0;              // 0: kept for good
  int64_t backups_max = 0;               // 0: all
};

// Usable from every thread.
class LogFile {
 public:
  // Between tries to open what could not be opened.
  static constexpr Duration retry_pause = std::chrono::seconds(1);

  // The clock outlives this.
  LogFile(LogFileOptions options, const Clock& clock);
  ~LogFile();  // a compression under way is given up; what it came from is still there
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Goes on in the file that has the name now, made if there is none: for who has moved it away. Where it cannot be opened, the
  // one that is open is kept. Code::io.
  Result<void> reopen();
  // One line with its end, in one write. False: the file cannot be opened, or does not take it.
  bool write(std::string_view line);
  // Until what was set aside has been compressed and thinned out (tests).
  void wait_for_tidying();

 private:
  Result<Fd> open_file() const;
  Result<void> open_now();
  bool ready();
  void set_aside();
  void begin_tidying();
  void tidy(int64_t now_wall_ns);
  void compress(const std::string& name);

  const LogFileOptions options_;
  const LogPath path_;
  const Clock& clock_;
  std::mutex mutex_;
  Fd fd_;
  uint64_t bytes_ = 0;
  bool regular_ = false;  // only a file is set aside: /dev/stdout is not
  std::optional<Instant> failed_;
  std::thread tidying_;
  std::atomic<bool> tidied_{true}, ending_{false};
};

}  // namespace gateproof::net
