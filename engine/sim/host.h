// Scripted hosts: what stands behind the proxy in the virtual arms, and on real sockets in the socket arm. One script, three
// ways to ask it.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/http/origin.h"
#include "engine/pipeline/h1_server.h"
#include "engine/sim/secure_host.h"

namespace gateproof::sim {

using FieldList = std::vector<std::pair<std::string, std::string>>;

// What a host received.
struct HostRequest {
  std::string host;  // the scripted host's name
  std::string method;
  std::string target;
  FieldList headers;  // in order; Host first
  std::string body;
};

struct HostAnswer {
  enum class Action : uint8_t {
    answer,
    refuse,
    close,
    silent
  };  // refuse: no connection; close: accepted, closed without an answer; silent: never answers
  Action action = Action::answer;
  int status = 200;
  std::string reason;
  FieldList headers;
  std::string body;
  bool chunked = false;  // length not told
  FieldList trailers;    // imply chunked
  Duration delay{0};     // before the answer
};

using HostScript = std::function<HostAnswer(const HostRequest&)>;

struct Host {
  std::string name;
  HostScript script;
  bool refuse = false;
  std::shared_ptr<const HostTls> tls;  // of bytes; null: plain
  bool http2 = false;                  // speaks HTTP/2 with prior knowledge, too (h2c)
};

inline constexpr size_t host_request_body_bytes_max = 64u << 20;

// Reads the request's body, asks the script, and puts the answer into the response. Used by every arm. `broken`, when given,
// gets the error of a body that cannot be read to its end.
Task<bool> answer_from_script(Host& host, HostRequest request, http::Body& body,
                              Scheduler& scheduler, http::Response& response,
                              std::vector<HostRequest>* seen,
                              std::optional<Error>* broken = nullptr);

// The host as an HTTP/1.1 server (wire and socket arms). `seen`, when given, gets every request.
class HostHandler final : public pipeline::ExchangeHandler {
 public:
  HostHandler(Host& host, std::vector<HostRequest>* seen) : host_(host), seen_(seen) {}
  Task<void> handle(http::Exchange& x) override;
  bool draining() const override { return close_; }

 private:
  Host& host_;
  std::vector<HostRequest>* seen_;
  bool close_ = false;
};

// The hosts as an origin without bytes (direct arm).
class DirectOrigin final : public http::Origin {
 public:
  explicit DirectOrigin(Scheduler& s) : scheduler_(s) {}
  void add(SocketAddress at, Host& host) { hosts_[at] = &host; }
  void clear() { hosts_.clear(); }
  std::vector<HostRequest>* seen = nullptr;
  // Names of hosts that are no IP address.
  std::map<std::string, SocketAddress, std::less<>> names;
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override;

 private:
  Scheduler& scheduler_;
  std::map<SocketAddress, Host*> hosts_;
};

}  // namespace gateproof::sim
