// ServerHealth: what is known about the servers of one load balancer: who may be used, and what the last probe said.
#pragma once
#include "engine/upstream/passive_health.h"

namespace gateproof::upstream {

struct ServerStatus {
  std::string url;
  bool up = true;      // as Traefik's API shows it (serverStatus): by probes alone
  std::string reason;  // why the last probe failed; empty when it did not
};

class ServerHealth {
 public:
  ServerHealth(const std::vector<std::string>& urls, const std::vector<bool>& counted)
      : board(urls, counted), urls_(urls), shown_(urls.size()) {}
  StatusBoard board;
  std::unique_ptr<PassiveHealth> passive;  // null: not configured

  bool usable(size_t i, Instant now) const {
    return board.up(i) && !(passive && passive->down(i, now));
  }
  bool all_usable() const { return board.all_up() && (!passive || passive->none_down()); }
  // A probe's verdict; an empty reason means up.
  void probed(size_t i, std::string reason) {
    board.set(i, reason.empty());
    const std::lock_guard lock(mutex_);
    shown_[i] = std::move(reason);
  }
  // In the order of the configuration, each URL once.
  std::vector<ServerStatus> statuses() const {
    const std::lock_guard lock(mutex_);
    std::vector<ServerStatus> out;
    for (size_t i = 0; i < urls_.size(); ++i) {
      if (board.first_of(i) == i) out.push_back({urls_[i], shown_[i].empty(), shown_[i]});
    }
    return out;
  }
  // "http://a (HTTP request failed), http://b (passive)"; empty when none is down.
  std::string down_list(Instant now) const {
    std::string out;
    for (const ServerStatus& s : statuses()) {
      const size_t i =
          static_cast<size_t>(std::find(urls_.begin(), urls_.end(), s.url) - urls_.begin());
      if (usable(i, now)) continue;
      const bool failures = passive && passive->down(i, now);
      const std::string why = !s.reason.empty() ? s.reason : failures ? "failures" : "";
      out += (out.empty() ? "" : ", ") + s.url + (why.empty() ? "" : " (" + why + ")");
    }
    return out;
  }

 private:
  std::vector<std::string> urls_;
  mutable std::mutex mutex_;
  std::vector<std::string> shown_;
};

}  // namespace gateproof::upstream
