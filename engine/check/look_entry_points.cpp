// Routers and the entry points that they are on: TLS or not, which are the defaults, who is trusted.
#include "engine/base/text.h"
#include "engine/check/assemble.h"
#include "engine/check/looks.h"

namespace gateproof::check {

using config::EntryPointConfig;
using config::Value;

namespace {

std::string place(const SourceSpan& span) {
  return span.known() && span.line ? " (" + span.to_string() + ")" : "";
}

uint16_t port_of(const EntryPointConfig& e) {
  const auto address = config::parse_entry_point_address(e.address);
  return address && !address->udp ? address->port : 0;
}

bool trusts_somebody(const EntryPointConfig& e) {
  return e.forwarded.insecure || !e.forwarded.trusted_ips.empty();
}

// The value of a positive ipStrategy.depth in a middleware; null when there is none.
const Value* depth_of(const DeclaredMiddleware& m, bool& refuses) {
  for (const char* type : {"rateLimit", "inFlightReq", "ipAllowList", "ipWhiteList"}) {
    const Value* options = m.options(type);
    const Value* criterion = options ? options->find_nocase("sourceCriterion") : nullptr;
    const Value* holder = criterion ? criterion : options;
    const Value* strategy = holder ? holder->find_nocase("ipStrategy") : nullptr;
    const Value* depth = strategy ? strategy->find_nocase("depth") : nullptr;
    refuses = std::string_view(type).starts_with("ip");
    if (depth && text::parse_int(depth->str()).value_or(0) > 0) return depth;
  }
  return nullptr;
}

}  // namespace

void look_at_redirections(const Scene& scene, Sightings& out) {
  for (const DeclaredRouter& r : scene.declared.routers) {
    if (!scene.serves(r)) continue;
    const auto entry_points = scene.entry_points(r);
    const bool tls_only =
        !entry_points.empty() && std::all_of(entry_points.begin(), entry_points.end(),
                                             [&](const auto* e) { return Scene::over_tls(r, *e); });
    if (!tls_only) continue;
    for (const Declared::Step& step : scene.declared.steps(r)) {
      const Value* options = step.middleware->options("redirectScheme");
      const Value* scheme = options ? options->find_nocase("scheme") : nullptr;
      if (!scheme || !text::iequals(scheme->str(), "https")) continue;
      out.add("GP1002", step.span, r.object,
              step.middleware->object +
                  " never acts usefully here: the router takes TLS requests only, and behind a "
                  "trusted proxy "
                  "that says X-Forwarded-Proto: http it redirects to the same URL for ever",
              "take it off this router; redirect on the plain entry point "
              "(http.redirections.entryPoint)");
    }
  }
}

void look_at_client_addresses(const Scene& scene, Sightings& out) {
  if (scene.assembly.synthetic) return;  // nobody knows whom the entry points trust
  for (const auto& [name, m] : scene.declared.middlewares) {
    bool refuses = false;
    const Value* depth = depth_of(m, refuses);
    if (!depth || !scene.serves_provider(config::provider_of(name), m.file)) continue;
    bool used = false, blind = false;
    for (const DeclaredRouter& r : scene.declared.routers) {
      const auto steps = scene.declared.steps(r);
      if (!scene.serves(r) || std::none_of(steps.begin(), steps.end(),
                                           [&](const auto& s) { return s.middleware == &m; }))
        continue;
      const auto entry_points = scene.entry_points(r);
      used = used || !entry_points.empty();
      blind = blind || (!entry_points.empty() &&
                        std::none_of(entry_points.begin(), entry_points.end(),
                                     [](const auto* e) { return trusts_somebody(*e); }));
    }
    const auto& all = scene.statics().entry_points;
    if (!used)
      blind = std::none_of(all.begin(), all.end(),
                           [](const auto& e) { return trusts_somebody(e.second); });
    if (!blind) continue;
    out.add(
        "GP1006", depth->span, m.object,
        std::string("no entry point of its routers trusts a proxy, so X-Forwarded-For is deleted "
                    "and ipStrategy.depth finds no "
                    "address: ") +
            (refuses ? "every client is refused" : "all clients share one bucket"),
        "name the proxies in forwardedHeaders.trustedIPs of the entry point, or remove ipStrategy");
  }
}

void look_at_port_443(const Scene& scene, Sightings& out) {
  if (scene.assembly.synthetic) return;
  std::set<std::string> told;
  for (const DeclaredRouter& r : scene.declared.routers) {
    if (!scene.serves(r)) continue;
    for (const EntryPointConfig* e : scene.entry_points(r)) {
      if (port_of(*e) != 443 || Scene::over_tls(r, *e)) continue;
      const std::string what = "plain HTTP is served on port 443, and HTTPS gets 404";
      if (told.insert(e->name).second) {
        out.add("GP1007", e->span, "entryPoint " + e->name,
                "entry point " + e->name + " has no http.tls and " + r.object + place(r.span) +
                    " has no TLS: " + what,
                "write http: {tls: {}} in the entry point");
      }
      SourceSpan at = r.span;
      for (const config::Text& t : r.entry_points) {
        if (t.value == e->name) at = t.span;
      }
      out.add("GP1008", at, r.object,
              "the router has no TLS and neither has entry point " + e->name + place(e->span) +
                  ": " + what,
              r.provider == "kubernetes"
                  ? "write the annotation traefik.ingress.kubernetes.io/router.tls: \"true\""
                  : "give the router tls: {}");
    }
  }
}

void look_at_defaults(const Scene& scene, Sightings& out) {
  const config::StaticConfig& s = scene.statics();
  if (scene.assembly.synthetic) return;
  for (const auto& [name, e] : s.entry_points) {
    if (e.as_default) return;
  }
  const DeclaredRouter* open = nullptr;
  for (const DeclaredRouter& r : scene.declared.routers) {
    if (!open && r.entry_points.empty() && scene.serves(r)) open = &r;
  }
  if (scene.assembly.helm && !open) return;  // the chart's own defaults, of which nobody makes use
  for (const auto& [name, e] : s.entry_points) {
    const bool aside =
        name == "metrics" || name == "admin" || name == "internal" || s.metrics_entry_point == name;
    if (!aside || name == "traefik" || s.entry_points.size() < 2) continue;
    const std::string consequence =
        open ? ": " + open->object + place(open->span) + ", which names none, is open there"
             : ": a router that names none would be open there";
    out.add(
        "GP1009", scene.assembly.helm ? open->span : e.span,
        scene.assembly.helm ? open->object : "entryPoint " + name,
        "no entry point is asDefault, so entry point " + name + " serves routers too" + consequence,
        "write asDefault: true in the entry points that are for everybody");
  }
}

}  // namespace gateproof::check
