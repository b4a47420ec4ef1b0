// A client of one API server: HTTP/1.1 over the world's Transport, with TLS where the server wants it. Connections are kept for
// the next call; a watch has one of its own.
#pragma once
#include <functional>

#include "engine/env/env.h"
#include "engine/env/tls_connector.h"
#include "engine/http/h1_parser.h"
#include "engine/providers/kube_access.h"
#include "engine/providers/kube_wire.h"

namespace gateproof::providers {

inline constexpr size_t kube_body_bytes_max = 64u << 20;  // of an answer, such as a page of a list
inline constexpr size_t kube_idle_connections_max = 8;
inline constexpr Duration kube_connect_time = std::chrono::seconds(10);  // with TLS
inline constexpr Duration kube_call_time = std::chrono::seconds(60);  // a call, its answer included
inline constexpr Duration kube_keep_alive =
    std::chrono::seconds(30);  // probes of a silent connection
// How long files (token, certificates) are believed to be what they were.
inline constexpr Duration kube_access_time = std::chrono::seconds(10);

struct KubeRequest {
  std::string method = "GET";
  std::string target;  // path and query
  std::string content_type;
  std::string body;
};

struct KubeResponse {
  int status = 0;
  std::string body;
  Duration retry_after{0};
  bool ok() const { return status >= 200 && status < 300; }
};

// What the client needs from outside.
struct KubeHooks {
  std::function<Result<KubeAccess>()> access;  // read anew each time
  // How TLS is spoken; asked again when what it is made of has changed.
  std::function<Result<std::shared_ptr<TlsConnector>>(const KubeAccess&)> connector;
  // The access cannot be read or used any more, and what was known before stays in use: once for each reason. May be empty.
  std::function<void(const std::string&)> trouble;
};

class KubeClient {
 public:
  KubeClient(Env& env, KubeHooks hooks);
  KubeClient(const KubeClient&) = delete;
  ~KubeClient();

  class Connection;
  // The body of an answer as it comes.
  class Body {
   public:
    explicit Body(std::unique_ptr<Connection> connection);
    ~Body();
    // Bytes, as many as are there; empty: the end. Code::reset: it broke off.
    Task<Result<std::string>> read(Instant deadline);

   private:
    friend class KubeClient;
    std::unique_ptr<Connection> connection_;
  };
  struct Opened {
    int status = 0;
    std::unique_ptr<Body> body;  // of a 200
    std::string refusal;         // the body of another
    Duration retry_after{0};
  };

  // The answer, whatever its status. Errors: refused, reset, timeout, protocol, invalid, limit (a body that is too large).
  Task<Result<KubeResponse>> call(KubeRequest request);
  // The answer's head, and its body bit by bit.
  Task<Result<Opened>> open(KubeRequest request);

  // Whether a connection made now would lead to another server or show another certificate than the body's. A token is no
  // reason: it is told with each request, and a server asks for it only once.
  bool outdated(const Body& body);
  const KubeAccess& access() const { return access_; }
  Env& env() { return env_; }
  uint64_t connections() const { return connections_; }

 private:
  struct Attempt {
    int status;       // of the answer; 0: none
    bool unanswered;  // the connection ended before the first byte of one
    bool used;        // it had carried a request before
  };

  Result<void> refresh();
  Result<void> renew();
  bool asks_again(const Attempt& attempt, const KubeAccess& access, bool& again);
  // For who was refused: reads the access at once; whether it is another one than `was`.
  bool renewed(const KubeAccess& was);
  Task<Result<std::unique_ptr<Connection>>> connect();
  Task<Result<KubeResponse>> call_on(Connection& connection, KubeRequest request);
  Task<Result<Opened>> open_on(std::unique_ptr<Connection> connection, KubeRequest request);
  std::unique_ptr<Connection> take_idle();

  Env& env_;
  KubeHooks hooks_;
  KubeAccess access_;
  std::shared_ptr<TlsConnector> connector_;
  std::optional<Instant> read_at_;
  bool known_ = false;  // access_ was read once
  std::string told_;    // the trouble that was told last
  std::vector<std::unique_ptr<Connection>> idle_;
  uint64_t connections_ = 0;
};

// "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME"; without a namespace for "", without a name for "".
std::string kube_path(const KubeResource& resource, std::string_view version, std::string_view ns,
                      std::string_view name);

}  // namespace gateproof::providers
