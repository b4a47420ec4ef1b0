// Routers that meet: one that never gets a request because another comes first, and one whose protection falls away with it.
#include "engine/base/text.h"
#include "engine/check/looks.h"
#include "engine/check/sample.h"

namespace gateproof::check {

namespace {

using EntryPoints = std::vector<const config::EntryPointConfig*>;

struct Meeting {
  const config::EntryPointConfig* entry_point = nullptr;
  bool same_table = false;  // both with TLS or both without
};

Meeting meeting(const Scene& scene, const DeclaredRouter& a, const DeclaredRouter& b) {
  Meeting found;
  const EntryPoints of_b = scene.entry_points(b);
  for (const config::EntryPointConfig* e : scene.entry_points(a)) {
    if (std::find(of_b.begin(), of_b.end(), e) == of_b.end()) continue;
    const bool same = Scene::over_tls(a, *e) == Scene::over_tls(b, *e);
    if (!found.entry_point || (same && !found.same_table)) found = {e, same};
  }
  return found;
}

std::string place(const SourceSpan& span) {
  return span.known() && span.line ? " (" + span.to_string() + ")" : "";
}

std::string lost(const Scene& scene, const DeclaredRouter& a, const DeclaredRouter& b) {
  const std::vector<std::string> has = protections(scene.declared, a);
  if (has.empty() || !protections(scene.declared, b).empty()) return "";
  return ", and " + listed(has) + " does not protect them";
}

// Whether the router takes requests as things are: in a table, under its own name or that of a copy (catalogue 2.4).
bool is_live(const Scene& scene, const DeclaredRouter& r) {
  return std::any_of(
      scene.snapshot.routers.begin(), scene.snapshot.routers.end(), [&](const auto& entry) {
        const bool named = entry.first == r.name || entry.first.ends_with("-" + r.name);
        return named && entry.second->status != pipeline::Status::disabled;
      });
}

void tell(const Scene& scene, const DeclaredRouter& a, const DeclaredRouter& b, const Meeting& m,
          Sightings& out) {
  const std::string numbers = "priority " + std::to_string(a.priority) +
                              " is below the automatic priority " +
                              std::to_string(b.effective_priority()) + " (the rule's length) of " +
                              b.object + place(b.span);
  std::string when =
      m.same_table ? ": "
                   : ": once both are served with TLS on entry point " + m.entry_point->name + ", ";
  if (m.same_table && !is_live(scene, b)) when += "once that one is served, which it is not yet, ";
  const std::string message =
      numbers + when + "all requests of this router go there" + lost(scene, a, b);
  out.add("GP1013", a.priority_span, a.object, message,
          "write a priority above " + std::to_string(b.effective_priority()) +
              ", or leave it out: this rule's own length is " + std::to_string(a.rule.value.size()),
          !m.same_table);
}

// Routers by the hosts that they can have in common with another one.
class ByHost {
 public:
  explicit ByHost(const Declared& d) {
    for (const DeclaredRouter& r : d.routers) {
      if (!r.parsed || r.priority != 0) continue;
      const std::vector<std::string> hosts = rules::rule_hosts(r.parsed->root);
      if (hosts.empty() || hosts.size() > 1 || hosts.front().starts_with('*')) {
        any_.push_back(&r);
      } else {
        one_[hosts.front()].push_back(&r);
      }
    }
  }
  std::vector<const DeclaredRouter*> near(const std::vector<Sample>& samples) const {
    std::vector<const DeclaredRouter*> out = any_;
    const auto found = samples.empty() ? one_.end() : one_.find(samples.front().host);
    if (found != one_.end()) out.insert(out.end(), found->second.begin(), found->second.end());
    return out;
  }

 private:
  std::vector<const DeclaredRouter*> any_;
  std::map<std::string, std::vector<const DeclaredRouter*>> one_;
};

}  // namespace

void look_at_shadows(const Scene& scene, Sightings& out) {
  const ByHost all(scene.declared);
  for (const DeclaredRouter& a : scene.declared.routers) {
    if (a.priority == 0 || !a.parsed || !scene.serves(a)) continue;
    const std::vector<Sample> samples = samples_of(*a.parsed);
    for (const DeclaredRouter* b : all.near(samples)) {
      if (b == &a || !scene.serves(*b) || b->effective_priority() <= a.priority ||
          !covers(*b->parsed, samples))
        continue;
      const Meeting m = meeting(scene, a, *b);
      if (m.entry_point) tell(scene, a, *b, m, out);
    }
  }
}

void look_at_fail_open(const Scene& scene, Sightings& out) {
  const http::Headers none;
  for (const DeclaredRouter& a : scene.declared.routers) {
    const auto broken =
        std::find_if(a.middlewares.begin(), a.middlewares.end(), [&](const MiddlewareUse& use) {
          const auto known = scene.snapshot.middlewares.find(use.name);
          return known == scene.snapshot.middlewares.end() ||
                 known->second.status == pipeline::Status::disabled;
        });
    if (broken == a.middlewares.end() || !a.parsed || !scene.serves(a)) continue;
    const std::vector<Sample> samples = samples_of(*a.parsed);
    for (const config::EntryPointConfig* e : scene.entry_points(a)) {
      const auto entry = scene.snapshot.entry_points.find(e->name);
      if (entry == scene.snapshot.entry_points.end() || samples.empty()) continue;
      const rules::RoutingTable& table =
          Scene::over_tls(a, *e) ? *entry->second->secure : *entry->second->plain;
      const rules::Route* winner = table.match(samples.front().facts(none));
      if (!winner || config::provider_of(winner->name) == "internal" ||
          winner->name.ends_with(a.name))
        continue;
      out.add("GP1014", broken->span, a.object,
              "fails open: middleware " + text::quote(broken->name) +
                  " is missing or disabled and takes this router with it, and " + winner->name +
                  place(winner->rule_span) + " serves its requests unprotected",
              "mend the middleware first; a broader router should carry the same protection");
      break;
    }
  }
}

}  // namespace gateproof::check
