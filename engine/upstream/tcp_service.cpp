#include "engine/upstream/tcp_service.h"

#include "engine/base/text.h"
#include "engine/env/dial.h"

namespace gateproof::upstream {
namespace {

std::vector<int64_t> ones(size_t n) { return std::vector<int64_t>(n, 1); }

std::vector<std::string> addresses_of(const std::vector<TcpServer>& servers) {
  std::vector<std::string> out;
  for (const TcpServer& s : servers) out.push_back(s.address);
  return out;
}

std::vector<int64_t> weights_of(const std::vector<TcpWeighted::Child>& children) {
  std::vector<int64_t> out;
  for (const TcpWeighted::Child& c : children) out.push_back(c.weight);
  return out;
}

std::shared_ptr<StatusBoard> board_of(const std::vector<TcpWeighted::Child>& children) {
  std::vector<std::string> names;
  for (const TcpWeighted::Child& c : children) names.push_back(c.name);
  return std::make_shared<StatusBoard>(names, std::vector<bool>(names.size(), true));
}

}  // namespace

std::optional<TcpServer> parse_server_address(std::string_view address) {
  const HostPort hp = split_host_port(address);
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || hp.port.empty()) return std::nullopt;
  const std::string_view front = address.substr(0, colon);
  const bool brackets = front.starts_with('[') && front.ends_with(']');
  if (!brackets && front.find(':') != std::string_view::npos) return std::nullopt;
  const auto port = text::parse_int(hp.port);
  if (!port || *port < 0 || *port > 65535) return std::nullopt;
  TcpServer s;
  s.address = address;
  s.host = brackets ? front.substr(1, front.size() - 2) : front;
  s.port = static_cast<uint16_t>(*port);
  if (const auto ip = IpAddress::parse(s.host)) s.ip = SocketAddress{*ip, s.port};
  if (s.host.empty()) s.ip = SocketAddress{IpAddress::v4(127, 0, 0, 1), s.port};  // as Go dials it
  return s;
}

TcpLoadBalancer::TcpLoadBalancer(std::string name, std::vector<TcpServer> servers,
                                 TcpDialing dialing, bool checked, Random& random,
                                 std::shared_ptr<ServerHealth> health)
    : name_(std::move(name)),
      servers_(std::move(servers)),
      dialing_(dialing),
      checked_(checked),
      health_(health ? std::move(health)
                     : std::make_shared<ServerHealth>(addresses_of(servers_),
                                                      std::vector<bool>(servers_.size(), true))),
      order_(ones(servers_.size()), random.stream("tcp balancer/" + name_)) {}

std::optional<TcpChoice> TcpLoadBalancer::choose(Notes* notes) {
  std::function<bool(size_t)> usable;
  if (!health_->board.all_up()) usable = [this](size_t i) { return health_->board.up(i); };
  const auto picked = order_.pick(usable);
  std::string down = usable && notes ? health_->down_list(Instant{}) : std::string();
  if (!down.empty()) down = "; down: " + down;
  if (!picked) {
    if (notes) notes->emplace_back(name_, "no available server" + down);
    return std::nullopt;
  }
  const TcpServer& s = servers_[*picked];
  if (notes) {
    notes->emplace_back(
        name_, s.address + " (round robin, one of " + std::to_string(servers_.size()) + down + ")");
  }
  return TcpChoice{&s, &dialing_, name_};
}

// Traefik says "weighted" of load balancers too.
Result<void> TcpLoadBalancer::on_status(std::function<void(bool up)> listener) {
  if (!checked_) return no_health_check("weighted");
  health_->board.on_change(std::move(listener));
  return {};
}

TcpWeighted::TcpWeighted(std::string name, std::vector<Child> children, bool checked,
                         Random& random)
    : name_(std::move(name)),
      children_(std::move(children)),
      checked_(checked),
      board_(board_of(children_)),
      order_(weights_of(children_), random.stream("tcp balancer/" + name_)) {}

Result<void> TcpWeighted::follow_children() {
  if (!checked_) return {};
  for (size_t i = 0; i < children_.size(); ++i) {
    const auto told =
        children_[i].service->on_status([board = board_, i](bool up) { board->set(i, up); });
    if (told.has_error()) {
      Error e = told.error();
      e.message = "cannot register " + children_[i].name + " as updater for " +
                  name_.substr(0, name_.rfind('@')) + ": " + e.message;
      return e;
    }
  }
  return {};
}

std::optional<TcpChoice> TcpWeighted::choose(Notes* notes) {
  const auto picked = order_.pick([this](size_t i) { return board_->up(i); });
  if (!picked) {
    if (notes) notes->emplace_back(name_, "no available service");
    return std::nullopt;
  }
  const Child& c = children_[*picked];
  if (notes) {
    notes->emplace_back(name_, c.name + " (weighted round robin, weight " +
                                   std::to_string(c.weight) + ", one of " +
                                   std::to_string(children_.size()) + ")");
  }
  return c.service->choose(notes);
}

Result<void> TcpWeighted::on_status(std::function<void(bool up)> listener) {
  if (!checked_) return no_health_check("weighted");
  board_->on_change(std::move(listener));
  return {};
}

Task<Result<std::unique_ptr<Stream>>> secure_tcp(std::unique_ptr<Stream> stream,
                                                 const TcpServer& server, Instant deadline) {
  if (!server.tls) co_return stream;
  if (!server.connector)
    co_return Error(Code::unsupported, Source::upstream, "no TLS for this server");
  // The transport's serverName alone counts here, not the name that was dialled (Traefik).
  Result<TlsConnection> made =
      co_await server.connector->connect(std::move(stream), {}, {}, deadline);
  if (!made) co_return made.error();
  co_return std::move(made->stream);
}

Task<Result<std::unique_ptr<Stream>>> dial_tcp(Env& env, const TcpServer& server,
                                               const TcpDialing& dialing, Instant deadline) {
  if (dialing.timeout < Duration::zero()) {  // as Go's dialer takes it
    co_return Error(Code::timeout, Source::upstream,
                    "dialTimeout is negative: no connection is made");
  }
  if (dialing.timeout > Duration::zero())
    deadline = std::min(deadline, env.scheduler.now() + dialing.timeout);
  const std::string host = server.ip ? server.ip->ip.to_string() : server.host;
  Result<std::unique_ptr<Stream>> stream = co_await dial(env, host, server.port, deadline);
  if (stream) (*stream)->set_keep_alive(dialing.keep_alive);
  co_return stream;
}

}  // namespace gateproof::upstream
