// IPv4 addresses of one /16, given out in order; what was freed longest ago comes again last.
#pragma once
#include <bitset>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::kubernetes::cluster {

class AddressPool {
 public:
  explicit AddressPool(std::string network = "127.101") : network_(std::move(network)) {}
  // The next free address, not taken yet; none when all are in use.
  std::optional<std::string> next();
  // False for an address of another network, or one that is in use.
  bool take(std::string_view address);
  void release(std::string_view address);
  bool holds(std::string_view address) const { return number(address).has_value(); }
  size_t used() const { return used_.count(); }

 private:
  std::optional<unsigned> number(std::string_view address) const;

  std::string network_;  // "127.101"
  std::bitset<65536> used_;
  unsigned last_ = 0;
};

}  // namespace gateproof::kubernetes::cluster
