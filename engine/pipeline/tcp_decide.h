// Who takes a connection (catalogue 1.10). The stage that serves connections and the explanation ask this alike.
#pragma once
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

struct TcpDecision {
  enum class Taker : uint8_t {
    tcp,     // a TCP router: `target`
    http,    // the entry point's HTTP side
    https,   // its HTTPS side
    acme,    // the ACME TLS challenge: nobody waits for one yet, and the name is refused
    nobody,  // closed
  };
  Taker taker = Taker::nobody;
  const rules::Route* route = nullptr;  // of a TCP router, or the HTTPS router's claim
  const TcpTarget* target = nullptr;
  std::string_view why;                // the step of 1.10, in words
  const Listener* listener = nullptr;  // of a Gateway's port: whose connection it is
};

// Step 1: before a byte is read. nullopt: the first bytes decide.
std::optional<TcpDecision> decide_silent(const EntryPoint& entry, const rules::RequestFacts& facts);
// Step 3: bytes that are no TLS.
TcpDecision decide_plain(const EntryPoint& entry, const rules::RequestFacts& facts);
// Step 4: TLS; facts.host is the server name.
TcpDecision decide_tls(const EntryPoint& entry, const rules::RequestFacts& facts);
// Step 2: TLS behind PostgreSQL's SSLRequest: TCP routers only.
TcpDecision decide_postgres(const EntryPoint& entry, const rules::RequestFacts& facts);

}  // namespace gateproof::pipeline
