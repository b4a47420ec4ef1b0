#include "engine/daemon/process_log.h"

#include "engine/daemon/command_line.h"
#include "engine/net/key_log.h"

namespace gateproof::daemon {

namespace {

constexpr int64_t bytes_per_mb = 1 << 20;
constexpr int64_t mb_max = 1 << 20;  // a terabyte: more would say no more, and cannot be multiplied

net::LogLevel level_of(config::Severity severity) {
  switch (severity) {
    case config::Severity::error: return net::LogLevel::error;
    case config::Severity::warning: return net::LogLevel::warn;
    case config::Severity::note: break;
  }
  return net::LogLevel::info;
}

net::LogFileOptions file_options(const config::LogConfig& config) {
  net::LogFileOptions o;
  o.path = config.file_path;
  if (config.max_size > 0)
    o.bytes_max = static_cast<uint64_t>(std::min(config.max_size, mb_max) * bytes_per_mb);
  o.age_max_days = config.max_age;
  o.backups_max = config.max_backups;
  return o;
}

}  // namespace

ProcessLog::ProcessLog(const config::LogConfig& config, const Clock& clock)
    : log_(2, net::log_level(config.level)), lines_(config.json || !config.file_path.empty()) {
  log_.set_json(config.json);
  if (config.file_path.empty()) return;
  file_ = std::make_unique<net::LogFile>(file_options(config), clock);
  const Result<void> opened = file_->reopen();
  log_.set_file(file_.get());
  if (!opened) {
    log_.error("log.filePath: " + opened.error().message +
               ": lines go to the standard error until it can be opened");
  }
}

std::string line_of(const config::Finding& f) {
  std::string line = f.code + ": ";
  const std::string place = f.span.to_string();
  if (!place.empty()) line += place + ": ";
  if (!f.object.empty()) line += f.object + ": ";
  line += f.message;
  if (!f.remedy.empty()) line += " (help: " + f.remedy + ")";
  return line;
}

void ProcessLog::report(const config::Findings& findings, Files& files) const {
  if (!lines_) return print_findings(findings, files, log_.enabled(net::LogLevel::info));
  config::Findings sorted = findings;
  sorted.sort();
  for (const config::Finding& f : sorted.list()) log_.write(level_of(f.severity), line_of(f));
}

void ProcessLog::reopen() {
  for (const Result<void>& opened :
       {file_ ? file_->reopen() : Result<void>(), net::reopen_key_log()}) {
    if (!opened) log_.error("SIGUSR1: " + opened.error().message);
  }
  log_.info("SIGUSR1: log files are opened again");
}

}  // namespace gateproof::daemon
