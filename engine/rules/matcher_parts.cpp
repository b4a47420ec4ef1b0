// What the matchers of both languages share.
#include "engine/base/text.h"
#include "engine/rules/matchers.h"

namespace gateproof::rules {

std::span<const MatcherSpec> matchers_of(Syntax syntax) {
  switch (syntax) {
    case Syntax::v3: return matchers_v3();
    case Syntax::v2: return matchers_v2();
    case Syntax::tcp_v3: return matchers_tcp_v3();
    case Syntax::tcp_v2: return matchers_tcp_v2();
  }
  return {};
}

const MatcherSpec* find_matcher(Syntax syntax, std::string_view written) {
  for (const MatcherSpec& m : matchers_of(syntax)) {
    if (written == m.name) return &m;
    if (!text::iequals(written, m.name)) continue;
    std::string title = text::to_lower(m.name);
    title[0] = text::upper(title[0]);
    if (written == title || written == text::to_lower(m.name) || written == text::to_upper(m.name))
      return &m;
  }
  return nullptr;
}

HostPattern::HostPattern(std::string_view host, bool wildcards) : host_(text::to_lower(host)) {
  any_ = wildcards && host_ == "*";
  wildcard_ = wildcards && host_.starts_with('*');
}

namespace {

// Equal, or equal but for one trailing dot on either side. `head` + `tail` is the request's host.
bool same_host(std::string_view rule, std::string_view head, std::string_view tail) {
  const auto equal = [&](std::string_view r, std::string_view t) {
    return r.size() == head.size() + t.size() && r.starts_with(head) && r.ends_with(t);
  };
  if (equal(rule, tail)) return true;
  if (rule.ends_with('.') && equal(rule.substr(0, rule.size() - 1), tail)) return true;
  return tail.ends_with('.') && equal(rule, tail.substr(0, tail.size() - 1));
}

}  // namespace

bool HostPattern::matches(std::string_view host) const {
  if (any_) return true;
  if (host.empty()) return false;  // catalogue 1.4 step 6
  if (!wildcard_) return same_host(host_, {}, host);
  // Traefik puts "*" for the first label of the request's host and compares; so "*a.test" can never match.
  const size_t dot = host.find('.');
  return same_host(host_, "*",
                   dot == std::string_view::npos ? std::string_view() : host.substr(dot));
}

// Without the tolerance of trailing dots.
bool HostPattern::equals(std::string_view host) const {
  if (!wildcard_) return host_ == host;
  const size_t dot = host.find('.');
  return dot != std::string_view::npos && host_.size() == 1 + host.size() - dot &&
         std::string_view(host_).substr(1) == host.substr(dot);
}

bool HostPattern::matches(const RequestFacts& facts) const {
  if (facts.flat_host.empty()) return matches(facts.host);
  return any_ || equals(facts.host) || equals(text::to_lower(facts.flat_host));
}

IndexKey HostPattern::key() const {
  IndexKey k;
  if (any_) return k;
  k.host_kind = wildcard_ ? IndexKey::wildcard_host : IndexKey::exact_host;
  k.host = host_;
  return k;
}

bool QueryKey::has_value(const RequestFacts& facts, std::string_view key, std::string_view value) {
  for (const auto& [k, v] : facts.query_pairs()) {
    if (k == key && v == value) return true;
  }
  return false;
}

bool header_visible(std::string_view name) {
  return !text::iequals(name, "host") && !text::iequals(name, "transfer-encoding") &&
         !text::iequals(name, "trailer");
}

std::optional<PeerNetwork> PeerNetwork::parse(std::string_view text) {
  auto network = IpNetwork::parse(text);
  if (!network) return std::nullopt;
  PeerNetwork p;
  p.network_ = *network;
  // Go's IPNet: a mapped network of 96 bits or more is an IPv4 network.
  const IpAddress base = network->base.masked(network->prefix_bits);
  const IpAddress plain = base.unmapped();
  if (base.v6 && !plain.v6 && network->prefix_bits >= 96) {
    p.network_.base = plain;
    p.network_.prefix_bits = network->prefix_bits - 96;
  }
  return p;
}

}  // namespace gateproof::rules
