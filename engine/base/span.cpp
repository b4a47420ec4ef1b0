#include "engine/base/span.h"

namespace gateproof {

std::string SourceSpan::to_string() const {
  if (!file) return {};
  std::string s = *file;
  if (line) s += ":" + std::to_string(line);
  if (line && column) s += ":" + std::to_string(column);
  return s;
}

}  // namespace gateproof
