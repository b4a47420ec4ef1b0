// The CRD provider's translation of objects that change one by one. Units are IngressRoutes, Middlewares, TraefikServices and
// ServersTransports.
#pragma once
#include "engine/kubernetes/crd.h"
#include "engine/kubernetes/unit_maker.h"

namespace gateproof::kubernetes {

class CrdMaker final : public UnitMaker {
 public:
  explicit CrdMaker(const config::MiddlewareTypes& types);
  CrdResult make_all(const Context& c);

 private:
  config::DynamicConfig translate(const Context& c, const Object& o) override;
  // Nothing but Middlewares tells of users.
  bool apart(std::string_view kind) const override { return kind != "Middleware"; }
  void make_rest(const Context& c, config::DynamicConfig& out) override;
  bool of_rest(const Name& n) const override;
  // The routers of children depend on those of their parents.
  bool ties_all(const Object& o) const override;

  const config::MiddlewareTypes& types_;
  std::vector<SecretUsers>* users_ = nullptr;  // while everything is translated
};

}  // namespace gateproof::kubernetes
