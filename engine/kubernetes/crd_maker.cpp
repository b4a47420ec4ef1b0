#include "engine/kubernetes/crd_maker.h"

#include <algorithm>

namespace gateproof::kubernetes {
namespace {

constexpr std::string_view units[] = {"IngressRoute", "Middleware", "TraefikService",
                                      "ServersTransport"};

}  // namespace

CrdMaker::CrdMaker(const config::MiddlewareTypes& types)
    : UnitMaker({{traefik_group, units[0]},
                 {traefik_group, units[1]},
                 {traefik_group, units[2]},
                 {traefik_group, units[3]}}),
      types_(types) {}

config::DynamicConfig CrdMaker::translate(const Context& c, const Object& o) {
  if (o.kind == "IngressRoute") return crd_route(c, o);
  CrdResult own;
  CrdServices services(c, own.config);
  services.routes_are_done();
  if (o.kind == "Middleware") {
    crd_middleware(c, types_, services, o, own);
  } else if (o.kind == "TraefikService") {
    services.traefik_service(o);
  } else {
    crd_transport(c, o, own.config);
  }
  if (users_) std::move(own.users.begin(), own.users.end(), std::back_inserter(*users_));
  return std::move(own.config);
}

void CrdMaker::make_rest(const Context& c, config::DynamicConfig& out) {
  crd_tls(c, out);
  crd_streams(c, out);
  crd_later(c);
}

bool CrdMaker::of_rest(const Name& n) const {
  return n.group == traefik_group &&
         std::find(std::begin(units), std::end(units), n.kind) == std::end(units);
}

bool CrdMaker::ties_all(const Object& o) const {
  return o.kind == units[0] && !items_at(o.at("spec"), "parentRefs").empty();
}

CrdResult CrdMaker::make_all(const Context& c) {
  CrdResult out;
  users_ = &out.users;
  out.config = make(c);
  users_ = nullptr;
  return out;
}

CrdResult translate_crd(const Context& c, const config::MiddlewareTypes& types) {
  return CrdMaker(types).make_all(c);
}

}  // namespace gateproof::kubernetes
