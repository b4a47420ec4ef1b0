// BackendTLSPolicies: which one decides for a port of a Service, and what each is told.
#pragma once
#include <set>

#include "engine/kubernetes/gateway/resolve_parts.h"

namespace gateproof::kubernetes::gateway {

class Policies {
 public:
  explicit Policies(Index& index);

  // Of the oldest policy that names the port, else of the oldest that names the whole Service; nullopt: plain text.
  std::optional<BackendTls> tls(std::string_view ns, std::string_view service,
                                std::string_view port_name) const;
  // A route that a Gateway accepts leads to the Service: its policies have the Gateway as an ancestor.
  void reached(std::string_view ns, std::string_view service, size_t gateway);
  bool any() const { return !policies_.empty(); }
  void write(State& s) const;

 private:
  struct Policy {
    const Object* object = nullptr;
    BackendTls tls;
    std::optional<Problem> not_accepted, not_resolved;
    std::set<size_t> gateways;
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
