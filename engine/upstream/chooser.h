// Chooser: which entry of a balancer takes the next request (catalogue 4.2). One per balancer, shared by all event loops.
#pragma once
#include <array>
#include <atomic>
#include <memory>

#include "engine/base/address.h"
#include "engine/env/clock.h"
#include "engine/upstream/balancer.h"

namespace gateproof::upstream {

// Of leasttime: the last answers of a server whose mean counts.
inline constexpr size_t response_times_kept_max = 100;

class Chooser {
 public:
  using Usable = std::function<bool(size_t)>;
  virtual ~Chooser() = default;
  // nullopt when nothing is usable; an empty `usable` means that everything is. `why`, if asked for, gets the reasons in words.
  virtual std::optional<size_t> choose(const Usable& usable, const IpAddress& client,
                                       std::string* why) = 0;

  // Requests under way and times to the first byte, for those that look at them.
  virtual bool counts_requests() const { return false; }
  // Also of requests that a sticky cookie brought.
  virtual bool counts_sticky() const { return false; }
  virtual void began(size_t) {}
  virtual void ended(size_t) {}
  virtual void answered(size_t, Duration) {}
};

// Weighted round robin.
class WrrChooser final : public Chooser {
 public:
  WrrChooser(std::vector<int64_t> weights, RandomStream random);
  std::optional<size_t> choose(const Usable& usable, const IpAddress& client,
                               std::string* why) override;

 private:
  bool equal_ = true;  // all weights are one: then there is nothing to tell about them
  EdfBalancer edf_;
};

// Two at random, the one with fewer requests under way; weights do not count.
class P2cChooser final : public Chooser {
 public:
  P2cChooser(size_t entries, RandomStream random);
  std::optional<size_t> choose(const Usable& usable, const IpAddress& client,
                               std::string* why) override;
  bool counts_requests() const override { return true; }
  bool counts_sticky() const override { return true; }
  void began(size_t i) override { under_way_[i].fetch_add(1, std::memory_order_relaxed); }
  void ended(size_t i) override { under_way_[i].fetch_sub(1, std::memory_order_relaxed); }

 private:
  size_t entries_;
  std::unique_ptr<std::atomic<int64_t>[]> under_way_;
  std::mutex mutex_;
  RandomStream random_;
};

// Rendezvous hashing: the highest score of (client, entry) wins, so that an entry that comes or goes moves only its own clients.
class HrwChooser final : public Chooser {
 public:
  HrwChooser(std::vector<std::string> names, std::vector<int64_t> weights);
  std::optional<size_t> choose(const Usable& usable, const IpAddress& client,
                               std::string* why) override;
  // The same by any other text than the client's address.
  std::optional<size_t> choose_by(const Usable& usable, const std::string& key, std::string* why);
  // weight / -ln(h / 2^64), h being the FNV-1a hash of client and name.
  static double score(std::string_view client, std::string_view name, double weight);

 private:
  std::vector<std::string> names_;
  std::vector<int64_t> weights_;
};

// The lowest mean time to the first byte * (1 + requests under way) / weight; equal scores by earliest deadline.
class LeastTimeChooser final : public Chooser {
 public:
  explicit LeastTimeChooser(const std::vector<int64_t>& weights, RandomStream random);
  std::optional<size_t> choose(const Usable& usable, const IpAddress& client,
                               std::string* why) override;
  bool counts_requests() const override { return true; }
  void began(size_t i) override;
  void ended(size_t i) override;
  void answered(size_t i, Duration to_first_byte) override;

 private:
  struct Entry {
    size_t index;
    double weight;
    double deadline = 0;
    int64_t under_way = 0;
    std::array<double, response_times_kept_max> times{};  // milliseconds, a ring
    size_t next = 0, samples = 0;
    double sum = 0;
    double mean() const { return samples == 0 ? 0 : sum / static_cast<double>(samples); }
    double score() const { return mean() * (1 + static_cast<double>(under_way)) / weight; }
  };
  Entry* find(size_t index);
  std::mutex mutex_;
  std::vector<Entry> entries_;  // in the order of the first shuffle
};

}  // namespace gateproof::upstream
