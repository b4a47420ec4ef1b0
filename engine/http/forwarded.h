// Forwarded headers: who may say where a request came from (catalogue 2.2).
#pragma once
#include <span>
#include <string>

#include "engine/base/address.h"
#include "engine/http/exchange.h"

namespace gateproof::http {

struct ForwardedPolicy {
  bool trust_all = false;
  std::vector<IpNetwork> trusted;
  std::vector<std::string>
      connection;  // names that Connection may nominate without removal before the middlewares
  std::string host_name;  // X-Forwarded-Server
  bool every_field =
      false;  // strict: of an untrusted peer Forwarded and every X-Forwarded-* go too
};

bool is_trusted(const ForwardedPolicy& policy, const IpAddress& peer);

// The entry point's stage: removes or keeps the managed set, sets X-Real-Ip, -Proto, -Port, -Host, -Server, and removes what
// Connection nominates. Sets x.trusted_peer.
void apply_forwarded(Exchange& x, const ForwardedPolicy& policy);

// Whether a name belongs to the managed set, in any spelling ('_' for '-').
bool is_managed_forwarded(std::string_view name);

// Whether a name says where a request came from at all: the managed set, `Forwarded` of RFC 7239, and every `X-Forwarded-*`,
// in any spelling (reliability F3).
bool is_forwarding_field(std::string_view name);

// The client's scheme as redirectScheme and the {url} of errors see it: what X-Forwarded-Proto tells (https or wss, http or ws),
// else this connection's.
std::string_view client_scheme(const Exchange& x);

// The proxy stage's X-Forwarded-For: incoming lines joined with ", ", then the peer.
std::string append_forwarded_for(const Headers& incoming, const IpAddress& peer);

}  // namespace gateproof::http
