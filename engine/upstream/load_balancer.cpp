#include "engine/upstream/load_balancer.h"

#include "engine/http/nginx_variables.h"
#include "engine/upstream/body_end.h"
#include "engine/upstream/proxy.h"

namespace gateproof::upstream {
namespace {

struct Columns {
  std::vector<std::string> urls;
  std::vector<int64_t> weights;
  std::vector<bool> taken;          // entries that the strategy takes part with
  std::vector<std::string> sticky;  // what cookies may name: "" for an entry that is never picked
};

// p2c takes every server, whatever its weight; the others leave out those without one (Traefik).
Columns columns_of(const config::LoadBalancerConfig& config) {
  Columns c;
  for (const config::ServerConfig& s : config.servers) {
    const bool taken = s.weight > 0 || config.strategy.value == "p2c";
    c.urls.push_back(s.url.value);
    c.weights.push_back(s.weight);
    c.taken.push_back(taken);
    c.sticky.push_back(taken ? s.url.value : std::string());
  }
  return c;
}

std::shared_ptr<Chooser> make_chooser(const std::string& strategy, const Columns& c,
                                      RandomStream random) {
  if (strategy == "p2c") return std::make_shared<P2cChooser>(c.urls.size(), random);
  if (strategy == "hrw") return std::make_shared<HrwChooser>(c.urls, c.weights);
  if (strategy == "leasttime") return std::make_shared<LeastTimeChooser>(c.weights, random);
  return std::make_shared<WrrChooser>(c.weights, random);
}

std::string kind_of(const std::string& strategy) {
  return strategy == "p2c"         ? "P2C"
         : strategy == "hrw"       ? "HRW"
         : strategy == "leasttime" ? "LeastTime"
                                   : "WRR";
}

// A request that a chooser counts, given back when this goes away.
class UnderWay {
 public:
  UnderWay(std::shared_ptr<Chooser> chooser, size_t entry)
      : chooser_(std::move(chooser)), entry_(entry) {
    chooser_->began(entry_);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { chooser_->ended(entry_); }

 private:
  std::shared_ptr<Chooser> chooser_;
  size_t entry_;
};

// Until the answer has been read to the end, or the tunnel has closed.
void hold(http::Exchange& x, std::shared_ptr<UnderWay> under_way) {
  if (x.tunnel) {
    x.tunnel->held = std::move(under_way);
    return;
  }
  auto end = [under_way = std::move(under_way)](bool) mutable { under_way.reset(); };
  x.response.body = watch_end(std::move(x.response.body), std::move(end));
}

}  // namespace

http::Response no_available_server() {
  http::Response r =
      http::Response::make(503, "no available server\n", "text/plain; charset=utf-8");
  r.headers.add("X-Content-Type-Options", "nosniff");
  return r;
}

std::optional<size_t> sticky_choice(const std::optional<Sticky>& sticky, const http::Exchange& x,
                                    bool& set_cookie) {
  set_cookie = sticky.has_value();
  if (!sticky) return std::nullopt;
  const auto found = sticky->find(x.request);
  if (!found) return std::nullopt;
  set_cookie = found->rewrite;
  return found->index;
}

Result<std::shared_ptr<LoadBalancer>> LoadBalancer::make(
    const std::string& name, const config::LoadBalancerConfig& config,
    const config::ServersTransportConfig& transport, Random& random,
    std::shared_ptr<TlsConnector> tls) {
  const std::string& strategy = config.strategy.value;
  static constexpr std::string_view known[] = {"", "wrr", "p2c", "hrw", "leasttime"};
  if (std::find(std::begin(known), std::end(known), strategy) == std::end(known)) {
    return Error(Code::invalid, "unsupported load-balancer strategy \"" + strategy + "\"",
                 config.strategy.span, "use wrr, p2c, hrw or leasttime");
  }
  std::vector<http::OriginServer> servers;
  for (const auto& s : config.servers) {
    Result<http::OriginServer> made = make_origin_server(s, transport);
    if (!made) return made.error();
    made->tls = tls;
    servers.push_back(std::move(*made));
  }
  return std::shared_ptr<LoadBalancer>(new LoadBalancer(name, config, std::move(servers), random));
}

LoadBalancer::LoadBalancer(const std::string& name, const config::LoadBalancerConfig& config,
                           std::vector<http::OriginServer> servers, Random& random)
    : name_(name),
      stage_("service " + name),
      kind_(kind_of(config.strategy.value)),
      pass_host_header_(config.pass_host_header),
      checked_(config.health_check.has_value()),
      servers_(std::move(servers)) {
  const Columns columns = columns_of(config);
  health_ = std::make_shared<ServerHealth>(columns.urls, columns.taken);
  if (config.passive_health_check) {
    health_->passive =
        std::make_unique<PassiveHealth>(*config.passive_health_check, checked_, health_->board);
  }
  if (config.strategy.value == "hrw") hash_by_ = config.hash_by;
  chooser_ = make_chooser(config.strategy.value, columns, random.stream("balancer/" + name));
  for (const auto& s : config.servers) {
    fenced_.push_back(s.fenced);
    any_fenced_ = any_fenced_ || s.fenced;
  }
  // hrw keeps a client on its server by itself: Traefik gives no cookie.
  if (config.sticky && config.strategy.value != "hrw")
    sticky_.emplace(*config.sticky, name, columns.sticky);
}

Result<void> LoadBalancer::on_status(std::function<void(bool up)> listener) {
  if (!checked_) return no_health_check(kind_);
  health_->board.on_change(std::move(listener));
  return {};
}

std::optional<LoadBalancer::Choice> LoadBalancer::choose(http::Exchange& x,
                                                         std::optional<size_t> of_session) {
  Choice c{};
  const Instant now = x.env->scheduler.now();
  const ServerHealth& health = *health_;
  const bool all = health.all_usable();
  std::string why = of_session ? "session" : "cookie";
  const auto named = of_session ? of_session : sticky_choice(sticky_, x, c.set_cookie);
  // A terminating server still serves those whom a cookie brings; a server that is down does not.
  if (named && (all || health.usable(*named, now))) {
    c.index = *named;
    c.by_cookie = true;
  } else {
    c.set_cookie = sticky_.has_value();
    Chooser::Usable usable;
    if (!all || any_fenced_)
      usable = [this, now](size_t i) { return !fenced_[i] && health_->usable(i, now); };
    const auto picked = pick(x, usable, x.trace ? &why : nullptr);
    if (!picked) return std::nullopt;
    c.index = *picked;
  }
  if (x.trace) {
    std::string text =
        servers_[c.index].url + " (" + why + ", one of " + std::to_string(servers_.size());
    if (!all) {
      const std::string down = health.down_list(now);
      if (!down.empty()) text += "; down: " + down;
    }
    x.note(stage_, "pick", text + ")");
  }
  return c;
}

std::optional<size_t> LoadBalancer::pick(const http::Exchange& x, const Chooser::Usable& usable,
                                         std::string* why) {
  if (hash_by_.empty()) return chooser_->choose(usable, x.peer.ip, why);
  return static_cast<HrwChooser&>(*chooser_).choose_by(
      usable, http::fill_nginx_variables(hash_by_, x), why);
}

Task<void> LoadBalancer::serve(http::Exchange& x, const Session* session) {
  x.service = name_;
  Session::Seen seen;
  if (session) seen = session->read(x.request, x.env->clock.wall_ns());
  const std::optional<Choice> choice = choose(x, seen.server);
  if (!choice) {
    if (x.trace) {
      const std::string down = health_->down_list(x.env->scheduler.now());
      x.note(stage_, "pick", "no available server" + (down.empty() ? "" : "; down: " + down));
    }
    x.response = no_available_server();
    co_return;
  }
  const size_t chosen = choice->index;
  const bool measured = chooser_->counts_requests() && !x.look_beyond &&
                        (!choice->by_cookie || chooser_->counts_sticky());
  std::shared_ptr<UnderWay> under_way;
  if (measured) under_way = std::make_shared<UnderWay>(chooser_, chosen);
  const Instant began = x.env->scheduler.now();
  x.failure.reset();  // of another server's, if this is another try
  co_await proxy_to(x, servers_[chosen], pass_host_header_);
  const Instant now = x.env->scheduler.now();
  if (measured && !x.failure) chooser_->answered(chosen, now - began);
  if (health_->passive && !x.look_beyond) {
    const std::string what = health_->passive->record(chosen, x.response.status >= 500, now);
    if (x.trace && !what.empty()) x.note(stage_, "health", servers_[chosen].url + ": " + what);
  }
  // Before the server's own cookies, and on failures too, as Traefik does.
  if (choice->set_cookie)
    x.response.headers.add_first("Set-Cookie", sticky_->set_cookie(chosen, x.env->clock.wall_ns()));
  // No session begins with a server that could not be asked.
  if (session && !x.failure) session->tell(seen, chosen, x.env->clock.wall_ns(), x.tls, x.response);
  if (under_way) hold(x, std::move(under_way));
}

}  // namespace gateproof::upstream
