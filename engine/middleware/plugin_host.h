// Plugins: middlewares that whoever drives the engine brings along, each under a name (the counterpart of the plugins that
// Traefik loads). The engine asks a PluginHost for them and runs them as steps of a chain; it knows no language of theirs.
#pragma once
#include <optional>

#include "engine/config/document.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

// A body that a plugin has in its hands is in memory: no plugin may ask for more bytes of one than these.
inline constexpr size_t plugin_body_bytes_max = 64u << 20;

// One exchange's way through a plugin, there and back. Both are called on the exchange's own event loop and must not wait.
// An error is a fault of the plugin: it is answered with 500, as Traefik's recovery answers a panic.
class PluginCall {
 public:
  virtual ~PluginCall() = default;
  virtual Result<Flow> on_request(Exchange& x) = 0;
  virtual Result<void> on_response(Exchange& x) = 0;
};

// A built plugin. Calls of several event loops run at the same time.
class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::unique_ptr<PluginCall> begin() const = 0;

  // Bytes of a body that are read before on_request and on_response; nullopt: that body goes by unread.
  std::optional<size_t> request_body_bytes_max;
  std::optional<size_t> response_body_bytes_max;
};

class PluginHost {
 public:
  virtual ~PluginHost() = default;
  virtual bool knows(std::string_view plugin) const = 0;
  // `middleware` is the qualified name. The error's message is the reason that middleware and routers are disabled for.
  virtual Result<std::unique_ptr<Plugin>> build(std::string_view plugin,
                                                const config::Value& options,
                                                std::string_view middleware) const = 0;
};

}  // namespace gateproof::middleware
