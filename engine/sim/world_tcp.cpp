// TCP and UDP in virtual time: servers that speak bytes, connections and datagrams of clients.
#include "engine/pipeline/server_options.h"
#include "engine/sim/world_parts.h"

namespace gateproof::sim {
namespace {

constexpr size_t piece_bytes = 65536;
constexpr Duration dot_every = std::chrono::milliseconds(10);

// After the client's end, a server that lingers says dots until its time is over.
Task<void> linger(Stream& stream, Duration how_long) {
  const Instant end = stream.scheduler().now() + how_long;
  while (stream.scheduler().now() < end) {
    co_await sleep_for(stream.scheduler(), dot_every);
    std::vector<std::string_view> dot = {"."};
    const Result<void> sent = co_await write_all(stream, std::move(dot), end);
    if (!sent) co_return;
  }
}

// A script decides what to say to each piece.
Task<void> play_script(std::unique_ptr<Stream> stream, const TcpHost& host, size_t connection,
                       std::string& seen) {
  std::vector<char> buffer(piece_bytes);
  for (bool ended = false; !ended;) {
    const Result<size_t> n = co_await read_some(*stream, buffer, instant_max);
    if (!n) co_return;
    ended = *n == 0;
    const std::string_view piece(buffer.data(), *n);
    seen += piece;
    const std::vector<TcpAct> acts = host.react(connection, piece, ended);
    for (const TcpAct& act : acts) {
      if (act.after > Duration::zero()) co_await sleep_for(stream->scheduler(), act.after);
      if (act.kind == TcpAct::Kind::close) co_return;
      if (act.kind == TcpAct::Kind::half_close) {
        stream->shutdown_write();
        continue;
      }
      std::vector<std::string_view> pieces = {act.bytes};
      const Result<void> sent = co_await write_all(*stream, std::move(pieces), instant_max);
      if (!sent) co_return;
    }
  }
}

Task<void> play(std::unique_ptr<Stream> stream, const TcpHost& host, std::string& seen) {
  if (!host.greeting.empty()) {
    std::vector<std::string_view> pieces = {host.greeting};
    const Result<void> sent = co_await write_all(*stream, std::move(pieces), instant_max);
    if (!sent) co_return;
  }
  std::vector<char> buffer(piece_bytes);
  for (;;) {
    const Result<size_t> n = co_await read_some(*stream, buffer, instant_max);
    if (!n) co_return;
    if (*n == 0) break;
    const std::string_view piece(buffer.data(), *n);
    seen += piece;
    if (host.close_after > 0 && seen.size() >= host.close_after) co_return;
    if (host.silent) continue;
    std::vector<std::string_view> pieces = {host.reply.empty() ? piece : host.reply};
    const Result<void> sent = co_await write_all(*stream, std::move(pieces), instant_max);
    if (!sent) co_return;
  }
  if (host.lingers > Duration::zero()) co_await linger(*stream, host.lingers);
}

// Bytes that come until nothing has come for `patience`, or the end.
Task<void> hear(Stream& stream, Duration patience, bool first_only, TcpOutcome& out) {
  std::vector<char> buffer(piece_bytes);
  for (;;) {
    const Instant deadline = stream.scheduler().now() + patience;
    const Result<size_t> n = co_await read_some(stream, buffer, deadline);
    if (!n) {
      out.reset = n.error().code != Code::timeout;
      out.closed = out.closed || out.reset;
      co_return;
    }
    if (*n == 0) {
      out.closed = true;
      co_return;
    }
    out.received.append(buffer.data(), *n);
    if (first_only) co_return;
  }
}

Task<void> run_client(Stream& stream, const TcpCall& call, TcpOutcome& out) {
  for (const std::string& bytes : call.sends) {
    std::vector<std::string_view> pieces = {bytes};
    const Result<void> sent = co_await write_all(stream, std::move(pieces), instant_max);
    if (!sent) break;
    const bool last = &bytes == &call.sends.back();
    if (!last) co_await hear(stream, call.patience, true, out);
    if (out.closed) co_return;
  }
  if (call.half_close) stream.shutdown_write();
  co_await hear(stream, call.patience, false, out);
}

Task<void> serve_redis(std::unique_ptr<Stream> stream, RedisStore& store, const Clock& clock) {
  RedisStore::Session session;
  std::vector<char> buffer(piece_bytes);
  for (;;) {
    const Result<size_t> n = co_await read_some(*stream, buffer, instant_max);
    if (!n || *n == 0) co_return;
    const auto reply = store.answer(session, {buffer.data(), *n}, clock.wall_ns());
    if (!reply) co_return;
    if (store.host().delay > Duration::zero())
      co_await sleep_for(stream->scheduler(), store.host().delay);
    std::vector<std::string_view> pieces = {*reply};
    const Result<void> sent = co_await write_all(*stream, std::move(pieces), instant_max);
    if (!sent) co_return;
  }
}

}  // namespace

void World::add_redis(const std::string& address, RedisHost host) {
  redis_hosts_.push_back(std::make_unique<RedisStore>(std::move(host)));
  RedisStore& store = *redis_hosts_.back();
  transport_.serve(address_of(address), [this, &store](std::unique_ptr<Stream> stream) {
    scheduler_.spawn("redis " + store.host().name, serve_redis(std::move(stream), store, clock_));
  });
}

void World::add_tcp_host(const std::string& address, TcpHost host) {
  auto served = std::make_unique<TcpServed>();
  served->host = std::move(host);
  const TcpHost& kept = served->host;
  tcp_hosts_.push_back(std::move(served));
  transport_.serve(address_of(address), [this, &kept](std::unique_ptr<Stream> stream) {
    // A list of its own pieces: earlier ones must stay where they are.
    const size_t number = tcp_seen_.size();
    tcp_seen_.push_back(std::make_unique<TcpSeen>(TcpSeen{kept.name, {}}));
    std::string& seen = tcp_seen_.back()->second;
    scheduler_.spawn("host " + kept.name, kept.react
                                              ? play_script(std::move(stream), kept, number, seen)
                                              : play(std::move(stream), kept, seen));
  });
}

std::unique_ptr<Stream> World::open(const std::string& entry_point, const SocketAddress& peer,
                                    pipeline::ConnectionRecord* record) {
  follow_snapshot();
  pipeline::ServerOptions options;
  const auto snapshot = engine_.snapshot();
  if (const auto* e = snapshot->options_of(entry_point)) options = pipeline::server_options(*e);
  auto& handler = handlers_[entry_point];
  if (!handler) handler = std::make_unique<pipeline::EngineHandler>(engine_, *wire_, entry_point);
  const SocketAddress here{IpAddress::v4(127, 0, 0, 1), 443};
  auto ends = make_pair(scheduler_, peer, here, transport_.link);
  scheduler_.spawn("connection",
                   pipeline::serve_connection(env_, std::move(ends.second), snapshot, entry_point,
                                              *handler, options, record));
  return std::move(ends.first);
}

TcpOutcome World::connect(const TcpCall& call) {
  TcpOutcome out;
  out.started_ns = clock_.now().time_since_epoch().count();
  auto record = std::make_shared<pipeline::ConnectionRecord>();
  tcp_records_.push_back(record);  // the connection may outlive this call
  std::unique_ptr<Stream> stream = open(call.entry_point, call.peer, record.get());
  Task<void> client = run_client(*stream, call, out);
  if (!client.start_root(scheduler_, "client")) run_until([&] { return client.done(); });
  if (call.hold) {
    held_.push_back(std::move(stream));
  } else {
    stream->close();
  }
  settle();
  out.record = *record;
  for (const auto& seen : tcp_seen_) out.upstream.push_back(*seen);
  out.finished_ns = clock_.now().time_since_epoch().count();
  return out;
}

void World::add_udp_host(const std::string& address, UdpHost host) {
  const SocketAddress at = address_of(address);
  udp_hosts_.push_back(transport_.datagram_at(at));
  scheduler_.spawn("udp host " + host.name, answer_datagrams(*udp_hosts_.back(), std::move(host)));
}

Task<void> World::answer_datagrams(SimDatagramSocket& socket, UdpHost host) {
  std::vector<char> buffer(DatagramSocket::bytes_max);
  for (;;) {
    SocketAddress from;
    const IoResult r = socket.try_receive(buffer, from);
    if (r.kind == IoResult::failed) co_return;
    if (r.kind == IoResult::would_block) {
      co_await socket.readable();
      continue;
    }
    const std::string bytes(buffer.data(), r.n);
    udp_seen_.push_back({host.name, from, bytes});
    if (!host.silent) socket.try_send(host.reply.empty() ? bytes : host.reply, from);
  }
}

pipeline::UdpServer* World::udp_server(const std::string& entry_point) {
  const auto found = udp_servers_.find(entry_point);
  return found == udp_servers_.end() ? nullptr : found->second.get();
}

std::vector<std::string> World::datagram(const std::string& entry_point, const SocketAddress& peer,
                                         const std::string& bytes, Duration patience) {
  const auto snapshot = engine_.snapshot();
  const config::EntryPointConfig* config = snapshot->options_of(entry_point);
  if (!config) return {};
  auto& server = udp_servers_[entry_point];
  if (!server) {
    const auto port = static_cast<uint16_t>(30000 + udp_servers_.size());
    server = std::make_unique<pipeline::UdpServer>(
        env_, transport_.datagram_at({IpAddress::v4(127, 0, 0, 1), port}), entry_point,
        config->udp_timeout, [this] { return engine_.snapshot(); }, udp_sessions_max);
    scheduler_.spawn("udp " + entry_point, server->run());
  }
  auto& client = udp_clients_[peer];
  if (!client) client = transport_.datagram_at(peer);
  client->try_send(bytes, server->local());
  advance(patience);
  std::vector<std::string> got;
  std::vector<char> buffer(DatagramSocket::bytes_max);
  for (;;) {
    SocketAddress from;
    const IoResult r = client->try_receive(buffer, from);
    if (r.kind != IoResult::bytes) return got;
    got.emplace_back(buffer.data(), r.n);
  }
}

}  // namespace gateproof::sim
