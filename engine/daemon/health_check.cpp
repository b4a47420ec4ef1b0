#include "engine/daemon/health_check.h"

#include <cstdio>

#include "engine/daemon/daemon.h"
#include "engine/net/transport.h"

namespace gateproof::daemon {

namespace {

constexpr Duration answer_time = std::chrono::seconds(5);

// The status line of the answer.
Task<Result<std::string>> ask(net::NetTransport& transport, Scheduler& scheduler,
                              SocketAddress to) {
  const Instant deadline = scheduler.now() + answer_time;
  Result<std::unique_ptr<Stream>> connected = co_await transport.connect(to, deadline);
  if (!connected) co_return connected.error();
  std::unique_ptr<Stream> stream = std::move(*connected);
  const std::string request =
      "HEAD /ping HTTP/1.1\r\nHost: " + to.to_string() + "\r\nConnection: close\r\n\r\n";
  std::vector<std::string_view> pieces = {request};
  const Result<void> sent = co_await write_all(*stream, std::move(pieces), deadline);
  if (!sent) co_return sent.error();
  std::string answer;
  std::array<char, 512> buffer;
  while (answer.find("\r\n") == std::string::npos && answer.size() < 4096) {
    const Result<size_t> n = co_await read_some(*stream, buffer, deadline);
    if (!n) co_return n.error();
    if (*n == 0) co_return Error(Code::reset, "connection closed before an answer");
    answer.append(buffer.data(), *n);
  }
  co_return answer.substr(0, answer.find("\r\n"));
}

int failed(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  return exit_failed;
}

}  // namespace

int health_check(const config::StaticConfig& statics) {
  if (!statics.ping) return failed("please enable `ping` to use health check");
  const auto entry = statics.entry_points.find(statics.ping->entry_point);
  if (entry == statics.entry_points.end())
    return failed("ping: missing entry point " + statics.ping->entry_point);
  const Result<config::EntryPointAddress> address =
      config::parse_entry_point_address(entry->second.address);
  if (!address) return failed(address.error().message);
  const IpAddress ip = IpAddress::parse(address->host).value_or(IpAddress::v4(127, 0, 0, 1));
  const SocketAddress to{ip == IpAddress() ? IpAddress::v4(127, 0, 0, 1) : ip, address->port};

  Result<std::unique_ptr<net::EventLoop>> made = net::EventLoop::make();
  if (!made) return failed(made.error().message);
  net::EventLoop& loop = **made;
  net::NetTransport transport(loop);
  Task<Result<std::string>> asking = ask(transport, loop.scheduler(), to);
  if (!asking.start_root(loop.scheduler(), "healthcheck")) {
    loop.run_until([&] { return asking.done(); }, answer_time + std::chrono::seconds(1));
  }
  if (!asking.done()) return failed("Error calling healthcheck: no answer");
  const Result<std::string> status = asking.take();
  if (!status) return failed("Error calling healthcheck: " + status.error().message);
  if (status->find(" 200") == std::string::npos)
    return failed("Bad healthcheck status: " + *status);
  std::printf("OK: http://%s/ping\n", to.to_string().c_str());
  return exit_ok;
}

}  // namespace gateproof::daemon
