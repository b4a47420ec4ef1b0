// What a service manager is told of the process: sd_notify(3), without its library. Nothing happens where nobody listens.
#pragma once
#include <string>
#include <string_view>

#include "engine/env/environment.h"

namespace gateproof::net {

class ServiceManager {
 public:
  // NOTIFY_SOCKET: a path, or a name in the abstract namespace after '@'.
  explicit ServiceManager(const Environment& environment)
      : address_(environment.get("NOTIFY_SOCKET").value_or("")) {}
  // "READY=1", "STOPPING=1", "MAINPID=42" ...; lines joined by '\n'. False: nobody was told.
  bool tell(std::string_view state) const;

 private:
  std::string address_;
};

}  // namespace gateproof::net
