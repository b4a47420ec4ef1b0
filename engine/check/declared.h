// What the files declare, whatever provider it comes from and whether or not that provider would take it: routers and
// middlewares with the place of each part. The static look works on these.
#pragma once
#include "engine/check/config_set.h"
#include "engine/rules/matcher.h"

namespace gateproof::check {

// A middleware's name where a router, a chain or a service refers to it.
struct MiddlewareUse {
  std::string name;     // qualified
  std::string written;  // as it stands there
  SourceSpan span;
};

struct DeclaredMiddleware {
  std::string name;    // "default-api-auth@kubernetescrd"
  std::string object;  // "Middleware default/api-auth", "middleware auth@file"
  SourceSpan span;
  const config::Value* types = nullptr;  // type -> options
  std::vector<MiddlewareUse> chain;      // of a chain, in order
  std::string file;                      // that holds it

  // The options of a type, in any case; null when the middleware is of another type.
  const config::Value* options(std::string_view type) const;
  bool is(std::string_view type) const { return options(type) != nullptr; }
};

struct DeclaredRouter {
  std::string name;      // as Traefik calls it, qualified
  std::string object;    // "IngressRoute default/my-app", "router my-app@file"
  std::string provider;  // "file", "docker", "redis", "kubernetescrd", "kubernetes" ...
  SourceSpan span;
  config::Text rule;
  std::optional<rules::Rule> parsed;
  int64_t priority = 0;  // 0: automatic
  SourceSpan priority_span;
  std::vector<config::Text> entry_points;
  std::vector<MiddlewareUse> middlewares;
  bool tls = false;
  std::string file;

  int64_t effective_priority() const {
    return priority ? priority : static_cast<int64_t>(rule.value.size());
  }
};

struct Declared {
  std::vector<DeclaredRouter> routers;
  std::map<std::string, DeclaredMiddleware> middlewares;
  std::vector<MiddlewareUse> other_uses;  // by services, Gateway routes, entry points

  const DeclaredMiddleware* middleware(std::string_view name) const;
  const DeclaredRouter* router(std::string_view name) const;
  // A router's middlewares in the order in which they act, chains taken apart; unknown names are left out.
  struct Step {
    const DeclaredMiddleware* middleware;
    SourceSpan span;  // of the name, in the router or the chain
  };
  std::vector<Step> steps(const DeclaredRouter& router) const;
};

// Points into the set.
Declared declare(const ConfigSet& set);

}  // namespace gateproof::check
