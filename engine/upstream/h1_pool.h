// Idle connections to servers, the most recently used first, as Go's transport keeps them. One pool per event loop.
#pragma once
#include <map>
#include <vector>

#include "engine/upstream/h1_connection.h"

namespace gateproof::upstream {

inline constexpr size_t response_block_bytes =
    32768;  // each client that is slow with an answer holds one
// How often connections that have waited too long, or were closed by their server, are let go.
inline constexpr Duration pool_sweep_period = std::chrono::seconds(5);

class H1Pool {
 public:
  explicit H1Pool(Scheduler& scheduler) : sweeper_(scheduler, *this) {}

  // An open one to this authority, over this TLS (null: plain); null: there is none.
  std::unique_ptr<H1Connection> take(std::string_view authority, const TlsConnector* tls,
                                     Instant now);
  bool has(std::string_view authority, const TlsConnector* tls) const {
    const auto found = idle_.find(std::pair(tls, authority));
    return found != idle_.end() && !found->second.empty();
  }
  void give(std::unique_ptr<H1Connection> c);
  void drop(std::string_view authority, const TlsConnector* tls);
  void close_idle() { idle_.clear(); }
  size_t idle() const;
  // Servers with a list of their own; those without a connection are forgotten by a sweep.
  size_t keys() const { return idle_.size(); }

  http::BlockPool blocks{response_block_bytes};

 private:
  using List = std::vector<std::unique_ptr<H1Connection>>;  // the most recently used last
  // Connections of the list keep the connector alive.
  using Key = std::pair<const TlsConnector*, std::string>;
  struct Before {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      if (a.first != b.first) return std::less<const TlsConnector*>()(a.first, b.first);
      return std::string_view(a.second) < std::string_view(b.second);
    }
  };
  struct Sweeper final : Timer {
    Sweeper(Scheduler& s, H1Pool& p) : Timer(s), scheduler(s), pool(p) { set_background(); }
    Scheduler& scheduler;
    H1Pool& pool;
    void fired() override { pool.sweep(); }
  };
  void sweep();

  std::map<Key, List, Before> idle_;
  Sweeper sweeper_;
};

}  // namespace gateproof::upstream
