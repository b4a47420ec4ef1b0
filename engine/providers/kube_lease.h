// One writer among replicas: a Lease (coordination.k8s.io/v1) that one of them holds, with the figures and the law of client-go's
// leader election. Times of the server and of other replicas are never compared with ours: a lease has run out when it has not
// changed for its duration, as we have seen it.
#pragma once
#include "engine/providers/kube_reflector.h"

namespace gateproof::providers {

inline constexpr Duration kube_lease_duration = std::chrono::seconds(15);
inline constexpr Duration kube_lease_renew_deadline = std::chrono::seconds(10);
inline constexpr Duration kube_lease_retry = std::chrono::seconds(2);  // a fifth more by chance

class KubeLease {
 public:
  struct Hooks {
    std::function<void(bool held)> changed;
    std::function<void(KubeLevel, const std::string&)> log;
  };
  KubeLease(KubeClient& client, std::string ns, std::string name, std::string identity,
            Hooks hooks);

  Task<void> run();  // endless; the lease outlives it
  // Whether we may write now. Where leases cannot be had (no right to them, no such API) everybody may, as without them.
  bool held() const;
  // Gives it up at once, so that another need not wait for its end. After run() was cancelled.
  Task<void> release();

  const std::string& identity() const { return identity_; }

 private:
  struct Record {
    std::string holder, renewed, acquired, version;
    int64_t duration_s = 0, transitions = 0;
    bool operator==(const Record&) const = default;
  };
  enum class Try : uint8_t { ours, others, failed };
  Task<Try> acquire();
  Task<Try> put(bool fresh, Record record);
  Try unavailable(const KubeResponse& response);
  std::string body(const Record& record) const;
  std::string path(bool named) const;
  void tell();
  void trouble(const std::string& what);

  KubeClient& client_;
  const std::string ns_, name_, identity_;
  const Hooks hooks_;
  RandomStream random_;
  Record seen_;
  Instant seen_at_{};
  bool ours_ = false;
  Instant renewed_at_{};
  bool without_ = false;
  bool told_held_ = false;
  std::string told_;
};

// "2026-01-01T00:00:00.000000Z"
std::string micro_time(int64_t wall_ns);

}  // namespace gateproof::providers
