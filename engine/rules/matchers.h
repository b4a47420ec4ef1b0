// The matchers that each rule language knows: name, argument counts and how one is built.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/matcher.h"

namespace gateproof::rules {

struct Built {
  std::shared_ptr<const Matcher> matcher;  // null: see error
  std::string error;                       // Traefik's words
  std::string remedy;
};

struct MatcherSpec {
  std::string_view name;       // as documented
  std::vector<size_t> counts;  // accepted numbers of arguments; empty: one or more
  Built (*build)(std::string_view name, const std::vector<std::string>& args);
};

std::span<const MatcherSpec> matchers_v3();
std::span<const MatcherSpec> matchers_v2();
std::span<const MatcherSpec> matchers_tcp_v3();
std::span<const MatcherSpec> matchers_tcp_v2();
std::span<const MatcherSpec> matchers_of(Syntax syntax);
// By one of the four registered spellings: as documented, all lower, all upper, first upper and the rest lower.
const MatcherSpec* find_matcher(Syntax syntax, std::string_view written);

// A host of a rule, prepared. The same law in Host() of both languages (catalogue 1.4 step 4, observed).
class HostPattern {
 public:
  // `wildcards`: v3, where "*" is any host and "*.x" stands for one label.
  HostPattern(std::string_view host, bool wildcards);
  bool matches(const RequestFacts& facts) const;
  bool matches(std::string_view host) const;
  IndexKey key() const;
  const std::string& text() const { return host_; }

 private:
  std::string host_;  // lower case
  bool equals(std::string_view host) const;
  bool any_ = false;
  bool wildcard_ = false;
};

// Query text as Go's url.Values sees it.
class QueryKey {
 public:
  static bool has_value(const RequestFacts& facts, std::string_view key, std::string_view value);
};

// A header's name as rules may ask for it. Go's server takes some fields out of the header map (Host, Transfer-Encoding,
// Trailer): no rule ever sees them.
bool header_visible(std::string_view name);

// The CIDR or address of ClientIP; the peer is compared without its IPv4-in-IPv6 form.
class PeerNetwork {
 public:
  static std::optional<PeerNetwork> parse(std::string_view text);
  bool contains(const IpAddress& ip) const { return network_.contains(ip.unmapped()); }

 private:
  IpNetwork network_;
};

}  // namespace gateproof::rules
