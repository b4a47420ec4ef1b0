// What stands in the wrong order, and what stands there for nobody.
#include "engine/check/assemble.h"
#include "engine/check/looks.h"

namespace gateproof::check {

using config::Value;

namespace {

bool is_login(const DeclaredMiddleware& m) {
  return m.is("basicAuth") || m.is("digestAuth") || m.is("forwardAuth");
}

// A limit by a header (a user's name, a key) wants to stand behind the authentication that vouches for it.
bool limits_clients(const DeclaredMiddleware& m) {
  const Value* limit = m.options("rateLimit");
  const Value* criterion = limit ? limit->find_nocase("sourceCriterion") : nullptr;
  return limit && !(criterion && criterion->find_nocase("requestHeaderName"));
}

}  // namespace

void look_at_order(const ConfigSet& set, const Declared& declared, Sightings& out) {
  for (const DeclaredRouter& r : declared.routers) {
    const Declared::Step* login = nullptr;
    const std::vector<Declared::Step> steps = declared.steps(r);
    for (const Declared::Step& step : steps) {
      if (!login && is_login(*step.middleware)) login = &step;
      if (!limits_clients(*step.middleware)) continue;
      if (login) {
        out.add(
            "GP1003", login->span, r.object,
            login->middleware->object + " stands before " + step.middleware->object +
                ": wrong passwords are refused before they are counted, so guessing is not limited",
            "put " + step.middleware->object + " before " + login->middleware->object);
      }
      break;
    }
  }
}

void look_at_unused(const ConfigSet& set, const Declared& declared, Sightings& out) {
  std::set<std::string> used, with_routers;
  for (const DeclaredRouter& r : declared.routers) {
    with_routers.insert(r.provider == "kubernetes" ? "kubernetescrd" : r.provider);
    for (const MiddlewareUse& use : r.middlewares) used.insert(use.name);
  }
  for (const MiddlewareUse& use : declared.other_uses) used.insert(use.name);
  for (const auto& [name, m] : declared.middlewares) {
    for (const MiddlewareUse& use : m.chain) used.insert(use.name);
  }
  // Labels of containers and the like may refer to a file's middlewares, and are not here.
  bool others = false;
  for (const auto& s : set.statics) others = others || !s->other_providers.empty();
  for (const auto& [name, m] : declared.middlewares) {
    const std::string provider(config::provider_of(name));
    if (used.contains(name) || !with_routers.contains(provider) || (provider == "file" && others))
      continue;
    out.add("GP1005", m.span, m.object, "no router of these files uses this middleware",
            "use it, or remove it");
  }
}

}  // namespace gateproof::check
