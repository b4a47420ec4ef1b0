// HandlerServer: an http::Handler behind sockets of its own, plain or with TLS, HTTP/1.1 and HTTP/2, all on one thread, which is
// the only one that ever enters the handler. Embeddable: no globals, no signals.
#pragma once
#include <functional>
#include <thread>

#include "engine/http/handler.h"
#include "engine/net/event_loop.h"
#include "engine/net/log.h"
#include "engine/net/resolver.h"
#include "engine/net/stream.h"
#include "engine/net/transport.h"
#include "engine/net/work_pool.h"
#include "engine/pipeline/h1_server.h"
#include "engine/tls/context.h"
#include "engine/upstream/http_origin.h"

namespace gateproof::net {

// What connections with TLS are served with.
struct HandlerTls {
  std::shared_ptr<const tls::ServerContext> context;
  std::shared_ptr<const tls::Identity> identity;
};

class HandlerServer {
 public:
  // Connections open at once; further ones are closed as they come.
  static constexpr size_t connections_max = 4096;
  // A client that went away in the middle of an answer is noticed between one and two of these later. An answer may wait for
  // hours for its next piece (a watch), and until then nobody writes to the connection.
  static constexpr Duration look_period = std::chrono::seconds(2);

  // Handler, random and log outlive the server. `most`: connections_max, unless a test wants fewer.
  static Result<std::unique_ptr<HandlerServer>> make(http::Handler& handler, Random& random,
                                                     const Log& log, size_t most = connections_max);
  ~HandlerServer();  // stops

  // Before start(); port 0 takes a free one. The address that is listened on.
  Result<SocketAddress> listen(SocketAddress at, std::optional<HandlerTls> tls = {});
  void start();
  // Closes the sockets, ends every exchange where it waits, and the thread. Nothing can be started again.
  void stop();
  // Runs `work` on the server's thread and waits for its end; on the caller's when the thread does not run. False: the server
  // was stopped before its turn came.
  bool call(const std::function<void()>& work);
  Env& env() { return env_; }
  size_t connections() const { return connections_.load(std::memory_order_relaxed); }

 private:
  class Entry;
  HandlerServer(std::unique_ptr<EventLoop> loop, http::Handler& handler, Random& random,
                const Log& log, size_t most);
  Task<void> accept_connections(Entry& e);
  Task<void> serve(Entry& e, std::unique_ptr<Stream> stream);
  Task<void> end_those_gone(Entry& e);
  void run();

  const Log& log_;
  http::Handler& handler_;
  std::unique_ptr<EventLoop> loop_;
  WorkPool pool_;
  NetTransport transport_;
  RealResolver resolver_;
  PoolOffload offload_;
  Env env_;
  upstream::HttpOrigin origin_;  // for what the handler asks of others
  const size_t most_;            // connections
  std::atomic<size_t> connections_{0};
  std::vector<std::unique_ptr<Entry>> entries_;
  std::thread thread_;
};

}  // namespace gateproof::net
