// Fd: a file descriptor that closes itself, and what errno means to the engine.
#pragma once
#include <utility>

#include "engine/base/error.h"

namespace gateproof::net {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    if (this != &o) {
      close();
      fd_ = std::exchange(o.fd_, -1);
    }
    return *this;
  }
  ~Fd() { close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Another descriptor of the same open file. Code::io: the process has none left.
  Result<Fd> duplicate() const;
  int release() { return std::exchange(fd_, -1); }
  void close();

 private:
  int fd_ = -1;
};

// The reaction that an errno of a socket call asks for.
Code code_of_errno(int error_number);
// "what: Address already in use".
std::string errno_text(std::string_view what, int error_number);
// True for the errors that say "no descriptor, no memory": wait and try again.
bool out_of_resources(int error_number);

}  // namespace gateproof::net
