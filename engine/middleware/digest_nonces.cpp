#include "engine/middleware/digest_nonces.h"

namespace gateproof::middleware {

void DigestNonces::add(std::string nonce) {
  if (by_nonce_.size() > limits_.kept + limits_.tolerance) {
    for (size_t i = 0; i < 2 * limits_.tolerance && !order_.empty(); ++i) {
      by_nonce_.erase(order_.front().nonce);
      order_.pop_front();
    }
  }
  if (by_nonce_.contains(nonce)) return;
  order_.push_back({std::move(nonce), 0});
  by_nonce_.emplace(order_.back().nonce, std::prev(order_.end()));
}

DigestNonces::Use DigestNonces::use(std::string_view nonce, uint64_t count) {
  const auto found = by_nonce_.find(nonce);
  if (found == by_nonce_.end()) return Use::unknown;
  Entry& entry = *found->second;
  if (entry.count != 0 && entry.count == count) return Use::repeated;
  if (entry.count > count) return Use::stale;
  entry.count = count;
  order_.splice(order_.end(), order_, found->second);
  return Use::accepted;
}

}  // namespace gateproof::middleware
