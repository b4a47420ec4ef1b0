#include "engine/upstream/status_board.h"

#include <map>

namespace gateproof::upstream {

StatusBoard::StatusBoard(const std::vector<std::string>& names, const std::vector<bool>& counted)
    : counted_(counted), flags_(std::make_unique<std::atomic<bool>[]>(names.size())) {
  std::map<std::string_view, size_t> first;
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t slot = first.emplace(names[i], i).first->second;
    slot_.push_back(slot);
    flags_[i].store(false, std::memory_order_relaxed);
    if (counted[i]) {
      counted_[slot] = true;
      if (!flags_[slot].exchange(true)) ++ups_;
    }
  }
}

void StatusBoard::set(size_t entry, bool up) {
  const std::lock_guard lock(mutex_);
  const size_t slot = slot_[entry];
  if (flags_[slot].exchange(up) == up) return;
  if (counted_[slot]) up ? down_.fetch_sub(1) : down_.fetch_add(1);
  ups_ += up ? 1 : static_cast<size_t>(-1);
  if (up ? ups_ != 1 : ups_ != 0) return;
  for (const auto& listener : listeners_) listener(up);
}

}  // namespace gateproof::upstream
