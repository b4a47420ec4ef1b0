#include "engine/daemon/daemon.h"

#include <csignal>
#include <cstdio>

#include "engine/daemon/command_line.h"
#include "engine/daemon/health_check.h"
#include "engine/daemon/kubernetes_providers.h"
#include "engine/daemon/process_log.h"
#include "engine/middleware/middleware.h"
#include "engine/net/files.h"
#include "engine/net/key_log.h"
#include "engine/net/random.h"
#include "engine/net/server.h"
#include "engine/net/service_manager.h"
#include "engine/net/signals.h"
#include "engine/net/watcher.h"
#include "engine/net/work_pool.h"
#include "engine/providers/file_loader.h"

namespace gateproof::daemon {

namespace {

// For the first configuration of a cluster, before a successor gives up.
constexpr Duration cluster_wait = std::chrono::seconds(30);
// For Leases to be given back at the end; they run out by themselves.
constexpr Duration release_wait = std::chrono::seconds(2);

// Whichever ends first; the other is dropped.
Task<void> either(Task<void> one, Task<void> other) {
  Waiter& me = co_await ThisWaiter{};
  const bool done = one.start(me) || other.start(me);
  while (!done && !one.done() && !other.done()) co_await Suspend{"either"};
}

// The running process. Its control loop (signals, providers) has the main thread; workers have their own.
class Daemon {
 public:
  // The log, its clock and the files outlive this.
  Daemon(std::shared_ptr<const config::StaticConfig> statics, net::RealFiles& files,
         CommandLine line, const net::RealClock& clock, ProcessLog& process_log)
      : statics_(std::move(statics)),
        files_(files),
        line_(std::move(line)),
        environment_({line_.environment.begin(), line_.environment.end()}),
        manager_(environment_),
        handed_(net::HandedSockets::from(environment_, net::own_pid())),
        process_log_(process_log),
        log_(process_log.log()),
        clock_(clock),
        random_(static_cast<uint64_t>(statics_->gateproof.seed)),
        engine_(statics_, clock_, random_, net::machine_name()),
        server_(engine_, random_, log_, {.handed = &handed_}) {
    engine_.set_files(files_);
  }

  // Tasks end before what they wait for.
  ~Daemon() {
    if (loop_) loop_->scheduler().cancel_all();
  }

  int run();

 private:
  Result<void> prepare();
  // Once the server has started, whose first configuration may have brought entry points of its own.
  void close_unused_sockets();
  void start_file_provider();
  void start_kubernetes();
  // A successor serves only once it has what the process before has.
  bool wait_for_clusters();
  void apply(const std::string& provider, config::DynamicConfig objects);
  // After each change: who listens, and who reads the log.
  void tell(const std::shared_ptr<const pipeline::Snapshot>& snapshot);
  void report(const config::Findings& findings) { process_log_.report(findings, files_); }
  Task<void> watch_signals();
  Task<void> hand_over();
  void shut_down(net::Drain kind);
  Task<void> release_leases();

  std::shared_ptr<const config::StaticConfig> statics_;
  net::RealFiles& files_;
  CommandLine line_;            // as it came: a successor gets the same
  MapEnvironment environment_;  // of the process, for templates as well
  net::ServiceManager manager_;
  net::HandedSockets handed_;
  ProcessLog& process_log_;
  const net::Log& log_;
  const net::RealClock& clock_;
  net::RealRandom random_;
  pipeline::Engine engine_;
  net::Server server_;
  std::unique_ptr<net::EventLoop> loop_;
  net::WorkPool pool_;  // of the control loop: reading what an API server lists
  std::unique_ptr<net::PoolOffload> offload_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<net::InotifyWatcher> watcher_;
  std::unique_ptr<providers::FileLoader> loader_;
  std::unique_ptr<providers::FileProvider> provider_;
  std::unique_ptr<net::NetTransport> transport_;  // of the control loop
  std::unique_ptr<net::RealResolver> resolver_;
  std::unique_ptr<Env> env_;
  std::unique_ptr<KubernetesProviders> kubernetes_;
  bool released_ = true;     // Leases, while it ends
  bool served_ = false;      // the workers have ended
  bool configured_ = false;  // a dynamic configuration has been in force
  bool handing_over_ = false;
  bool ending_ = false;
  std::thread waiting_;  // for the workers, while the control loop still hears signals
};

Result<void> Daemon::prepare() {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::make();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  // Before any thread is started, so that all of them have the signals blocked.
  Result<std::unique_ptr<net::Signals>> signals =
      net::Signals::make(*loop_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
  if (!signals) return signals.error();
  signals_ = std::move(*signals);
  return server_.bind();
}

void Daemon::close_unused_sockets() {
  for (const std::string& name : handed_.close_rest())
    log_.warn("a listening socket named \"" + name +
              "\" was handed over, and no entry point uses it");
}

void Daemon::start_file_provider() {
  if (!statics_->file) return;
  Result<std::unique_ptr<net::InotifyWatcher>> watcher = net::InotifyWatcher::make(*loop_);
  if (watcher) {
    watcher_ = std::move(*watcher);
  } else {
    log_.error("file provider: changes are not seen: " + watcher.error().message);
  }
  loader_ = std::make_unique<providers::FileLoader>(files_, *statics_->file,
                                                    middleware::middleware_types(), environment_);
  providers::FileProvider::Hooks hooks;
  hooks.load = [this] { return loader_->load(); };
  hooks.apply = [this](config::DynamicConfig objects) { apply("file", std::move(objects)); };
  hooks.report = [this](const config::Findings& findings) { report(findings); };
  hooks.log_error = [this](const std::string& line) { log_.error(line); };
  provider_ = std::make_unique<providers::FileProvider>(
      loop_->scheduler(), files_, watcher_.get(), *statics_->file, statics_->providers_throttle,
      std::move(hooks));
  provider_->start();
  loop_->scheduler().spawn("file provider", provider_->run());
}

void Daemon::start_kubernetes() {
  if (cluster_providers(*statics_).empty()) return;
  transport_ = std::make_unique<net::NetTransport>(*loop_);
  resolver_ = std::make_unique<net::RealResolver>(*loop_);
  offload_ = std::make_unique<net::PoolOffload>(pool_, *loop_);
  env_.reset(new Env{loop_->scheduler(), clock_, random_, *transport_, *resolver_,
                     net::machine_name(), *offload_});
  KubernetesProviders::Hooks hooks;
  hooks.apply = [this](const std::string& provider, config::DynamicConfig objects) {
    tell(engine_.update(provider, std::move(objects), *offload_));
    engine_.settle(*offload_);
  };
  hooks.patch = [this](const std::string& provider, const config::ConfigPatch& changes) {
    tell(engine_.patch(provider, changes, *offload_));
    engine_.settle(*offload_);
  };
  hooks.report = [this](const config::Findings& findings) { report(findings); };
  hooks.log = [this](providers::KubeLevel level, const std::string& line) {
    constexpr net::LogLevel levels[] = {net::LogLevel::debug, net::LogLevel::info,
                                        net::LogLevel::warn, net::LogLevel::error};
    log_.write(levels[static_cast<size_t>(level)], "kubernetes: " + line);
  };
  kubernetes_ = std::make_unique<KubernetesProviders>(
      *env_, *statics_, middleware::middleware_types(), files_, environment_, std::move(hooks));
  kubernetes_->start();
}

bool Daemon::wait_for_clusters() {
  return !kubernetes_ || loop_->run_until([this] { return kubernetes_->complete(); }, cluster_wait);
}

void Daemon::apply(const std::string& provider, config::DynamicConfig objects) {
  tell(engine_.update(provider, std::move(objects)));
}

void Daemon::tell(const std::shared_ptr<const pipeline::Snapshot>& snapshot) {
  for (const net::Server::Failure& f : server_.configuration_changed())
    log_.error("entryPoint " + f.entry_point + ": " + f.error.message);
  configured_ = true;
  log_.info("configuration " + std::to_string(snapshot->version) +
            " is in force: " + std::to_string(snapshot->routers.size()) + " routers");
  report(snapshot->findings);
}

Task<void> Daemon::watch_signals() {
  for (;;) {
    const int signal = co_await signals_->next();
    if (signal == SIGHUP) {
      if (provider_) provider_->reload();
    } else if (signal == SIGUSR1) {
      process_log_.reopen();
    } else if (signal == SIGUSR2) {
      if (!ending_ && !std::exchange(handing_over_, true))
        loop_->scheduler().spawn("hand over", hand_over());
    } else if (!ending_) {
      log_.info("stopping gracefully");
      shut_down(net::Drain::stop);
    } else {
      log_.warn("second signal: stopping at once");
      server_.stop();
    }
  }
}

// A restart without a gap: this process ends when its successor serves, and goes on when that one cannot.
Task<void> Daemon::hand_over() {
  log_.info("starting a successor");
  Result<std::unique_ptr<net::Successor>> started = net::Successor::start(
      *loop_, line_.program, line_.arguments, line_.environment, server_.listening());
  const bool ready = started ? co_await (*started)->ready() : false;
  handing_over_ = false;
  if (!ready) {
    log_.error("the successor does not serve, this process goes on" +
               (started ? std::string() : ": " + started.error().message));
    co_return;
  }
  const std::string pid = std::to_string((*started)->pid());
  log_.info("process " + pid + " serves: ending");
  manager_.tell("MAINPID=" + pid);
  if (!ending_) shut_down(net::Drain::hand_over);
}

void Daemon::shut_down(net::Drain kind) {
  ending_ = true;
  if (kind == net::Drain::stop) manager_.tell("STOPPING=1");
  server_.shut_down(kind);
  if (kubernetes_) {
    released_ = false;
    loop_->scheduler().spawn("release leases", release_leases());
  }
  waiting_ = std::thread([this] {
    server_.wait();
    loop_->post([this] {
      served_ = true;
      if (released_) loop_->stop();
    });
  });
}

Task<void> Daemon::release_leases() {
  Task<void> releasing = kubernetes_->release();
  Task<void> time_out = sleep_for(loop_->scheduler(), release_wait);
  co_await either(std::move(releasing), std::move(time_out));
  released_ = true;
  if (served_) loop_->stop();
}

int Daemon::run() {
  const Result<void> ready = prepare();
  if (!ready) {
    const Error& e = ready.error();
    log_.error(e.message + (e.span.known() ? " (" + e.span.to_string() + ")" : ""));
    if (!e.remedy.empty()) log_.error("help: " + e.remedy);
    return exit_failed;
  }
  start_file_provider();
  if (handed_.from_predecessor() && statics_->file && !configured_) {
    log_.error("the dynamic configuration cannot be read: the process before keeps the one it has");
    return exit_failed;
  }
  start_kubernetes();
  if (handed_.from_predecessor() && !wait_for_clusters()) {
    log_.error("the API server cannot be read: the process before keeps what it has");
    return exit_failed;
  }
  for (const net::Server::Bound& b : server_.addresses()) {
    log_.info("entryPoint " + b.entry_point + " listens on " + b.address.to_string());
  }
  server_.start();
  close_unused_sockets();
  handed_.say_ready();
  manager_.tell("READY=1");
  loop_->scheduler().spawn("signals", watch_signals());
  loop_->run();
  if (waiting_.joinable()) waiting_.join();
  return exit_ok;
}

// Before the engine makes anything of TLS. A log that cannot be written is told, and stops nothing.
void start_key_log(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    if (name != "SSLKEYLOGFILE" || value.empty()) continue;
    const Result<void> opened = net::log_tls_keys(value);
    const std::string line = opened ? "secrets of TLS connections are written to " + value + "\n"
                                    : opened.error().message + "\n";
    std::fputs(line.c_str(), stderr);
  }
}

}  // namespace

int run(CommandLine line) {
  const Command command = take_command(line.arguments);
  if (command == Command::help || command == Command::version) {
    std::fputs((command == Command::help ? help_text() : version_text()).c_str(), stdout);
    return exit_ok;
  }
  net::RealFiles files;
  config::Findings findings;
  const std::shared_ptr<const config::StaticConfig> statics = load(line, files, findings);
  if (!statics || command == Command::health_check) {
    const bool notes = statics && net::log_level(statics->log.level) <= net::LogLevel::info;
    print_findings(findings, files, notes);
    return statics ? health_check(*statics) : exit_usage;
  }
  ::signal(SIGPIPE, SIG_IGN);
  const net::RealClock clock;
  ProcessLog process_log(statics->log, clock);
  process_log.report(findings, files);
  net::raise_descriptor_limit();
  start_key_log(line.environment);
  Daemon daemon(statics, files, std::move(line), clock, process_log);
  return daemon.run();
}

}  // namespace gateproof::daemon
