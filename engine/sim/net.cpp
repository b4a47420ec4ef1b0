#include "engine/sim/net.h"

namespace gateproof::sim {

SimStream::SimStream(Scheduler& s, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out,
                     LinkOptions link, SocketAddress local, SocketAddress peer)
    : Stream(s),
      in_(std::move(in)),
      out_(std::move(out)),
      link_(link),
      local_(local),
      peer_(peer),
      arrival_(s, *this) {}

SimStream::~SimStream() {
  close();
  if (other_) other_->other_ = nullptr;
}

void SimStream::join(SimStream& a, SimStream& b) {
  a.other_ = &b;
  b.other_ = &a;
}

void SimStream::expect(Instant arrives) {
  if (arrives <= scheduler().now()) {
    notify_readable();
  } else if (!arrival_.armed() || arrival_.at() > arrives) {
    arrival_.arm(arrives);
  }
}

IoResult SimStream::try_read(std::span<char> into) {
  if (in_->broken) return {IoResult::failed, 0, Code::reset};
  if (in_->segments.empty()) {
    if (in_->ended && in_->end_arrives <= scheduler().now()) return {IoResult::eof, 0};
    return {};
  }
  Pipe::Segment& s = in_->segments.front();
  if (s.arrives > scheduler().now()) {
    expect(s.arrives);
    return {};
  }
  const size_t n = std::min({into.size(), s.bytes.size() - s.offset, link_.segment_bytes_max});
  std::memcpy(into.data(), s.bytes.data() + s.offset, n);
  s.offset += n;
  in_->unread -= n;
  if (s.offset == s.bytes.size()) in_->segments.pop_front();
  if (!in_->segments.empty()) expect(in_->segments.front().arrives);
  if (other_) other_->notify_writable();
  return {IoResult::bytes, n};
}

IoResult SimStream::try_write(std::span<const std::string_view> pieces) {
  if (out_->broken || out_->ended || !other_) return {IoResult::failed, 0, Code::reset};
  const size_t room = link_.window_bytes > out_->unread ? link_.window_bytes - out_->unread : 0;
  if (room == 0) return {};
  std::string bytes;
  for (std::string_view p : pieces) bytes += p.substr(0, room - bytes.size());
  if (bytes.empty()) return {IoResult::bytes, 0};
  const size_t n = bytes.size();
  const Instant arrives = scheduler().now() + link_.latency;
  out_->unread += n;
  out_->segments.push_back({arrives, std::move(bytes)});
  other_->expect(arrives);
  return {IoResult::bytes, n};
}

void SimStream::shutdown_write() {
  if (out_->ended) return;
  out_->ended = true;
  out_->end_arrives = scheduler().now() + link_.latency;
  if (other_) other_->expect(out_->end_arrives);
}

void SimStream::close() {
  shutdown_write();
  // Closing with bytes unread resets the other side, as TCP does.
  if (!in_->segments.empty() && !in_->ended) {
    in_->broken = out_->broken = true;
    if (other_) other_->notify_readable();
  }
  if (other_) other_->notify_writable();
}

bool SimStream::ended() const {
  return in_->broken ||
         (in_->ended && in_->end_arrives <= const_cast<SimStream*>(this)->scheduler().now());
}

bool SimStream::read_ready() const {
  const Instant now = const_cast<SimStream*>(this)->scheduler().now();
  return ended() || (!in_->segments.empty() && in_->segments.front().arrives <= now);
}

bool SimStream::write_ready() const {
  return out_->broken || out_->ended || !other_ || out_->unread < link_.window_bytes;
}

std::pair<std::unique_ptr<SimStream>, std::unique_ptr<SimStream>> make_pair(Scheduler& s,
                                                                            SocketAddress client,
                                                                            SocketAddress server,
                                                                            LinkOptions link) {
  auto up = std::make_shared<Pipe>();
  auto down = std::make_shared<Pipe>();
  auto a = std::make_unique<SimStream>(s, down, up, link, client, server);
  auto b = std::make_unique<SimStream>(s, up, down, link, server, client);
  SimStream::join(*a, *b);
  return {std::move(a), std::move(b)};
}

Task<Result<std::unique_ptr<Stream>>> SimTransport::connect(SocketAddress to, Instant deadline) {
  const Instant answered = scheduler_.now() + 2 * link.latency;
  if (hosts_.contains(to) && answered > scheduler_.now())
    co_await sleep_until(scheduler_, std::min(answered, deadline));
  if (answered > deadline)
    co_return Error(Code::timeout, Source::upstream,
                    "dial tcp " + to.to_string() + ": i/o timeout");
  const auto host = hosts_.find(to);
  if (host == hosts_.end())
    co_return Error(Code::refused, Source::upstream, "connection refused by " + to.to_string());
  const SocketAddress from{IpAddress::v4(127, 0, 0, 1), next_port_++};
  auto ends = make_pair(scheduler_, from, to, link);
  host->second(std::move(ends.second));
  co_return std::unique_ptr<Stream>(std::move(ends.first));
}

SimDatagramSocket::SimDatagramSocket(SimTransport& net, SocketAddress local)
    : net_(net), local_(local), arrival_(net.scheduler_, *this) {
  net_.datagrams_[local] = this;
}

SimDatagramSocket::~SimDatagramSocket() { close(); }

void SimDatagramSocket::close() {
  if (closed_) return;
  closed_ = true;
  net_.datagrams_.erase(local_);
  notify_readable();
}

bool SimDatagramSocket::read_ready() const {
  return closed_ || (!queue_.empty() && queue_.front().arrives <= net_.scheduler_.now());
}

void SimDatagramSocket::deliver(Datagram d) {
  const Instant arrives = d.arrives;
  queue_.push_back(std::move(d));
  if (arrives <= net_.scheduler_.now()) {
    notify_readable();
  } else if (!arrival_.armed()) {
    arrival_.arm(arrives);
  }
}

IoResult SimDatagramSocket::try_receive(std::span<char> into, SocketAddress& from) {
  if (closed_) return {IoResult::failed, 0, Code::canceled};
  if (!read_ready()) return {};
  const Datagram d = std::move(queue_.front());
  queue_.pop_front();
  if (!queue_.empty() && queue_.front().arrives > net_.scheduler_.now())
    arrival_.arm(queue_.front().arrives);
  from = d.from;
  const size_t n = std::min(into.size(), d.bytes.size());
  std::memcpy(into.data(), d.bytes.data(), n);
  return {IoResult::bytes, n};
}

// Nobody there: the datagram is lost, as the sender would not know.
bool SimDatagramSocket::try_send(std::string_view bytes, const SocketAddress& to) {
  const auto there = net_.datagrams_.find(to);
  if (closed_ || there == net_.datagrams_.end()) return false;
  there->second->deliver({net_.scheduler_.now() + net_.link.latency, local_, std::string(bytes)});
  return true;
}

Result<std::unique_ptr<DatagramSocket>> SimTransport::datagram_to(SocketAddress) {
  return std::unique_ptr<DatagramSocket>(
      datagram_at(SocketAddress{IpAddress::v4(127, 0, 0, 1), next_port_++}));
}

Result<std::unique_ptr<Listener>> SimTransport::listen(SocketAddress) {
  return Error(Code::unsupported, "virtual hosts are registered with serve()");
}

}  // namespace gateproof::sim
