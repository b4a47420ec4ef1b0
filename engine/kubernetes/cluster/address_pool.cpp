#include "engine/kubernetes/cluster/address_pool.h"

#include "engine/base/text.h"

namespace gateproof::kubernetes::cluster {

namespace {
constexpr unsigned addresses = 65536;

// x.x.x.0 and x.x.x.255 look like networks and broadcasts to some: they are left out.
bool usable(unsigned n) { return n % 256 != 0 && n % 256 != 255; }
}  // namespace

std::optional<std::string> AddressPool::next() {
  for (unsigned step = 1; step <= addresses; ++step) {
    const unsigned n = (last_ + step) % addresses;
    if (!usable(n) || used_[n]) continue;
    last_ = n;
    return network_ + "." + std::to_string(n / 256) + "." + std::to_string(n % 256);
  }
  return std::nullopt;
}

std::optional<unsigned> AddressPool::number(std::string_view address) const {
  if (!address.starts_with(network_) || address.size() <= network_.size() ||
      address[network_.size()] != '.')
    return std::nullopt;
  const auto parts = text::split(address.substr(network_.size() + 1), '.');
  if (parts.size() != 2) return std::nullopt;
  unsigned n = 0;
  for (std::string_view p : parts) {
    const auto value = text::parse_int(p);
    if (!value || *value < 0 || *value > 255) return std::nullopt;
    n = n * 256 + unsigned(*value);
  }
  return n;
}

bool AddressPool::take(std::string_view address) {
  const auto n = number(address);
  if (!n || used_[*n]) return false;
  used_.set(*n);
  return true;
}

void AddressPool::release(std::string_view address) {
  if (const auto n = number(address)) used_.reset(*n);
}

}  // namespace gateproof::kubernetes::cluster
