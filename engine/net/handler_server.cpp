#include "engine/net/handler_server.h"

#include <future>
#include <map>

#include "engine/net/listener.h"
#include "engine/net/server.h"
#include "engine/net/socket.h"
#include "engine/pipeline/http_server.h"
#include "engine/tls/stream.h"

namespace gateproof::net {

class HandlerServer::Entry final : public pipeline::ExchangeHandler {
 public:
  Entry(http::Handler& handler, http::Origin& origin, std::optional<HandlerTls> t,
        std::atomic<size_t>& total)
      : tls(std::move(t)), streams(total), handler_(handler), origin_(origin) {}
  Task<void> handle(http::Exchange& x) override {
    x.origin = &origin_;
    return handler_.handle(x);
  }

  std::optional<HandlerTls> tls;
  StreamList streams;
  std::unique_ptr<NetListener> listener;
  struct Served {
    uint64_t task = 0;
    bool ended = false;  // as the last look has found it
  };
  std::map<const NetStream*, Served> served;

 private:
  http::Handler& handler_;
  http::Origin& origin_;
};

namespace {

// A connection is known for as long as its task lives.
template <class Map>
class Known {
 public:
  Known(Map& map, typename Map::key_type key) : map_(map), key_(key) { map_[key_]; }
  Known(const Known&) = delete;
  Known& operator=(const Known&) = delete;
  ~Known() { map_.erase(key_); }

 private:
  Map& map_;
  typename Map::key_type key_;
};

}  // namespace

Result<std::unique_ptr<HandlerServer>> HandlerServer::make(http::Handler& handler, Random& random,
                                                           const Log& log, size_t most) {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::make();
  if (!loop) return loop.error();
  return std::unique_ptr<HandlerServer>(
      new HandlerServer(std::move(*loop), handler, random, log, most));
}

HandlerServer::HandlerServer(std::unique_ptr<EventLoop> loop, http::Handler& handler,
                             Random& random, const Log& log, size_t most)
    : log_(log),
      handler_(handler),
      loop_(std::move(loop)),
      transport_(*loop_),
      resolver_(*loop_),
      offload_(pool_, *loop_),
      env_{loop_->scheduler(), loop_->clock(), random,  transport_,
           resolver_,          machine_name(), offload_},
      origin_(env_),
      most_(most) {}

HandlerServer::~HandlerServer() {
  stop();
  loop_->scheduler().cancel_all();
}

Result<SocketAddress> HandlerServer::listen(SocketAddress at, std::optional<HandlerTls> tls) {
  Result<Fd> socket = open_listener(at, {});
  if (!socket) return socket.error();
  Result<std::unique_ptr<NetListener>> listener = NetListener::adopt(*loop_, std::move(*socket));
  if (!listener) return listener.error();
  auto entry = std::make_unique<Entry>(handler_, origin_, std::move(tls), connections_);
  entry->listener = std::move(*listener);
  const SocketAddress bound = entry->listener->local();
  entries_.push_back(std::move(entry));
  return bound;
}

void HandlerServer::start() {
  thread_ = std::thread([this] { run(); });
}

void HandlerServer::run() {
  for (const std::unique_ptr<Entry>& e : entries_) {
    loop_->scheduler().spawn("accept", accept_connections(*e));
    loop_->scheduler().spawn("look", end_those_gone(*e));
  }
  loop_->run();
  // Here and not in the destructor: what a thread took from its pools goes back to them.
  loop_->scheduler().cancel_all();
  entries_.clear();
  origin_.close_idle();
  env_.store.clear();
}

void HandlerServer::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

bool HandlerServer::call(const std::function<void()>& work) {
  if (!thread_.joinable() || thread_.get_id() == std::this_thread::get_id()) {
    work();
    return true;
  }
  // Held by the posted call alone: one that is dropped breaks the promise, which ends the wait.
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> ended = done->get_future();
  loop_->post([&work, done = std::move(done)] {
    work();
    done->set_value();
  });
  while (ended.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout) {
  }
  try {
    ended.get();
  } catch (const std::future_error&) {
    return false;
  }
  return true;
}

Task<void> HandlerServer::accept_connections(Entry& e) {
  for (;;) {
    Result<std::unique_ptr<Stream>> stream = co_await e.listener->accept();
    if (!stream) co_return;
    if (connections() >= most_) {
      log_.warn("a connection was closed: " + std::to_string(most_) + " are open");
      continue;
    }
    auto& socket = static_cast<NetStream&>(**stream);
    e.streams.add(socket);
    const uint64_t task = loop_->scheduler().spawn("connection", serve(e, std::move(*stream)));
    if (const auto found = e.served.find(&socket); found != e.served.end()) {
      found->second.task = task;
    }
  }
}

Task<void> HandlerServer::end_those_gone(Entry& e) {
  for (;;) {
    co_await sleep_in_background(env_.scheduler, env_.scheduler.now() + look_period);
    std::vector<uint64_t> gone;
    for (auto& [socket, served] : e.served) {
      if (socket->ended() && std::exchange(served.ended, true)) gone.push_back(served.task);
    }
    for (const uint64_t task : gone) env_.scheduler.cancel(task);
  }
}

Task<void> HandlerServer::serve(Entry& e, std::unique_ptr<Stream> stream) {
  const Known known(e.served, static_cast<const NetStream*>(stream.get()));
  pipeline::ServerOptions options;
  pipeline::ConnectionStart start;
  if (e.tls) {
    auto inside = std::make_unique<tls::TlsStream>(std::move(stream), std::string(), e.tls->context,
                                                   e.tls->identity.get(), env_.clock.wall_ns());
    const Instant deadline = deadline_in(env_.scheduler, options.read_timeout);
    const Result<void> done = co_await inside->handshake(deadline);
    if (!done) {
      inside->close();
      co_return;
    }
    start.tls = std::make_shared<const http::TlsState>(inside->session().state());
    stream = std::move(inside);
  }
  co_await pipeline::serve_http(env_, std::move(stream), e, options, std::move(start));
}

}  // namespace gateproof::net
