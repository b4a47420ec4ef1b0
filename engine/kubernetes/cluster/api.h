// Api: an API server's HTTP face over a Store. A pure handler: it runs behind the engine's own HTTP/1.1 and HTTP/2 server on
// sockets (net/handler_server.h) and in virtual time alike. Everything that touches the store runs on one thread.
#pragma once
#include <functional>

#include "engine/http/handler.h"
#include "engine/http/origin.h"
#include "engine/kubernetes/cluster/api_resources.h"
#include "engine/kubernetes/cluster/openapi.h"
#include "engine/kubernetes/cluster/watch_body.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t api_body_bytes_max = 3u
                                             << 20;  // of a request, as the real server: 413 beyond
inline constexpr size_t kubelets_max = 1000;         // node agents that logs are asked from

// A request as it was answered, for whoever follows what a client does.
struct ApiRecord {
  std::string_view method, target, user_agent;
  int status = 0;
};

struct ApiOptions {
  // Who brings neither this bearer token nor a client certificate is answered 401, but for /healthz, /version and the like.
  bool authenticates = false;
  std::string token;
  std::function<void(const ApiRecord&)> on_request;  // null: nobody asks
};

class Api final : public http::Handler {
 public:
  // The store outlives it; its on_commit() is taken.
  explicit Api(Store& store, ApiOptions options = {});
  Task<void> handle(http::Exchange& x) override;
  size_t watches() const { return watches_.size(); }

 private:
  Task<void> answer(http::Exchange& x);
  std::optional<Caller> caller_of(const http::Exchange& x) const;
  // Documents about the server itself; false: the path is none of theirs.
  bool answer_about(const http::Exchange& x, const Form& form, http::Response& response);
  bool answer_groups(std::string_view path, http::Response& response) const;
  void watch(const ApiCall& call, http::Exchange& x);
  Task<void> give_log(const ApiCall& call, http::Exchange& x);

  Store& store_;
  ApiOptions options_;
  WatchList watches_;
  OpenApi openapi_;
  std::map<std::string, std::unique_ptr<http::OriginServer>> kubelets_;  // by address
};

// Where the logs of a pod's container are, as the kubelet has it; "": nobody keeps them, and they are empty.
struct LogPlace {
  std::string address;  // host:port of the kubelet
  std::string target;   // /containerLogs/{namespace}/{pod}/{container}?...
};
Reply<LogPlace> log_place(const Store& store, const ApiCall& call);

}  // namespace gateproof::kubernetes::cluster
