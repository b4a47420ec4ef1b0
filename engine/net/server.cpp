#include "engine/net/server.h"

#include <netdb.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/net/datagram.h"

namespace gateproof::net {

namespace {

// The host part of an entry point's address: nothing, an IP address, or a name, looked up as Go does (IPv4 first).
Result<IpAddress> listen_host(const std::string& host) {
  if (host.empty()) return IpAddress{};
  if (const std::optional<IpAddress> ip = IpAddress::parse(host)) return *ip;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) {
    Error e(Code::not_found, "listen tcp: lookup " + host + ": no such host");
    e.remedy =
        "write an IP address of this machine, or leave the host out to listen on all interfaces";
    return e;
  }
  std::optional<IpAddress> first, v4;
  for (const addrinfo* a = list; a; a = a->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, a->ai_addr, std::min<size_t>(a->ai_addrlen, sizeof storage));
    const IpAddress ip = from_raw(storage).ip;
    if (!first) first = ip;
    if (!v4 && !ip.v6) v4 = ip;
  }
  ::freeaddrinfo(list);
  return v4 ? *v4 : first.value_or(IpAddress{});
}

size_t workers_wanted(const ServeOptions& options, const config::StaticConfig& statics) {
  if (options.workers > 0) return options.workers;
  if (statics.gateproof.workers > 0) return static_cast<size_t>(statics.gateproof.workers);
  return std::max(1u, std::thread::hardware_concurrency());
}

size_t connections_wanted(const ServeOptions& options, const config::StaticConfig& statics) {
  if (options.connections_max > 0) return options.connections_max;
  const auto configured = static_cast<size_t>(statics.gateproof.connections);
  const size_t possible = connections_max_of_system();
  return configured > 0 ? std::min(configured, possible) : possible;
}

}  // namespace

size_t connections_max_of_system() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  const auto files = static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1u << 24));
  return files > descriptors_reserved + 2 ? (files - descriptors_reserved) / 2 : 1;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int64_t own_pid() { return ::getpid(); }

std::string machine_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Server::Server(pipeline::Engine& engine, Random& random, const Log& log, ServeOptions options)
    : shared_{engine,
              log,
              random,
              options.host_name.empty() ? machine_name() : options.host_name,
              connections_wanted(options, engine.statics()),
              options.detours},
      options_(std::move(options)) {}

Server::~Server() {
  stop();
  wait();
}

Result<void> Server::bind() {
  const config::StaticConfig& statics = shared_.engine.statics();
  for (size_t i = workers_wanted(options_, statics); i > 0; --i) {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::make();
    if (!loop) return loop.error();
    workers_.push_back(std::make_unique<Worker>(std::move(*loop), shared_));
  }
  for (const auto& [name, config] : statics.entry_points) {
    Result<void> bound = bind_entry_point(config);
    if (bound) continue;
    Error e = bound.error();
    e.message = "entryPoint " + name + ": " + e.message;
    e.span = config.address.span;
    return e;
  }
  return {};
}

// The sockets of an entry point, and its address among those that are told.
Result<Server::Opened> Server::open_sockets(const config::EntryPointConfig& config) {
  Result<config::EntryPointAddress> address = config::parse_entry_point_address(config.address);
  if (!address) return address.error();
  Result<IpAddress> ip = listen_host(address->host);
  if (!ip) return ip.error();
  Result<std::vector<Fd>> sockets = sockets_of(config, {*ip, address->port}, address->udp);
  if (!sockets) return sockets.error();
  addresses_.push_back({config.name, local_address(sockets->front().get())});
  return Opened{address->udp, std::move(*sockets)};
}

Result<void> Server::bind_entry_point(const config::EntryPointConfig& config) {
  Result<Opened> opened = open_sockets(config);
  if (!opened) return opened.error();
  for (size_t i = 0; i < opened->sockets.size(); ++i) {
    Fd& fd = opened->sockets[i];
    Worker& worker = *workers_[i % workers_.size()];
    Result<Fd> kept = fd.duplicate();
    if (!kept) return kept.error();
    listening_.push_back({config.name, std::move(*kept)});
    Result<void> added = opened->udp ? worker.add_udp_entry_point(config, std::move(fd))
                                     : worker.add_entry_point(config, std::move(fd));
    if (!added) return added;
  }
  return {};
}

Result<void> Server::open_entry_point(
    const std::shared_ptr<const config::EntryPointConfig>& config) {
  Result<Opened> opened = open_sockets(*config);
  if (!opened) return opened.error();
  for (size_t i = 0; i < opened->sockets.size(); ++i) {
    Worker& worker = *workers_[i % workers_.size()];
    // Only who may have a successor keeps copies: one that stays open keeps the port.
    if (options_.handed) {
      Result<Fd> kept = opened->sockets[i].duplicate();
      if (kept) listening_.push_back({config->name, std::move(*kept)});
    }
    worker.open_entry_point(config, std::move(opened->sockets[i]), opened->udp);
  }
  return {};
}

namespace {

// Fulfilled when the last copy is gone: a worker that ends instead of doing what it was asked holds nobody up.
class LastCopy {
 public:
  ~LastCopy() { gone_.set_value(); }
  std::future<void> future() { return gone_.get_future(); }

 private:
  std::promise<void> gone_;
};

}  // namespace

void Server::close_entry_points(const pipeline::Snapshot& wanted) {
  auto done = std::make_shared<LastCopy>();
  std::future<void> closed = done->future();
  for (auto b = brought_.begin(); b != brought_.end();) {
    const auto still = wanted.dynamics->entry_points.find(b->first);
    if (still != wanted.dynamics->entry_points.end() && still->second->address.value == b->second) {
      ++b;
      continue;
    }
    std::erase_if(listening_, [&](const NamedSocket& l) { return l.name == b->first; });
    for (const std::unique_ptr<Worker>& w : workers_) w->close_entry_point(b->first, done);
    std::erase_if(addresses_, [&](const Bound& a) { return a.entry_point == b->first; });
    b = brought_.erase(b);
  }
  done.reset();
  closed.wait();
}

std::vector<Server::Failure> Server::follow_entry_points(const pipeline::Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  std::vector<Failure> failures;
  if (ending_ || threads_.empty()) return failures;
  close_entry_points(snapshot);
  for (const auto& [name, config] : snapshot.dynamics->entry_points) {
    if (brought_.contains(name) || shared_.engine.statics().entry_points.contains(name)) continue;
    const Result<void> opened = open_entry_point(config);
    if (opened) {
      brought_[name] = config->address.value;
    } else {
      failures.push_back({name, opened.error()});
    }
  }
  return failures;
}

// One for each worker at least: those that were handed to us, else new ones.
Result<std::vector<Fd>> Server::sockets_of(const config::EntryPointConfig& config, SocketAddress at,
                                           bool udp) {
  std::vector<Fd> sockets;
  if (options_.handed) sockets = options_.handed->take(config.name, udp, at);
  const size_t given = sockets.size();
  for (size_t i = given; i < workers_.size(); ++i) {
    ListenOptions how;
    how.reuse_port = config.reuse_port;
    how.share = i == 0 && workers_.size() > 1;
    how.join = i > 0;
    // A socket from outside may not let others join its port: several workers wait on the same one.
    Result<Fd> fd = given > 0 ? sockets[i % given].duplicate()
                    : udp     ? open_datagram(at, how)
                              : open_listener(at, how);
    if (!fd) return fd.error();
    if (i == 0) at.port = local_address(fd->get()).port;
    sockets.push_back(std::move(*fd));
  }
  return sockets;
}

std::vector<Server::Bound> Server::addresses() const {
  const std::lock_guard lock(mutex_);
  return addresses_;
}

std::optional<SocketAddress> Server::address(std::string_view entry_point) const {
  const std::lock_guard lock(mutex_);
  for (const Bound& b : addresses_) {
    if (b.entry_point == entry_point) return b.address;
  }
  return std::nullopt;
}

void Server::start() {
  if (!workers_.empty()) workers_.front()->probe_servers();
  for (const std::unique_ptr<Worker>& w : workers_) {
    threads_.emplace_back([worker = w.get()] { worker->run(); });
  }
  // What the configuration that was there before has brought.
  for (const Failure& f : follow_entry_points(*shared_.engine.snapshot()))
    shared_.log.error("entryPoint " + f.entry_point + ": " + f.error.message);
}

// Waits for a configuration_changed() that is under way.
void Server::end_following() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
}

void Server::shut_down(Drain kind) {
  // A copy that stays open would keep the system queueing connections that nobody accepts.
  listening_.clear();
  end_following();
  shared_.engine.set_terminating(true);
  for (const std::unique_ptr<Worker>& w : workers_) w->begin_drain(kind);
}

void Server::stop() {
  end_following();
  for (const std::unique_ptr<Worker>& w : workers_) w->stop();
}

void Server::wait() {
  for (std::thread& t : threads_) {
    if (t.joinable()) t.join();
  }
}

std::vector<Server::Failure> Server::configuration_changed() {
  std::vector<Failure> failures = follow_entry_points(*shared_.engine.snapshot());
  for (const std::unique_ptr<Worker>& w : workers_) w->configuration_changed();
  return failures;
}

}  // namespace gateproof::net
