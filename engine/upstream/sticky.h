// Sticky cookies (catalogue 4.3): the value is derived from the server's URL (or the child service's name), so that it is the
// same after a restart and on every replica.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/config/dynamic.h"
#include "engine/http/exchange.h"

namespace gateproof::upstream {

class Sticky {
 public:
  // `names`: one per entry, in the balancer's order; an empty name cannot be asked for. `service`: the qualified name, for the default cookie name.
  Sticky(const config::CookieConfig& cookie, std::string_view service,
         const std::vector<std::string>& names);

  struct Found {
    size_t index;
    bool rewrite;  // an old form of the value: honoured, and written anew
  };
  // The entry that the request's cookie names.
  std::optional<Found> find(const http::Request& request) const;
  // The Set-Cookie value for an entry.
  std::string set_cookie(size_t index, int64_t wall_ns = 0) const;
  const std::string& name() const { return name_; }

 private:
  config::CookieConfig cookie_;
  std::string name_;
  std::vector<std::string> values_;
  std::unordered_map<std::string, size_t> current_;
  std::unordered_map<std::string, size_t> old_forms_;
};

}  // namespace gateproof::upstream
