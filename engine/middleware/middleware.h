// The contract of a middleware. The easy kind never waits: on_request may answer, on_response may edit the answer's head or
// wrap its body. The other kind is a coroutine around `next`.
//
// Life of a request in a chain: on_request runs outermost first (the order of the router's list); the first that answers
// stops the way in; on_response runs in reverse for every middleware whose on_request said `next` (or `pause`).
#pragma once
#include <functional>

#include "engine/config/dynamic_tls.h"
#include "engine/config/schema.h"
#include "engine/env/files.h"
#include "engine/env/tls_connector.h"
#include "engine/http/handler.h"

namespace gateproof::middleware {

using http::Exchange;

enum class Flow : uint8_t {
  next,
  answer,
  pause,  // next, once x.pause has passed
};

class Chain;

// The rest of a chain, seen from a middleware that waits. Calling it twice (a retry) runs the rest twice.
class Next {
 public:
  Next(const Chain& chain, size_t index) : chain_(chain), index_(index) {}
  Task<void> operator()(Exchange& x) const;
  // Whether it leaves x.request as it is, but for its body.
  bool leaves_request() const;

 private:
  const Chain& chain_;
  size_t index_;
};

class Middleware {
 public:
  virtual ~Middleware() = default;
  virtual bool waits() const = 0;

  // Before on_request, of those that `prepares` says: work that would hold up the event loop, done elsewhere (env/offload.h)
  // and kept for on_request. May fill x.response and return Flow::answer, when it cannot be done.
  virtual Task<Flow> prepare(Exchange& x);
  bool prepares = false;  // set by the constructor
  // Not waiting: may fill x.response and return Flow::answer.
  virtual Flow on_request(Exchange& x) { return Flow::next; }
  virtual void on_response(Exchange& x) {}
  // Waiting: the whole of it.
  virtual Task<void> handle(Exchange& x, Next next);

  std::string stage;  // "middleware strip-api-prefix@file", for traces; set by the builder
};

class SyncFilter : public Middleware {
 public:
  bool waits() const final { return false; }
  Flow on_request(Exchange& x) override = 0;
};

class WaitingMiddleware : public Middleware {
 public:
  bool waits() const final { return true; }
  Task<void> handle(Exchange& x, Next next) override = 0;
};

class PluginHost;

// What a middleware may know when it is built. Built once per router (one handler instance per router, catalogue 3.0).
struct BuildContext {
  std::string_view name;    // "strip-api-prefix@file"
  std::string_view router;  // the router it is built for
  const Clock& clock;
  Random& random;
  bool strict = false;     // --gateproof.strict
  Files* files = nullptr;  // for usersFile; null: files cannot be read here
  // A service by its name as written in the options; the error is Traefik's text. Empty: there are no services here.
  std::function<Result<std::shared_ptr<http::Handler>>(const std::string& name)> service = {};
  const PluginHost* plugins = nullptr;  // null: there are none
  // Names under experimental.plugins and localPlugins of the static configuration; null: none.
  const std::vector<config::Text>* declared_plugins = nullptr;
  // How servers of the middleware's own are spoken to over TLS. Empty: they cannot.
  std::function<Result<std::shared_ptr<TlsConnector>>(const config::TransportTlsConfig& how)> tls =
      {};
};

// One line of the registry.
struct MiddlewareSpec {
  config::MiddlewareSchema schema;
  // Options are checked here as far as the schema cannot; the error is Traefik's text and disables the middleware and every
  // router that uses it.
  Result<std::unique_ptr<Middleware>> (*build)(const void* options, const BuildContext& context);
  // What `--gateproof.strict` makes it mean otherwise than Traefik; empty: nothing.
  std::string_view strict_meaning = {};
};

template <class Options>
std::shared_ptr<void> make_options() {
  return std::make_shared<Options>();
}

// What only a provider writes, never a file: types of their own, or a public type with further options (provider_types.cpp).
using ProviderSpec = MiddlewareSpec;
std::span<const ProviderSpec> provider_types();

// Every middleware type, sorted by name (registry.cpp).
std::span<const MiddlewareSpec> registry();
const MiddlewareSpec* find_middleware(std::string_view type_nocase);  // of providers, too
// The registry as the configuration decoder sees it.
const config::MiddlewareTypes& middleware_types();

}  // namespace gateproof::middleware
