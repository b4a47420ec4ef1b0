#include "engine/env/dial.h"

#include <algorithm>

namespace gateproof {
namespace {

using Dialled = Result<std::unique_ptr<Stream>>;

Error upstream_error(Error e) {
  e.source = Source::upstream;
  return e;
}

Instant share_of(Instant now, Instant deadline, size_t addresses) {
  if (deadline == instant_max || addresses <= 1) return deadline;
  const Duration left = deadline - now;
  const Duration share = left / static_cast<int64_t>(addresses);
  return now + std::max(share, std::min(dial_address_time_min, left));
}

// One address after the other.
Task<Dialled> in_turn(Env& env, std::vector<SocketAddress> addresses, Instant deadline) {
  Error last(Code::refused, Source::upstream, "no address");
  for (size_t i = 0; i < addresses.size(); ++i) {
    const Instant until = share_of(env.scheduler.now(), deadline, addresses.size() - i);
    Dialled stream = co_await env.transport.connect(addresses[i], until);
    if (stream) co_return stream;
    last = upstream_error(stream.error());
  }
  co_return last;
}

// `second` begins when `first` has failed, or has taken too long; whoever connects first wins, and the other is dropped.
Task<Dialled> side_by_side(Env& env, Task<Dialled> first, Task<Dialled> second) {
  Waiter& me = co_await ThisWaiter{};
  WakeTimer delay(env.scheduler, &me);
  delay.arm(env.scheduler.now() + dial_fallback_delay);
  first.start(me);
  while (!first.done() && !delay.expired) co_await Suspend{"dial"};
  std::optional<Error> failed;
  if (first.done()) {
    Dialled got = first.take();
    if (got) co_return got;
    failed = got.error();
  }
  second.start(me);
  for (;;) {
    while (!second.done() && (failed || !first.done())) co_await Suspend{"dial"};
    if (!failed && first.done()) {
      Dialled got = first.take();
      if (got) co_return got;
      failed = got.error();
      continue;
    }
    Dialled got = second.take();
    if (got) co_return got;
    if (failed) co_return *failed;
    while (!first.done()) co_await Suspend{"dial"};
    co_return first.take();
  }
}

}  // namespace

Task<Dialled> dial_any(Env& env, std::vector<SocketAddress> addresses, Instant deadline) {
  const auto other = std::stable_partition(addresses.begin(), addresses.end(),
                                           [v6 = !addresses.empty() && addresses.front().ip.v6](
                                               const SocketAddress& a) { return a.ip.v6 == v6; });
  if (other == addresses.end()) co_return co_await in_turn(env, std::move(addresses), deadline);
  std::vector<SocketAddress> fallback(other, addresses.end());
  addresses.erase(other, addresses.end());
  co_return co_await side_by_side(env, in_turn(env, std::move(addresses), deadline),
                                  in_turn(env, std::move(fallback), deadline));
}

Task<Dialled> dial(Env& env, std::string host, uint16_t port, Instant deadline) {
  if (const std::optional<IpAddress> ip = IpAddress::parse(host)) {
    Dialled stream = co_await env.transport.connect({*ip, port}, deadline);
    if (!stream) co_return upstream_error(stream.error());
    co_return stream;
  }
  Task<Result<std::vector<IpAddress>>> lookup = env.resolver.resolve(host);
  auto found = co_await with_deadline(env.scheduler, deadline, std::move(lookup));
  if (!found) co_return Error(Code::timeout, Source::upstream, "lookup " + host + ": i/o timeout");
  const Result<std::vector<IpAddress>>& ips = *found;
  if (!ips) co_return Error(Code::refused, Source::upstream, ips.error().message);
  if (ips->empty()) co_return Error(Code::refused, Source::upstream, "no address for " + host);
  std::vector<SocketAddress> addresses;
  for (const IpAddress& ip : *ips) addresses.push_back({ip, port});
  co_return co_await dial_any(env, std::move(addresses), deadline);
}

}  // namespace gateproof
