#include "engine/net/fd.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace gateproof::net {

void Fd::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<Fd> Fd::duplicate() const {
  Fd copy(::fcntl(fd_, F_DUPFD_CLOEXEC, 0));
  if (!copy) return Error(Code::io, errno_text("fcntl", errno));
  return copy;
}

Code code_of_errno(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN: return Code::refused;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ENOTCONN: return Code::reset;
    case ETIMEDOUT: return Code::timeout;
    case ENOENT:
    case ENOTDIR: return Code::not_found;
    case ECANCELED: return Code::canceled;
    default: return Code::io;
  }
}

std::string errno_text(std::string_view what, int error_number) {
  // As Go spells them: "address already in use".
  std::string text = std::system_category().message(error_number);
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z')
    text[0] = static_cast<char>(text[0] | 0x20);
  return std::string(what) + ": " + text;
}

bool out_of_resources(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM || error_number == ENOSPC;
}

}  // namespace gateproof::net
