// The Ingress provider's translation of objects that change one by one.
#pragma once
#include "engine/kubernetes/unit_maker.h"

namespace gateproof::kubernetes {

class IngressMaker final : public UnitMaker {
 public:
  // `rule_syntax` is core.defaultRuleSyntax, which decides how a wildcard host is written.
  explicit IngressMaker(std::string rule_syntax);

 private:
  config::DynamicConfig translate(const Context& c, const Object& o) override;
  bool apart(std::string_view) const override { return true; }
  // There is one default backend, of the first Ingress that has one.
  bool decided_by_all(const std::string& service) const override;
  void yield(const Context& c, const Object& o, config::DynamicConfig& own,
             const config::DynamicConfig& out) override;

  std::string rule_syntax_;
};

}  // namespace gateproof::kubernetes
