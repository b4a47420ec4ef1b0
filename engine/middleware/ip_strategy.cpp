#include "engine/middleware/ip_strategy.h"

namespace gateproof::middleware {
namespace {

std::optional<IpAddress> parse_ip(std::string_view text) {
  auto ip = IpAddress::parse(text.substr(0, text.find('%')));
  if (ip) ip = ip->unmapped();
  return ip;
}

}  // namespace

const config::Schema<IpStrategyOptions>& ip_strategy_schema() {
  static const auto s =
      config::Schema<IpStrategyOptions>()
          .field("depth", &IpStrategyOptions::depth, "int", "0")
          .at_least(0)
          .field("excludedIPs", &IpStrategyOptions::excluded_ips, "list of strings")
          .field("ipv6Subnet", &IpStrategyOptions::ipv6_subnet, "int");
  return s;
}

std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') {
      return text;
    }
    return text.find(':', end + 2) == std::string_view::npos ? text.substr(1, end - 1) : text;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return text;
  }
  return text.substr(0, colon);
}

Result<IpList> IpList::parse(std::span<const std::string> entries) {
  IpList out;
  for (const std::string& entry : entries) {
    auto network = IpNetwork::parse(entry);
    if (!network) {
      return Error(Code::invalid, "parsing CIDR trusted IPs <nil>: invalid CIDR address: " + entry,
                   SourceSpan(),
                   "in `excludedIPs`, write addresses or networks such as 10.0.0.0/8");
    }
    out.networks_.push_back(*network);
  }
  return out;
}

bool IpList::contains(std::string_view address) const {
  const auto ip = parse_ip(address);
  return ip && contains(*ip);
}

bool IpList::contains(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const IpNetwork& n) { return n.contains(address); });
}

Result<IpStrategy> IpStrategy::compile(const std::optional<IpStrategyOptions>& options) {
  IpStrategy out;
  if (!options) return out;
  if (options->ipv6_subnet) {
    const int64_t bits = *options->ipv6_subnet;
    if (bits <= 0 || bits > 128) {
      return Error(Code::invalid,
                   "invalid IPv6 subnet " + std::to_string(bits) +
                       " value, should be greater to 0 and lower or equal to 128",
                   SourceSpan(), "write 1 to 128 in `ipv6Subnet`, or leave it out");
    }
    out.ipv6_bits_ = static_cast<unsigned>(bits);
  }
  if (options->depth > 0) {
    out.depth_ = static_cast<size_t>(options->depth);
  } else if (!options->excluded_ips.empty()) {
    auto list = IpList::parse(options->excluded_ips);
    if (!list) return list.error();
    out.excluded_ = std::move(*list);
  }
  return out;
}

std::string IpStrategy::mask(std::string ip) const {
  if (!ipv6_bits_) return ip;
  const auto parsed = parse_ip(ip);
  if (!parsed || !parsed->v6) return ip;
  return parsed->masked(ipv6_bits_).to_string();
}

std::string IpStrategy::client_ip(const http::Exchange& x) const {
  if (!depth_ && !excluded_) return mask(x.peer.ip.to_string());
  const std::string_view forwarded = x.request.headers.get("X-Forwarded-For");
  const std::vector<std::string_view> entries = text::split(forwarded, ',');
  if (depth_) {
    if (entries.size() < depth_) return "";
    return mask(std::string(text::trim(entries[entries.size() - depth_])));
  }
  for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
    const std::string_view entry = text::trim(*it);
    if (!entry.empty() && !excluded_->contains(entry)) return std::string(entry);
  }
  return "";
}

bool IpStrategy::is_listed(const http::Exchange& x, const IpList& list) const {
  return by_peer() ? list.contains(x.peer.ip) : list.contains(without_port(client_ip(x)));
}

std::string told_client(std::string_view ip, bool listed) {
  if (ip.empty()) return "no address: the strategy finds none";
  return std::string(ip) + (listed ? " is in a listed network" : " is in no listed network");
}

}  // namespace gateproof::middleware
