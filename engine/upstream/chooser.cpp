#include "engine/upstream/chooser.h"

#include <cmath>
#include <limits>

#include "engine/base/crypto.h"

namespace gateproof::upstream {
namespace {

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

// Indices 0..n-1 in the order in which Traefik adds a balancer's entries: shuffled at each reload.
std::vector<size_t> shuffled(size_t n, RandomStream& random) {
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace

WrrChooser::WrrChooser(std::vector<int64_t> weights, RandomStream random)
    : equal_(std::all_of(weights.begin(), weights.end(), [](int64_t w) { return w == 1; })),
      edf_(weights, random) {}

std::optional<size_t> WrrChooser::choose(const Usable& usable, const IpAddress&, std::string* why) {
  if (!why) return usable ? edf_.pick(usable) : edf_.pick();
  EdfBalancer::Turn turn;
  const auto picked = edf_.pick(usable, &turn);
  *why = "weighted round robin";
  if (picked && !equal_) {
    *why += ", weight " + std::to_string(turn.weight) + ", deadline " + std::to_string(turn.turn) +
            "/" + std::to_string(turn.weight);
  }
  return picked;
}

P2cChooser::P2cChooser(size_t entries, RandomStream random)
    : entries_(entries),
      under_way_(std::make_unique<std::atomic<int64_t>[]>(entries)),
      random_(random) {
  for (size_t i = 0; i < entries; ++i) under_way_[i].store(0);
}

std::optional<size_t> P2cChooser::choose(const Usable& usable, const IpAddress&, std::string* why) {
  std::vector<size_t> healthy;
  for (size_t i = 0; i < entries_; ++i) {
    if (!usable || usable(i)) healthy.push_back(i);
  }
  if (healthy.empty()) return std::nullopt;
  if (healthy.size() == 1) {
    if (why) *why = "p2c, the only one";
    return healthy[0];
  }
  uint64_t a = 0, b = 0;
  {
    const std::lock_guard lock(mutex_);
    a = random_.below(healthy.size());
    b = random_.below(healthy.size() - 1);
  }
  if (b >= a) ++b;  // never the same twice
  size_t first = healthy[a], second = healthy[b];
  int64_t first_load = under_way_[first].load(), second_load = under_way_[second].load();
  if (second_load < first_load) {
    std::swap(first, second);
    std::swap(first_load, second_load);
  }
  if (why) {
    *why = "p2c, " + std::to_string(first_load) + " under way against " +
           std::to_string(second_load) + " of server " + std::to_string(second + 1);
  }
  return first;
}

HrwChooser::HrwChooser(std::vector<std::string> names, std::vector<int64_t> weights)
    : names_(std::move(names)), weights_(std::move(weights)) {}

double HrwChooser::score(std::string_view client, std::string_view name, double weight) {
  const uint64_t hash = crypto::fnv1a_64(std::string(client) + std::string(name));
  return weight * (1.0 / -std::log(static_cast<double>(hash) / std::pow(2, 64)));
}

std::optional<size_t> HrwChooser::choose(const Usable& usable, const IpAddress& client,
                                         std::string* why) {
  return choose_by(usable, client.to_string(), why);
}

std::optional<size_t> HrwChooser::choose_by(const Usable& usable, const std::string& key,
                                            std::string* why) {
  std::optional<size_t> best;
  double highest = 0;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (weights_[i] <= 0 || (usable && !usable(i))) continue;
    const double s = score(key, names_[i], static_cast<double>(weights_[i]));
    if (best && s <= highest) continue;
    best = i;
    highest = s;
  }
  if (best && why) *why = "highest random weight of client " + key + ", score " + number(highest);
  return best;
}

LeastTimeChooser::LeastTimeChooser(const std::vector<int64_t>& weights, RandomStream random) {
  double deadline = 0;
  for (size_t i : shuffled(weights.size(), random)) {
    if (weights[i] <= 0) continue;
    Entry e{i, static_cast<double>(weights[i])};
    e.deadline = deadline += 1 / e.weight;
    entries_.push_back(e);
  }
}

LeastTimeChooser::Entry* LeastTimeChooser::find(size_t index) {
  for (Entry& e : entries_) {
    if (e.index == index) return &e;
  }
  return nullptr;
}

std::optional<size_t> LeastTimeChooser::choose(const Usable& usable, const IpAddress&,
                                               std::string* why) {
  const std::lock_guard lock(mutex_);
  Entry* best = nullptr;
  size_t ties = 0, healthy = 0;
  for (Entry& e : entries_) {
    if (usable && !usable(e.index)) continue;
    ++healthy;
    if (!best || e.score() < best->score()) {
      best = &e;
      ties = 1;
    } else if (e.score() == best->score()) {
      ++ties;
      if (e.deadline < best->deadline) best = &e;
    }
  }
  if (!best) return std::nullopt;
  if (why) {
    *why = "least time, mean " + number(best->mean()) + " ms of " + std::to_string(best->samples) +
           ", " + std::to_string(best->under_way) + " under way, score " + number(best->score());
    if (ties > 1) *why += " like " + std::to_string(ties - 1) + " more: earliest deadline";
  }
  // Only a choice among equals takes a turn.
  if (healthy > 1 && ties > 1) best->deadline += 1 / best->weight;
  return best->index;
}

void LeastTimeChooser::began(size_t i) {
  const std::lock_guard lock(mutex_);
  if (Entry* e = find(i)) ++e->under_way;
}

void LeastTimeChooser::ended(size_t i) {
  const std::lock_guard lock(mutex_);
  if (Entry* e = find(i)) --e->under_way;
}

void LeastTimeChooser::answered(size_t i, Duration to_first_byte) {
  const std::lock_guard lock(mutex_);
  Entry* e = find(i);
  if (!e) return;
  const auto ms = static_cast<double>(
      std::chrono::duration_cast<std::chrono::milliseconds>(to_first_byte).count());
  if (e->samples < response_times_kept_max) {
    ++e->samples;
  } else {
    e->sum -= e->times[e->next];
  }
  e->times[e->next] = ms;
  e->sum += ms;
  e->next = (e->next + 1) % response_times_kept_max;
}

}  // namespace gateproof::upstream
