// sessionPersistence of a Gateway API rule: a token that the client sends back, in a cookie or in a field, names the server that
// it had. The token is all there is of a session: every replica reads it, and a restart forgets none.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/config/route_filters.h"
#include "engine/http/message.h"

namespace gateproof::upstream {

// Sessions with other backends of the rule that a token keeps beside its own.
inline constexpr size_t sessions_kept_max = 7;
// Bytes of a token that are read; a longer one names nobody.
inline constexpr size_t session_bytes_max = 1024;
// An end further away than the rule allows is not ours, but for what clocks of replicas differ.
inline constexpr Duration session_skew_max = std::chrono::minutes(1);

// A token is a list, joined with dots: "0123456789abcdef", with timeouts "0123456789abcdef-a18f2...-i18f1...": a hash of the server,
// when the session ends, and when it ends if nothing is asked; both in milliseconds since 1970.
class Session {
 public:
  // `owner` is the rule's service and `service` the backend's, qualified; `servers` are URLs, as the balancer has them.
  Session(const config::SessionConfig& config, std::string_view owner, std::string_view service,
          const std::vector<std::string>& servers);

  struct Seen {
    std::optional<size_t> server;  // whom the token names, while the session lasts
    int64_t ends_ms = 0;           // the session, with absoluteTimeout
    std::string token;             // as the request has it
    std::vector<std::string> others;
  };
  Seen read(const http::Request& request, int64_t wall_ns) const;
  // Tells the client whom it was served by, unless its token says so already.
  void tell(const Seen& seen, size_t server, int64_t wall_ns, bool secure,
            http::Response& answer) const;

  const std::string& name() const { return name_; }

 private:
  struct Entry {
    std::string_view hash;
    std::optional<int64_t> absolute_ms, idle_ms;
  };
  static std::optional<Entry> parse(std::string_view text);
  bool lasts(const Entry& entry, int64_t now_ms) const;

  config::SessionConfig config_;
  std::string name_;
  std::vector<std::string> hashes_;
};

}  // namespace gateproof::upstream
