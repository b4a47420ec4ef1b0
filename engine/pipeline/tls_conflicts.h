// TLS options belong to server names, not to routers (catalogue 5.3): which routers of an entry point cannot have the options
// that they ask for, because another router of the same host asks for others, or because no host is named.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gateproof::pipeline {

// A router with TLS on one entry point.
struct TlsClaim {
  enum class Verdict : uint8_t {
    applies,
    conflicts,  // another router of a host asks for others; all of them get the default ones
    no_domain,  // it names no host and no default options
  };
  std::string entry_point;
  std::string options;             // "default" or a qualified name
  std::vector<std::string> hosts;  // of its rule, lower-cased; negated ones do not count (observed)
  bool readable = true;            // whether the rule could be read at all
};

// Of each claim, in order.
std::vector<TlsClaim::Verdict> judge_tls_claims(const std::vector<TlsClaim>& claims);

}  // namespace gateproof::pipeline
