// Gateway routes beside the other routers: what they would serve in plain HTTP, and without whose protection.
#include "engine/base/text.h"
#include "engine/check/looks.h"
#include "engine/check/sample.h"

namespace gateproof::check {

using config::Value;
using kubernetes::items_at;
using kubernetes::member;
using kubernetes::text_at;

namespace {

// Requests that the route's own hostnames and paths take.
std::vector<Sample> samples_of(const kubernetes::RouteView& route) {
  std::vector<Sample> out;
  for (const config::Text& host : route.hostnames) {
    const std::string name =
        host.value.starts_with("*.") ? "sample" + host.value.substr(1) : host.value;
    for (const Value& rule : items_at(route.object->at("spec"), "rules")) {
      if (items_at(&rule, "matches").empty()) out.push_back({name, "/"});
      for (const Value& match : items_at(&rule, "matches")) {
        const Value* path = member(&match, "path");
        const std::string type = text_at(path, "type"), value = text_at(path, "value");
        if (type == "RegularExpression") continue;
        out.push_back({name, value.empty() ? "/" : value});
        if (type != "Exact") out.push_back({name, (value == "/" ? "" : value) + "/sample"});
      }
    }
  }
  return out;
}

bool has_extension(const kubernetes::RouteView& route) {
  for (const Value& rule : items_at(route.object->at("spec"), "rules")) {
    for (const Value& f : items_at(&rule, "filters")) {
      if (text_at(&f, "type") == "ExtensionRef") return true;
    }
  }
  return false;
}

// The router that takes one of the route's requests today and does something with it that the route would not.
const DeclaredRouter* protector(const Scene& scene, const kubernetes::RouteView& route) {
  const http::Headers none;
  const std::vector<Sample> samples = samples_of(route);
  const DeclaredRouter* best = nullptr;
  size_t most = 0;
  for (const DeclaredRouter& r : scene.declared.routers) {
    if (!r.parsed || !scene.serves(r)) continue;
    // One that keeps somebody out weighs more than any number of rewrites.
    const size_t weight =
        scene.declared.steps(r).size() + 100 * protections(scene.declared, r).size();
    if (weight <= most) continue;
    if (std::none_of(samples.begin(), samples.end(),
                     [&](const Sample& s) { return r.parsed->matches(s.facts(none)); }))
      continue;
    best = &r;
    most = weight;
  }
  return best;
}

bool redirects(const Scene& scene, const kubernetes::ListenerView& l) {
  const auto e = scene.statics().entry_points.find(l.entry_point);
  return e != scene.statics().entry_points.end() && e->second.redirection.has_value();
}

// "authentication (Middleware default/api-auth)": what is lost, in words.
std::string what_is_lost(const Scene& scene, const DeclaredRouter& r) {
  std::vector<std::string> names;
  for (const Declared::Step& step : scene.declared.steps(r)) {
    const DeclaredMiddleware& m = *step.middleware;
    const bool login = m.is("basicAuth") || m.is("digestAuth") || m.is("forwardAuth");
    const bool strips = m.is("stripPrefix") || m.is("stripPrefixRegex");
    names.push_back((login    ? "the authentication of "
                     : strips ? "the prefix stripping of "
                              : "") +
                    m.object);
  }
  return listed(names);
}

void one_parent(const Scene& scene, const kubernetes::RouteView& route,
                const kubernetes::ParentView& parent, Sightings& out) {
  const kubernetes::GatewayView& gateway = scene.assembly.gateway.gateways[parent.gateway];
  bool secure = false;
  for (size_t i : parent.selected) secure = secure || gateway.listeners[i].protocol == "HTTPS";
  for (size_t i : parent.selected) {
    const kubernetes::ListenerView& l = gateway.listeners[i];
    if (!secure || l.protocol != "HTTP" || redirects(scene, l)) continue;
    if (!scene.assembly.synthetic && l.entry_point.empty())
      continue;  // not served at all: reported as such
    const bool attached =
        std::find(parent.attached.begin(), parent.attached.end(), i) != parent.attached.end();
    out.add("GP1015", l.span, gateway.object->label(),
            "listener " + l.name + (attached ? " serves " : " would serve, once it is accepted, ") +
                route.object->label() + " in plain HTTP too",
            "name the HTTPS listener in the route's parentRefs (sectionName), and redirect on this "
            "one");
  }
}

}  // namespace

void look_at_gateways(const Scene& scene, Sightings& out) {
  for (const kubernetes::RouteView& route : scene.assembly.gateway.routes) {
    for (const kubernetes::ParentView& parent : route.parents)
      one_parent(scene, route, parent, out);
    const DeclaredRouter* r = route.object->kind == "HTTPRoute" && !has_extension(route)
                                  ? protector(scene, route)
                                  : nullptr;
    if (!r) continue;
    out.add("GP1016", route.object->span, route.object->label(),
            "where it is served, the route takes requests of " + r->object + " (" +
                r->span.to_string() + ") without " + what_is_lost(scene, *r),
            "add ExtensionRef filters for the middlewares, or serve the requests by one of the two "
            "only");
  }
}

}  // namespace gateproof::check
