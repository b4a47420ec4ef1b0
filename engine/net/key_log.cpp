#include "engine/net/key_log.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/tls/context.h"

namespace gateproof::net {
namespace {

Fd& log_file() {
  static Fd file;
  return file;
}

std::string& log_path() {
  static std::string path;
  return path;
}

// One write for each line, so that lines of several threads do not mix.
void write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  const ssize_t written = ::write(log_file().get(), text.data(), text.size());
  (void)written;  // a full disk must not stop a proxy that somebody debugs
}

}  // namespace

Result<Fd> open_key_log(const std::string& path) {
  constexpr int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  constexpr mode_t owner_alone = 0600, others = 0077;
  Fd file(::open(path.c_str(), how, owner_alone));
  if (!file) return Error(Code::io, errno_text("SSLKEYLOGFILE " + path, errno));
  struct stat told {};
  if (::fstat(file.get(), &told) != 0 || !S_ISREG(told.st_mode))
    return Error(Code::io, "SSLKEYLOGFILE " + path + ": not a file");
  if ((told.st_mode & others) != 0) {
    Error e(Code::io, "SSLKEYLOGFILE " + path + ": others may read or write it");
    e.remedy = "chmod 600 " + path;
    return e;
  }
  return file;
}

Result<void> log_tls_keys(const std::string& path) {
  Result<Fd> file = open_key_log(path);
  if (!file) return file.error();
  log_file() = std::move(*file);
  log_path() = path;
  tls::set_key_log(write_line);
  return {};
}

Result<void> reopen_key_log() {
  if (!log_file()) return {};
  Result<Fd> file = open_key_log(log_path());
  if (!file) return file.error();
  // The number stays, so that who writes at this moment writes to the one or to the other.
  if (::dup3(file->get(), log_file().get(), O_CLOEXEC) < 0)
    return Error(Code::io, errno_text("SSLKEYLOGFILE " + log_path(), errno));
  return {};
}

}  // namespace gateproof::net
