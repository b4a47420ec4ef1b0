// LoopStore: what objects that all event loops share keep in one loop: connections, which no other thread may touch. It is
// used, and destroyed, on the loop's own thread only.
#pragma once
#include <map>
#include <memory>

namespace gateproof {

class LoopStore {
 public:
  LoopStore() = default;
  LoopStore(const LoopStore&) = delete;
  LoopStore& operator=(const LoopStore&) = delete;

  // What `owner` keeps in this loop, made at its first call. The owner itself is not kept alive: what the dead left here is
  // dropped when somebody new comes, or with the loop.
  template <class T, class Make>
  std::shared_ptr<T> get(const std::shared_ptr<const void>& owner, Make make) {
    const auto found = kept_.find(owner.get());
    // An address may be used again after its object has died.
    if (found != kept_.end() && found->second.owner.lock() == owner)
      return std::static_pointer_cast<T>(found->second.value);
    std::erase_if(kept_, [](const auto& entry) { return entry.second.owner.expired(); });
    std::shared_ptr<T> made = make();
    kept_[owner.get()] = {owner, made};
    return made;
  }
  size_t size() const { return kept_.size(); }
  void clear() { kept_.clear(); }

 private:
  struct Entry {
    std::weak_ptr<const void> owner;
    std::shared_ptr<void> value;
  };
  std::map<const void*, Entry> kept_;
};

}  // namespace gateproof
