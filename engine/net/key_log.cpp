#include "engine/net/key_log.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "engine/net/fd.h"
#include "engine/tls/context.h"

namespace gateproof::net {
namespace {

Fd& log_file() {
  static Fd file;
  return file;
}

// One write for each line, so that lines of several threads do not mix.
void write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  const ssize_t written = ::write(log_file().get(), text.data(), text.size());
  (void)written;  // a full disk must not stop a proxy that somebody debugs
}

}  // namespace

Result<void> log_tls_keys(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return Error(Code::io, errno_text("SSLKEYLOGFILE " + path, errno));
  log_file() = std::move(file);
  tls::set_key_log(write_line);
  return {};
}

}  // namespace gateproof::net
