// Rules of a route: backends, mirrors, and filters that cannot be honoured.
#pragma once
#include "engine/kubernetes/gateway/resolve_backends.h"

namespace gateproof::kubernetes::gateway {

// What a rule's sessionPersistence asks for and cannot have.
std::optional<Problem> session_problem(const config::Value& rule);

// What a route is told whatever its parents are.
struct RulesVerdict {
  std::optional<Problem> not_accepted;  // no rule of it can be served as it is written
  Condition resolved{"ResolvedRefs", "True", "ResolvedRefs", "all references resolve"};
  std::optional<Condition> partly_invalid;
};

class Rules {
 public:
  Rules(Index& index, const Policies& policies) : index_(index), backends_(index, policies) {}
  RulesVerdict read(const Object& route, std::vector<Rule>& out);
  Backends& backends() { return backends_; }

 private:
  void rule(const config::Value& v, Rule& out);
  // False: one of the filters cannot be honoured, and what it stands on answers 500.
  bool filters(const config::Value& holder, std::span<const std::string_view> known, Rule* rule);
  bool filter(const config::Value& f, std::span<const std::string_view> known, Rule* rule);
  void mirror(const config::Value& f, Rule& rule);
  // resolve_extensions.cpp; false: as filters()
  bool extension(const config::Value& f);
  bool external_auth(const config::Value& f, const config::Value& options, Rule& rule);
  void not_resolved(const Problem& p);
  void invalid(const Problem& p);

  Index& index_;
  Backends backends_;
  const Object* route_ = nullptr;
  RulesVerdict verdict_;
  std::optional<Problem> invalid_;
  size_t unresolved_ = 0;
};

// The hostname that both stand for, the narrower of the two; "" when they have nothing in common. "" stands for every host.
std::string common_hostname(std::string_view a, std::string_view b);

}  // namespace gateproof::kubernetes::gateway
