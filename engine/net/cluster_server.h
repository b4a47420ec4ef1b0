// ClusterServer: a cluster in the process, on sockets: the object store, the API server's HTTP face and the simulated controllers,
// all on one thread of their own.
#pragma once
#include "engine/kubernetes/cluster/api.h"
#include "engine/kubernetes/cluster/controllers.h"
#include "engine/net/clock.h"
#include "engine/net/handler_server.h"

namespace gateproof::net {

struct ClusterTls {
  std::string certificate, key;  // PEM, of the server
  std::string authority;         // PEM, of client certificates; "": nobody is asked for one
};

struct ClusterOptions {
  kubernetes::cluster::StoreOptions store;
  kubernetes::cluster::ControllerOptions controllers;
  SocketAddress listen{IpAddress::parse("127.0.0.1").value_or(IpAddress{}), 0};
  std::optional<ClusterTls> tls;  // with it clients have to prove who they are
  std::string token;              // bearer token that is taken, with TLS
  std::function<void(const kubernetes::cluster::ApiRecord&)> on_request;
};

class ClusterServer {
 public:
  // `random` and `log` outlive it. Errors: the address cannot be listened on, the certificate cannot be used.
  static Result<std::unique_ptr<ClusterServer>> make(ClusterOptions options, Random& random,
                                                     const Log& log);
  ~ClusterServer();

  SocketAddress address() const { return address_; }
  void start() { server_->start(); }
  void stop() { server_->stop(); }
  // Runs `work` where the store lives, and waits for its end. Before start() and after stop() on the caller's thread.
  bool with_store(const std::function<void(kubernetes::cluster::Store&)>& work);
  // What else follows the store (a Gateway controller, status writers): before start(). See Store::add_hook.
  kubernetes::cluster::Store& store() { return store_; }
  HandlerServer& server() { return *server_; }
  // How many are open; to be asked where the store lives.
  size_t watches() const { return api_.watches(); }

 private:
  ClusterServer(ClusterOptions options, Random& random);
  Result<void> open(Random& random, const Log& log);

  ClusterOptions options_;
  RealClock clock_;
  kubernetes::cluster::Store store_;
  kubernetes::cluster::Controllers controllers_;
  kubernetes::cluster::Api api_;
  std::unique_ptr<HandlerServer> server_;
  SocketAddress address_;
};

}  // namespace gateproof::net
