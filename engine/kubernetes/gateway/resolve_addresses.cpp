// Addresses of Gateways: what spec.addresses asks for, and one of the pool for everybody else.
#include <algorithm>
#include <set>

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

class Pool {
 public:
  explicit Pool(const std::string& network) {
    const auto parsed = IpNetwork::parse(network);
    if (!parsed || parsed->base.v6) return;
    net_ = *parsed;
    first_ = number(net_.base.masked(net_.prefix_bits));
    const uint64_t size = uint64_t(1) << (32 - net_.prefix_bits);
    // Neither the network's own address nor that of all its hosts, as far as it has both.
    end_ = first_ + size - (size > 2 ? 1 : 0);
    next_ = first_ + (size > 2 ? 1 : 0);
  }

  bool contains(const IpAddress& ip) const {
    return end_ > 0 && !ip.v6 && number(ip) >= next_start() && number(ip) < end_;
  }
  bool take(const std::string& address) { return taken_.insert(address).second; }
  bool free(const std::string& address) const { return !taken_.contains(address); }

  // "" when there is none left.
  std::string lowest() {
    for (; next_ < end_; ++next_) {
      const auto n = uint32_t(next_);
      const std::string ip =
          IpAddress::v4(uint8_t(n >> 24), uint8_t(n >> 16), uint8_t(n >> 8), uint8_t(n))
              .to_string();
      if (take(ip)) return ip;
    }
    return "";
  }

 private:
  static uint64_t number(const IpAddress& ip) {
    return uint64_t(ip.bytes[0]) << 24 | uint64_t(ip.bytes[1]) << 16 | uint64_t(ip.bytes[2]) << 8 |
           ip.bytes[3];
  }
  uint64_t next_start() const { return first_ + (end_ - first_ > 2 ? 1 : 0); }

  IpNetwork net_;
  uint64_t first_ = 0, end_ = 0, next_ = 0;
  std::set<std::string> taken_;
};

class Assigner {
 public:
  explicit Assigner(State& s) : s_(s), pool_(s.index.options.address_pool) {}

  void run() {
    // Those who ask for one come first, then those who have one already: a new Gateway takes nothing from anybody.
    for (size_t g = 0; g < s_.gateways.size(); ++g) wanted(g);
    for (size_t g = 0; g < s_.gateways.size(); ++g) {
      if (waits(g)) keep(g);
    }
    for (size_t g = 0; g < s_.gateways.size(); ++g) {
      if (waits(g)) fresh(g);
    }
  }

 private:
  bool waits(size_t g) const {
    return !s_.gateways[g].not_accepted && !s_.gateways[g].not_programmed &&
           s_.model.gateways[g].address.empty();
  }

  void refuse(size_t g, std::optional<Problem>& what, std::string reason, SourceSpan at,
              std::string message, std::string remedy) {
    if (what) return;
    what =
        Problem{"GP0817", std::move(reason), std::move(message), std::move(remedy), std::move(at)};
    s_.index.report(*s_.model.gateways[g].object, *what);
  }

  void wanted(size_t g) {
    GatewayWork& work = s_.gateways[g];
    Gateway& gateway = s_.model.gateways[g];
    const std::vector<Value>& addresses = items_at(gateway.object->at("spec"), "addresses");
    for (const Value& v : addresses) {
      const std::string type = text_at(&v, "type");
      if (type.empty() || type == "IPAddress") continue;
      refuse(g, work.not_accepted, "UnsupportedAddress", span_of(v, "type"),
             "addresses of type " + type + " are not supported", "write type: IPAddress");
    }
    if (work.not_accepted) return;
    std::string chosen;
    for (const Value& v : addresses) {
      const std::string value = text_at(&v, "value");
      if (value.empty()) continue;
      const std::string why = unusable(value, chosen);
      if (why.empty()) {
        chosen = IpAddress::parse(value)->to_string();
        pool_.take(chosen);
        continue;
      }
      refuse(g, work.not_programmed, "AddressNotUsable", span_of(v, "value"),
             "address " + text::quote(value) + " cannot be used: " + why,
             "name an address of " + s_.index.options.address_pool +
                 " that is free, or leave the value out");
    }
    if (!work.not_programmed) gateway.address = chosen;
  }

  std::string unusable(const std::string& value, const std::string& chosen) const {
    const auto ip = IpAddress::parse(value);
    if (!ip) return "it is no IP address";
    if (!chosen.empty()) return "a Gateway has one address, and " + chosen + " comes first";
    if (!pool_.contains(*ip) && !s_.index.options.usable_addresses.contains(ip->to_string()))
      return "it is not one of those that Gateways may have here";
    if (!pool_.free(ip->to_string())) return "another Gateway has it";
    return "";
  }

  void keep(size_t g) {
    Gateway& gateway = s_.model.gateways[g];
    const auto known = s_.addresses.find(path_of(gateway.object->ns, gateway.object->name));
    if (known != s_.addresses.end() && keep(gateway, known->second)) return;
    for (const Value& v : items_at(gateway.object->at("status"), "addresses")) {
      if (keep(gateway, text_at(&v, "value"))) return;
    }
  }
  bool keep(Gateway& gateway, const std::string& address) {
    const auto ip = IpAddress::parse(address);
    if (!ip || !pool_.contains(*ip) || !pool_.take(ip->to_string())) return false;
    gateway.address = ip->to_string();
    return true;
  }

  void fresh(size_t g) {
    Gateway& gateway = s_.model.gateways[g];
    gateway.address = pool_.lowest();
    if (!gateway.address.empty()) return;
    refuse(g, s_.gateways[g].not_programmed, "AddressNotAssigned", gateway.object->span,
           "no address of " + s_.index.options.address_pool + " is free",
           "remove a Gateway, or give the controller a larger pool");
  }

  State& s_;
  Pool pool_;
};

}  // namespace

void assign_addresses(State& s) { Assigner(s).run(); }

}  // namespace gateproof::kubernetes::gateway
