// Origin: how an outbound request reaches one server. In the direct arm scripted hosts answer objects; in the wire and socket
// arms an HTTP/1.1 client speaks over the world's Transport. The pipeline in front of it is the same.
#pragma once
#include "engine/env/tls_connector.h"
#include "engine/http/exchange.h"

namespace gateproof::http {

// A server of a load balancer, made once at configuration time.
struct OriginServer {
  std::string url;        // as configured
  std::string scheme;     // http, https, h2c
  std::string authority;  // host[:port] as written: the Host when passHostHeader is false
  std::string host;       // name or IP without brackets
  uint16_t port = 80;
  std::optional<SocketAddress> address;  // when host is an IP
  std::string base_path;                 // used with preserve_path only
  bool preserve_path = false;
  Duration dial_timeout = std::chrono::seconds(30);
  Duration response_header_timeout{0};  // 0: none
  Duration idle_conn_timeout = std::chrono::seconds(90);
  Duration read_timeout{0}, write_timeout{0};  // of one read or write of a connection; 0: none
  Duration read_idle_timeout{0};  // HTTP/2: a silent connection is asked with a PING; 0: never
  Duration ping_timeout = std::chrono::seconds(15);  // and has so long to answer
  int64_t max_idle_conns = 200;
  std::shared_ptr<TlsConnector> tls;  // of an https server
  bool http2 = true;  // may be spoken where the server offers it (serversTransport.disableHTTP2)
};

// What the proxy stage made of x.request: ready to be written. Views live as long as the exchange.
struct Outbound {
  std::string_view method;
  std::string target;
  std::string_view host;
  Headers headers;       // no Host, no framing fields; hop-by-hop fields removed
  Body* body = nullptr;  // the exchange's request body
  const OriginServer* server = nullptr;

  // Whether a body of no bytes is told as Content-Length: 0 (RFC 9110 section 8.6, as Go does it).
  bool tells_empty_body() const { return method == "POST" || method == "PUT" || method == "PATCH"; }
  // Whether sending it twice does no harm, as Go's transport judges.
  bool replayable() const {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" ||
           headers.has("Idempotency-Key") || headers.has("X-Idempotency-Key");
  }
};

class Origin {
 public:
  virtual ~Origin() = default;
  // Fills x.response with the server's answer (head, and a body that is read later). Errors: refused, reset, timeout,
  // protocol, canceled.
  virtual Task<Result<void>> round_trip(Exchange& x, Outbound& out) = 0;
};

}  // namespace gateproof::http
