// Listeners: which listener of a Gateway takes a connection or a request of the port that they share. The one whose hostname fits
// best, and no other (listener isolation); without one the connection is closed, or the request answered 404.
#pragma once
#include <unordered_map>

#include "engine/config/static.h"
#include "engine/pipeline/tls_side.h"

namespace gateproof::pipeline {

struct EntryPoint;

struct Listener {
  const config::ListenerConfig* config = nullptr;
  const EntryPoint* entry = nullptr;  // its routing tables
  std::string_view name;              // its key among the snapshot's entry points
  TlsChoice tls;                      // https and tls: of connections whose TLS ends here
};

class Listeners {
 public:
  // Of several with the same hostname the first one counts.
  void add(Listener listener);
  // `host` in lower case, without port; "" where none is told. Null: nobody's.
  const Listener* find(std::string_view host) const;

  const std::vector<Listener>& all() const { return all_; }

  // Bytes are looked at before anything else: TLS is spoken, or nothing is known of what is spoken.
  bool looks_at_connections() const { return tls_ || tcp_; }
  bool tls() const { return tls_; }
  // The one that takes every connection before its first byte; null: none.
  const Listener* tcp() const { return tcp_ ? &all_.front() : nullptr; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<Listener> all_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> exact_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> below_;  // "*.x" as ".x"
  std::optional<size_t> any_;
  bool tls_ = false, tcp_ = false;
};

}  // namespace gateproof::pipeline
