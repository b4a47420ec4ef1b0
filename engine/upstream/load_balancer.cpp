#include "engine/upstream/load_balancer.h"

#include "engine/upstream/proxy.h"

namespace gateproof::upstream {
namespace {

constexpr size_t none = static_cast<size_t>(-1);

std::vector<int64_t> weights_of(const std::vector<config::ServerConfig>& servers) {
  std::vector<int64_t> out;
  for (const auto& s : servers) out.push_back(s.weight);
  return out;
}

std::vector<int64_t> weights_of(const std::vector<WeightedPart>& parts) {
  std::vector<int64_t> out;
  for (const auto& p : parts) out.push_back(p.weight);
  return out;
}

// What cookies may name; an entry that is never picked cannot be named either (its name stays empty).
std::vector<std::string> sticky_names(const std::vector<config::ServerConfig>& servers) {
  std::vector<std::string> out;
  for (const auto& s : servers) out.push_back(s.weight > 0 ? s.url.value : std::string());
  return out;
}

std::vector<std::string> sticky_names(const std::vector<WeightedPart>& parts) {
  std::vector<std::string> out;
  for (const auto& p : parts) out.push_back(p.weight > 0 ? p.written : std::string());
  return out;
}

// Whom the cookie names, if that entry may be used; else none.
size_t sticky_choice(const std::optional<Sticky>& sticky, http::Exchange& x, bool& set_cookie) {
  set_cookie = sticky.has_value();
  if (!sticky) return none;
  const auto found = sticky->find(x.request);
  if (!found) return none;
  set_cookie = found->rewrite;
  return found->index;
}

}  // namespace

http::Response no_available_server() {
  http::Response r =
      http::Response::make(503, "no available server\n", "text/plain; charset=utf-8");
  r.headers.add("X-Content-Type-Options", "nosniff");
  return r;
}

Result<std::shared_ptr<http::Handler>> LoadBalancer::make(
    const std::string& name, const config::LoadBalancerConfig& config,
    const config::ServersTransportConfig& transport, Random& random) {
  const std::string& strategy = config.strategy.value;
  if (strategy == "p2c" || strategy == "hrw" || strategy == "leasttime") {
    return Error(Code::unsupported, "strategy " + strategy + " is not acted on yet",
                 config.strategy.span, "use wrr");
  }
  if (!strategy.empty() && strategy != "wrr") {
    return Error(Code::invalid, "unsupported load-balancer strategy \"" + strategy + "\"",
                 config.strategy.span, "use wrr, p2c, hrw or leasttime");
  }
  std::vector<http::OriginServer> servers;
  for (const auto& s : config.servers) {
    Result<http::OriginServer> made = make_origin_server(s, transport);
    if (!made) return made.error();
    servers.push_back(std::move(*made));
  }
  return std::shared_ptr<http::Handler>(new LoadBalancer(name, config, std::move(servers), random));
}

LoadBalancer::LoadBalancer(const std::string& name, const config::LoadBalancerConfig& config,
                           std::vector<http::OriginServer> servers, Random& random)
    : name_(name),
      stage_("service " + name),
      pass_host_header_(config.pass_host_header),
      servers_(std::move(servers)),
      balancer_(weights_of(config.servers), random.stream("balancer/" + name)) {
  for (const auto& s : config.servers) {
    fenced_.push_back(s.fenced);
    any_fenced_ = any_fenced_ || s.fenced;
  }
  if (config.sticky) sticky_.emplace(*config.sticky, name, sticky_names(config.servers));
}

size_t LoadBalancer::choose(http::Exchange& x, bool& set_cookie) {
  size_t chosen = sticky_choice(sticky_, x, set_cookie);
  const char* why = "cookie";
  if (chosen == none) {
    why = "weighted round robin";
    const auto picked =
        any_fenced_ ? balancer_.pick([this](size_t i) { return !fenced_[i]; }) : balancer_.pick();
    if (!picked) return none;
    chosen = *picked;
  }
  if (x.trace) {
    x.note(stage_, "pick",
           servers_[chosen].url + " (" + why + ", one of " + std::to_string(servers_.size()) + ")");
  }
  return chosen;
}

Task<void> LoadBalancer::handle(http::Exchange& x) {
  x.service = name_;
  bool set_cookie = false;
  const size_t chosen = choose(x, set_cookie);
  if (chosen == none) {
    if (x.trace) x.note(stage_, "pick", "no available server");
    x.response = no_available_server();
    co_return;
  }
  co_await proxy_to(x, servers_[chosen], pass_host_header_);
  // Before the server's own cookies, and on failures too, as Traefik does.
  if (set_cookie) x.response.headers.add_first("Set-Cookie", sticky_->set_cookie(chosen));
}

Weighted::Weighted(const std::string& name, const std::optional<config::CookieConfig>& sticky,
                   std::vector<WeightedPart> parts, Random& random)
    : stage_("service " + name),
      parts_(std::move(parts)),
      balancer_(weights_of(parts_), random.stream("balancer/" + name)) {
  if (sticky) sticky_.emplace(*sticky, name, sticky_names(parts_));
}

Task<void> Weighted::handle(http::Exchange& x) {
  bool set_cookie = false;
  size_t chosen = sticky_choice(sticky_, x, set_cookie);
  if (chosen == none) {
    const auto picked = balancer_.pick();
    if (!picked) {
      if (x.trace) x.note(stage_, "pick", "no available service");
      x.response = no_available_server();
      co_return;
    }
    chosen = *picked;
  }
  if (x.trace)
    x.note(stage_, "pick", parts_[chosen].name + " (one of " + std::to_string(parts_.size()) + ")");
  co_await parts_[chosen].handler->handle(x);
  if (set_cookie) x.response.headers.add_first("Set-Cookie", sticky_->set_cookie(chosen));
}

}  // namespace gateproof::upstream
