#include "engine/pipeline/udp_server.h"

namespace gateproof::pipeline {

struct UdpServer::Session {
  SocketAddress client;
  std::shared_ptr<const Snapshot> pinned;  // holds the service
  upstream::UdpChoice choice;
  std::unique_ptr<DatagramSocket> upstream;  // null while the server's name is looked up
  SocketAddress server;
  std::deque<std::string> waiting;
  Instant last;  // when anything came, from either side
  uint64_t task = 0;
};

UdpServer::UdpServer(Env& env, std::unique_ptr<DatagramSocket> socket, std::string entry_point,
                     Duration timeout, std::function<std::shared_ptr<const Snapshot>()> snapshot,
                     size_t sessions_max)
    : env_(env),
      socket_(std::move(socket)),
      entry_point_(std::move(entry_point)),
      timeout_(timeout),
      snapshot_(std::move(snapshot)),
      sessions_max_(sessions_max),
      buffer_(DatagramSocket::bytes_max),
      answer_(DatagramSocket::bytes_max) {}

UdpServer::~UdpServer() {
  for (auto& [client, session] : sessions_) env_.scheduler.cancel(session->task);
}

Task<void> UdpServer::run() {
  while (!retired_) {
    SocketAddress from;
    const IoResult r = socket_->try_receive(buffer_, from);
    if (r.kind == IoResult::bytes) {
      received(from, std::string_view(buffer_.data(), r.n));
    } else if (r.kind == IoResult::would_block) {
      co_await socket_->readable();
    } else if (r.code == Code::canceled) {
      co_return;
    }
  }
}

void UdpServer::drop(uint64_t& counter, UdpDrop why) {
  ++counter;
  if (told_) told_(why);
}

void UdpServer::received(const SocketAddress& from, std::string_view bytes) {
  const auto found = sessions_.find(from);
  if (found == sessions_.end()) {
    std::shared_ptr<const Snapshot> snapshot = snapshot_();
    const auto entry = snapshot->udp_entry_points.find(entry_point_);
    const bool served = entry != snapshot->udp_entry_points.end() && entry->second.service;
    if (served && sessions_.size() >= sessions_max_)
      return drop(counters_.refused, UdpDrop::sessions_max);
    const auto choice = served ? entry->second.service->choose(nullptr) : std::nullopt;
    if (!choice) return drop(counters_.refused, UdpDrop::no_server);
    auto session = std::make_unique<Session>();
    session->client = from;
    session->pinned = std::move(snapshot);
    session->choice = *choice;
    session->last = env_.scheduler.now();
    Session& kept = *session;
    sessions_.emplace(from, std::move(session));
    ++counters_.opened;
    kept.waiting.emplace_back(bytes);
    const uint64_t task = env_.scheduler.spawn("udp " + from.to_string(), serve(kept));
    // It may be over already.
    if (const auto still = sessions_.find(from); still != sessions_.end())
      still->second->task = task;
    return;
  }
  Session& s = *found->second;
  s.last = env_.scheduler.now();
  if (s.upstream) {
    s.upstream->try_send(bytes, s.server);
  } else if (s.waiting.size() < udp_queued_datagrams_max) {
    s.waiting.emplace_back(bytes);
  } else {
    drop(counters_.dropped, UdpDrop::datagrams_max);
  }
}

Task<bool> UdpServer::open(Session& session) {
  const upstream::TcpServer& server = *session.choice.server;
  if (server.ip) {
    session.server = *server.ip;
  } else {
    const Result<std::vector<IpAddress>> ips = co_await env_.resolver.resolve(server.host);
    if (!ips || ips->empty()) co_return false;
    session.server = {ips->front(), server.port};
  }
  auto made = env_.transport.datagram_to(session.server);
  if (!made) co_return false;
  session.upstream = std::move(*made);
  for (const std::string& bytes : session.waiting)
    session.upstream->try_send(bytes, session.server);
  session.waiting.clear();
  co_return true;
}

// Passes the server's datagrams on until it fails.
Task<void> UdpServer::answers(Session& session) {
  for (;;) {
    SocketAddress from;
    const IoResult r = session.upstream->try_receive(answer_, from);
    if (r.kind == IoResult::failed) co_return;
    if (r.kind == IoResult::would_block) {
      co_await session.upstream->readable();
      continue;
    }
    session.last = env_.scheduler.now();
    socket_->try_send(std::string_view(answer_.data(), r.n), session.client);
  }
}

Task<void> UdpServer::until_idle(Session& session) {
  Waiter& me = co_await ThisWaiter{};
  Task<void> down = answers(session);
  bool failed = down.start(me);
  WakeTimer idle(env_.scheduler, &me);
  while (!failed && env_.scheduler.now() < session.last + timeout_) {
    idle.expired = false;
    idle.arm(session.last + timeout_);
    while (!down.done() && !idle.expired) co_await Suspend{"udp session"};
    failed = down.done();
  }
}

Task<void> UdpServer::serve(Session& session) {
  const bool opened = co_await open(session);
  if (opened) co_await until_idle(session);
  // Nothing below refers to the session once it is gone.
  const auto found = sessions_.find(session.client);
  const std::unique_ptr<Session> over = std::move(found->second);
  sessions_.erase(found);
}

}  // namespace gateproof::pipeline
