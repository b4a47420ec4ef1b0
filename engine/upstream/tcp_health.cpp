// Health checks of TCP services: connect, say something, hear what is expected (catalogue 4.4, 4.8).
#include "engine/upstream/tcp_health.h"

#include "engine/upstream/tcp_service.h"

namespace gateproof::upstream {
namespace {

Task<std::string> ask(Env& env, TcpProbe probe, Instant deadline) {
  const std::string to = probe.server.host + ":" + std::to_string(probe.server.port);
  TcpDialing dialing;
  dialing.timeout = Duration::zero();
  Result<std::unique_ptr<Stream>> stream = co_await dial_tcp(env, probe.server, dialing, deadline);
  if (!stream) co_return "connecting to " + to + ": " + stream.error().message;
  stream = co_await secure_tcp(std::move(*stream), probe.server, deadline);
  if (!stream) co_return "connecting to " + to + ": " + stream.error().message;
  if (!probe.send.empty()) {
    std::vector<std::string_view> pieces = {probe.send};
    const Result<void> sent = co_await write_all(**stream, std::move(pieces), deadline);
    if (!sent) co_return "sending to " + to + ": " + sent.error().message;
  }
  if (probe.expect.empty()) co_return std::string();
  std::string got(probe.expect.size(), '\0');
  // One read, as Traefik: an answer in pieces is no answer.
  const Result<size_t> n = co_await read_some(**stream, got, deadline);
  if (!n) co_return "reading from " + to + ": " + n.error().message;
  if (*n == 0) co_return "reading from " + to + ": EOF";
  got.resize(*n);
  if (got != probe.expect) co_return std::string("unexpected heath check response");
  co_return std::string();
}

Duration positive(Duration d, Duration otherwise) { return d > Duration::zero() ? d : otherwise; }

}  // namespace

Task<std::string> probe_tcp(Env& env, const TcpProbe& probe, Duration timeout) {
  co_return co_await ask(env, probe, env.scheduler.now() + timeout);
}

HealthCheckSpec make_tcp_health_check(const std::string& service,
                                      const config::TcpHealthCheckConfig& config,
                                      const TcpLoadBalancer& balancer) {
  const config::TcpHealthCheckConfig defaults;
  HealthCheckSpec spec;
  spec.service = service;
  spec.interval = positive(config.interval, defaults.interval);
  spec.unhealthy_interval =
      positive(config.unhealthy_interval.value_or(spec.interval), defaults.interval);
  spec.timeout = positive(config.timeout, defaults.timeout);
  for (size_t i = 0; i < balancer.servers().size(); ++i) {
    HealthTarget t;
    t.index = i;
    t.server.url = balancer.servers()[i].address;
    auto probe = std::make_shared<TcpProbe>();
    probe->server = balancer.servers()[i];
    if (config.port != 0) {
      probe->server.port = static_cast<uint16_t>(config.port);
      if (probe->server.ip) probe->server.ip->port = probe->server.port;
    }
    probe->send = config.send;
    probe->expect = config.expect;
    t.tcp = std::move(probe);
    spec.targets.push_back(std::move(t));
  }
  spec.health = balancer.health();
  return spec;
}

}  // namespace gateproof::upstream
