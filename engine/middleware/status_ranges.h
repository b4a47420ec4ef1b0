// Status codes as Traefik's options list them: "404" or "500-599" (catalogue 3.2, errors).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::middleware {

class StatusRanges {
 public:
  // What follows a second '-' is not looked at, and low may be above high (such a range is empty), as in Traefik. The error is
  // Traefik's: strconv.Atoi: parsing "5xx": invalid syntax.
  static Result<StatusRanges> parse(const std::vector<std::string>& texts);
  bool contains(int status) const;

 private:
  std::vector<std::pair<int64_t, int64_t>> ranges_;
};

}  // namespace gateproof::middleware
