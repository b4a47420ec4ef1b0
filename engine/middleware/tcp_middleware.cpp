#include "engine/middleware/tcp_middleware.h"

#include <map>
#include <mutex>

#include "engine/middleware/ip_strategy.h"

namespace gateproof::middleware {
namespace {

class TcpIpAllowList final : public TcpMiddleware {
 public:
  explicit TcpIpAllowList(IpList allowed) : allowed_(std::move(allowed)) {}
  bool enter(const IpAddress& peer, std::string* why) override {
    const std::string address = peer.to_string();
    const bool yes = allowed_.contains(address);
    if (why) *why = address + (yes ? " is in sourceRange" : " is not in sourceRange");
    return yes;
  }

 private:
  IpList allowed_;
};

// Connections of one client address at once. The table holds addresses with an open connection only, so that its size is
// bounded by that of the entry point's connections.
class InFlightConn final : public TcpMiddleware {
 public:
  explicit InFlightConn(int64_t amount) : amount_(amount) {}
  bool enter(const IpAddress& peer, std::string* why) override {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(peer);
    const int64_t now = found == open_.end() ? 0 : found->second;
    const bool yes = now < amount_;
    if (why) {
      *why = std::to_string(now) + " of " + std::to_string(amount_) + " connections of " +
             peer.to_string() + " are open";
    }
    if (yes) ++open_[peer];
    return yes;
  }
  void leave(const IpAddress& peer) override {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(peer);
    if (found != open_.end() && --found->second == 0) open_.erase(found);
  }

 private:
  const int64_t amount_;
  std::mutex mutex_;
  std::map<IpAddress, int64_t> open_;
};

Result<std::shared_ptr<TcpMiddleware>> ranges(const config::IpRangesConfig& c, bool white) {
  std::vector<std::string> entries;
  for (const auto& t : c.source_range) entries.push_back(t.value);
  if (entries.empty()) {
    return Error(Code::invalid, white ? "sourceRange is empty, IPWhiteLister not created"
                                      : "sourceRange is empty, IPAllowLister not created");
  }
  auto list = IpList::parse(entries);
  if (!list) {
    return Error(Code::invalid,
                 std::string("cannot parse ") + (white ? "CIDR whitelist" : "CIDRs") + " [" +
                     text::join(entries, " ") + "]: " + list.error().message,
                 c.source_range.front().span, "write addresses or networks, such as 10.0.0.0/8");
  }
  return std::shared_ptr<TcpMiddleware>(std::make_shared<TcpIpAllowList>(std::move(*list)));
}

Result<std::shared_ptr<TcpMiddleware>> make(const std::string& name,
                                            const config::TcpMiddlewareConfig& m) {
  // Traefik lets an object hold several kinds; it acts on the last in this order.
  if (m.ip_allow_list) return ranges(*m.ip_allow_list, false);
  if (m.ip_white_list) return ranges(*m.ip_white_list, true);
  if (m.in_flight_conn) {
    return std::shared_ptr<TcpMiddleware>(std::make_shared<InFlightConn>(m.in_flight_conn->amount));
  }
  return Error(Code::invalid, "invalid middleware \"" + name +
                                  "\" configuration: invalid middleware type or middleware does "
                                  "not exist");
}

}  // namespace

Result<std::shared_ptr<TcpMiddleware>> build_tcp_middleware(const std::string& name,
                                                            const config::TcpMiddlewareConfig& m) {
  auto made = make(name, m);
  if (made) (*made)->stage = "middleware " + name;
  return made;
}

}  // namespace gateproof::middleware
