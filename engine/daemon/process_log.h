// The program's log as the static configuration wants it (`log`): which lines, in which layout, and where.
#pragma once
#include <memory>

#include "engine/config/static.h"
#include "engine/env/files.h"
#include "engine/net/log.h"
#include "engine/net/log_file.h"

namespace gateproof::daemon {

class ProcessLog {
 public:
  // A file that cannot be opened stops nothing: that is told, and lines go to the standard error until it can be. The clock
  // outlives this.
  ProcessLog(const config::LogConfig& config, const Clock& clock);
  const net::Log& log() const { return log_; }
  // Findings as a line each where lines are read by programs (a file, json), else as text with what was written.
  void report(const config::Findings& findings, Files& files) const;
  // The files of this log and of TLS secrets anew, for who has moved them away (SIGUSR1).
  void reopen();

 private:
  std::unique_ptr<net::LogFile> file_;
  net::Log log_;
  bool lines_;
};

// A finding in a line; without its place in the text where that is not known.
std::string line_of(const config::Finding& finding);

}  // namespace gateproof::daemon
