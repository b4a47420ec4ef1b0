// Exchange: one request and its answer, on its way through the pipeline.
#pragma once
#include "engine/env/env.h"
#include "engine/http/message.h"
#include "engine/http/tls_state.h"

namespace gateproof::http {

// What the run says about itself, in order; explain() is made from it. Absent (null) when nobody listens.
struct TraceStep {
  std::string
      stage;  // "entryPoint web", "router r@file", "middleware strip@file", "service app@file", "server http://..."
  std::string action;  // "path", "header", "answer", "decide", "pick" ...
  std::string detail;  // one line for people
  int64_t at_ns = 0;   // monotonic
};
using ExchangeTrace = std::vector<TraceStep>;

class Origin;
struct Outbound;

// What is left of an upstream connection after 101: bytes flow both ways from here on.
struct Tunnel {
  std::unique_ptr<Stream> stream;
  std::string early;                 // bytes that came behind the head
  std::shared_ptr<const void> held;  // lives as long as the tunnel (a balancer's count of requests)
  Duration read_timeout{0}, write_timeout{0};  // of the server's side, as the OriginServer has them
};

// Who passes 1xx answers on to the client while the final one is not there yet (RFC 9110, 15.2).
class InterimSink {
 public:
  virtual ~InterimSink() = default;
  // Writes one interim answer without waiting; what the client cannot take now is dropped, as such an answer may be.
  virtual void interim(int status, const Headers& headers) = 0;
};

struct Exchange {
  explicit Exchange(Env& e) : env(&e) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Env* env;
  Origin* origin = nullptr;  // how servers are reached in this arm
  Request request;
  Response response;

  SocketAddress peer;  // the TCP peer
  SocketAddress local;
  bool tls = false;
  std::shared_ptr<const TlsState>
      tls_state;  // null without TLS, and where TLS is only said to be (direct arm)
  // What the client proved itself with, the leaf first, each in DER; null without client certificates.
  std::shared_ptr<const std::vector<std::string>> client_certificates;
  bool trusted_peer = false;     // forwarded headers were kept (entry point's forwardedHeaders)
  std::string_view entry_point;  // name; lives in the snapshot
  std::string canonical_host;    // made once at the entry point (catalogue 1.4)
  std::string flat_host;         // where its CNAME records end; empty while flattening is off
  std::string routing_path;      // made once at the entry point (catalogue 1.5)
  // Set when the entry point rewrote semicolons in the query: the target before and after (catalogue 2.1).
  std::string target_received;
  std::string target_rewritten;
  std::string client_host;           // Host as the client sent it
  std::string user;                  // from an authenticating middleware
  bool detect_content_type = false;  // an answer without Content-Type gets one by its first bytes
  // A middleware further outside collects the answer's fields itself, so that "no guess" does not reach what is inside it.
  bool fields_apart = false;
  // Lines `Vary: Accept-Encoding` that compress has put in front of an answer to come.
  uint8_t vary_lines = 0;
  bool answer_held =
      false;  // somebody outside takes the whole answer first: no flush reaches the client
  bool flush_held =
      false;  // what compresses with br or zstd outside lets no flush pass before the first byte
  // Not 0: the client has a 200 without fields already, and this is the status that came after it (upstream/flushed.h).
  int late_status = 0;
  Duration pause{0};                 // that a middleware asks for before the rest of its chain
  bool append_forwarded_for = true;  // entry point's notAppendXForwardedFor
  bool suppress_forwarded_for =
      false;  // a custom request header X-Forwarded-For: "" (catalogue 2.2)

  // Listeners of Gateways: the target goes on byte for byte; url.raw holds the path as it was received.
  bool raw_target = false;
  std::string_view
      matched_prefix;  // of the PathPrefix match of a Gateway API route; in the snapshot

  std::string_view router;   // winner's qualified name, empty if none; "parent -> child" of layers
  std::string router_path;   // holds the text of `router` when there are layers
  std::string_view service;  // the load balancer's qualified name that served it
  std::string_view server;   // chosen server's URL
  int attempts = 0;          // tries to reach a server
  std::optional<Error> failure;  // why the proxy stage failed, if it did

  std::shared_ptr<const void> pinned;  // the snapshot, alive until the answer is complete
  // Asking, not doing: a middleware that answers is noted, and the rest of the way is walked all the same.
  bool look_beyond = false;
  std::string_view stopped_by;  // the stage of the first one that answered
  std::unique_ptr<Response> stopped_with;

  std::unique_ptr<Tunnel> tunnel;  // with a 101 answer
  InterimSink* interim = nullptr;  // null: the client gets no 1xx (HTTP/1.0, direct arm)
  ExchangeTrace* trace = nullptr;

  // Costs one branch when nobody listens: call as `if (x.trace) x.note(...)` where building the text costs.
  void note(std::string_view stage, std::string_view action, std::string detail) {
    if (trace) {
      trace->push_back({std::string(stage), std::string(action), std::move(detail),
                        env->scheduler.now().time_since_epoch().count()});
    }
  }
  // The target as redirects show it: with the query as received, until a middleware rewrites the path or the query.
  std::string shown_target() const;
  // Back to the state after construction, memory kept.
  void reset();
};

}  // namespace gateproof::http
