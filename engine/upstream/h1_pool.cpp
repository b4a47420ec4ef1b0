#include "engine/upstream/h1_pool.h"

namespace gateproof::upstream {
namespace {

bool expired(const H1Connection& c, Instant now) {
  return c.idle_timeout > Duration::zero() && now - c.idle_since > c.idle_timeout;
}

}  // namespace

std::unique_ptr<H1Connection> H1Pool::take(std::string_view authority, const TlsConnector* tls,
                                           Instant now) {
  const auto it = idle_.find(std::pair(tls, authority));
  if (it == idle_.end()) return nullptr;
  List& list = it->second;
  while (!list.empty()) {
    std::unique_ptr<H1Connection> c = std::move(list.back());
    list.pop_back();
    if (!expired(*c, now) && c->usable()) return c;
  }
  return nullptr;
}

void H1Pool::give(std::unique_ptr<H1Connection> c) {
  if (c->max_idle < 0) return;  // reuse is off
  c->rest();
  c->idle_since = sweeper_.scheduler.now();
  c->reused = true;
  if (!sweeper_.armed()) sweeper_.arm(c->idle_since + pool_sweep_period);
  const TlsConnector* const tls = c->tls.get();
  auto it = idle_.find(std::pair(tls, std::string_view(c->key)));
  if (it == idle_.end()) it = idle_.emplace(Key(tls, c->key), List()).first;
  List& list = it->second;
  const auto most = static_cast<size_t>(c->max_idle == 0 ? 2 : c->max_idle);
  list.push_back(std::move(c));
  while (list.size() > most) list.erase(list.begin());
}

void H1Pool::drop(std::string_view authority, const TlsConnector* tls) {
  const auto it = idle_.find(std::pair(tls, authority));
  if (it != idle_.end()) idle_.erase(it);
}

size_t H1Pool::idle() const {
  size_t n = 0;
  for (const auto& [key, list] : idle_) n += list.size();
  return n;
}

// Without it, a server that left the configuration would keep its connections, and those that it closes would keep their
// descriptors, until somebody asks for the same server again.
void H1Pool::sweep() {
  const Instant now = sweeper_.scheduler.now();
  for (auto it = idle_.begin(); it != idle_.end();) {
    std::erase_if(it->second, [&](const std::unique_ptr<H1Connection>& c) {
      return expired(*c, now) || c->stream().ended();
    });
    it = it->second.empty() ? idle_.erase(it) : std::next(it);
  }
  if (!idle_.empty()) sweeper_.arm(now + pool_sweep_period);
}

}  // namespace gateproof::upstream
