// Registry: what is dear to make and stays the same over reloads: contexts, certificates, the system's roots. One per engine; a
// snapshot asks it for everything, and what no snapshot uses any more is forgotten.
#pragma once
#include <map>
#include <mutex>

#include "engine/env/clock.h"
#include "engine/env/files.h"
#include "engine/tls/connector.h"

namespace gateproof::tls {

class Registry {
 public:
  // Both outlive it.
  Registry(Random& random, const Clock& clock) : random_(random), clock_(clock) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Result<std::shared_ptr<const ServerContext>> server(const ServerSettings& settings);
  // The same connector for the same settings, so that connections kept open are found again after a reload.
  Result<std::shared_ptr<Connector>> client(const ClientSettings& settings);
  Result<std::shared_ptr<const Identity>> identity(const std::string& certificate_pem,
                                                   const std::string& key_pem);
  // The self-signed certificate that is served where nothing else is configured; made when it is first needed, which takes a tenth
  // of a second. From any thread. Null only where OpenSSL has no randomness.
  std::shared_ptr<const Identity> generated();
  // The same where it is made already, else null: nobody waits for a thread that makes it.
  std::shared_ptr<const Identity> generated_before() const { return std::atomic_load(&generated_); }
  // The PEM texts of the authorities that the machine trusts, read once, where Go looks for them; empty without files.
  std::vector<std::string> system_roots(Files* files);
  // Forgets what nobody else holds.
  void sweep();

 private:
  template <class T>
  using Kept = std::map<std::string, std::shared_ptr<const T>>;  // by digest of what it is made of

  Random& random_;
  const Clock& clock_;
  std::mutex mutex_;
  Kept<ServerContext> servers_;
  std::map<std::string, std::shared_ptr<Connector>> clients_;
  Kept<Identity> identities_;
  std::mutex generating_;  // its own: certificates of a reload do not wait for a key that is made
  std::shared_ptr<const Identity> generated_;
  std::vector<std::string> roots_;
};

}  // namespace gateproof::tls
