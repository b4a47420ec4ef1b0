#include "engine/base/error.h"

#include <stdexcept>

namespace gateproof {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::limit: return "limit";
    case Code::refused: return "refused";
    case Code::reset: return "reset";
    case Code::timeout: return "timeout";
    case Code::protocol: return "protocol";
    case Code::canceled: return "canceled";
    case Code::unavailable: return "unavailable";
    case Code::unsupported: return "unsupported";
    case Code::io: return "io";
  }
  return "unknown";
}

void throw_error(const Error& error) { throw std::runtime_error(error.message); }

}  // namespace gateproof
