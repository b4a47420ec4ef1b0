// BackendTLSPolicies: which one decides for a port of a Service, and what each is told.
#pragma once
#include <map>

#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

class Policies {
 public:
  explicit Policies(Index& index);

  // Of the oldest policy that names the port, else of the oldest that names the whole Service; nullopt: plain text.
  std::optional<BackendTls> tls(std::string_view ns, std::string_view service,
                                std::string_view port_name) const;
  // A route that a Gateway accepts leads to the Service (1), or does so no more (-1): its policies have every Gateway that is
  // left as an ancestor.
  void reached(std::string_view ns, std::string_view service, size_t gateway, int64_t change);
  bool any() const { return !policies_.empty(); }
  // All statuses, or those of policies whose ancestors changed since the last time.
  void write(State& s, bool all);

 private:
  struct Policy {
    const Object* object = nullptr;
    BackendTls tls;
    std::optional<Problem> not_accepted, not_resolved;
    std::map<size_t, int64_t> gateways;  // how often each leads here
    bool changed = false;
  };
  struct Target {
    std::string section;
    size_t policy = 0;
  };
  void read(const Object& o);
  void read_validation(Policy& p);
  void read_authorities(Policy& p, const config::Value& validation);
  void read_names(Policy& p, const config::Value& validation);
  void refuse(Policy& p, std::optional<Problem>& what, std::string reason, SourceSpan at,
              std::string message, std::string remedy);

  Index& index_;
  std::vector<Policy> policies_;
  std::unordered_map<std::string, std::vector<Target>> by_service_;
  std::unordered_map<std::string, size_t>
      owners_;  // "ns/service/section" -> the policy that decides
};

}  // namespace gateproof::kubernetes::gateway
