// Routers of equal priority that take the same request: Traefik keeps them in the order of a map, which is chance (catalogue
// 1.6), so one start may serve what the next one does not.
#include "engine/check/looks.h"
#include "engine/check/sample.h"

namespace gateproof::check {

namespace {

struct Candidate {
  const DeclaredRouter* router;
  std::vector<Sample> samples;
};

bool share_a_table(const Scene& scene, const DeclaredRouter& a, const DeclaredRouter& b) {
  const std::vector<const config::EntryPointConfig*> of_b = scene.entry_points(b);
  for (const config::EntryPointConfig* e : scene.entry_points(a)) {
    if (std::find(of_b.begin(), of_b.end(), e) != of_b.end() &&
        Scene::over_tls(a, *e) == Scene::over_tls(b, *e))
      return true;
  }
  return false;
}

// A request that both rules take, made of the hosts and paths of both; nothing where none is found.
std::optional<Sample> common(const Candidate& a, const Candidate& b) {
  const http::Headers none;
  for (const Candidate* hosts : {&a, &b}) {
    for (const Sample& h : hosts->samples) {
      for (const Candidate* paths : {&a, &b}) {
        for (const Sample& p : paths->samples) {
          Sample s{h.host, p.path};
          const rules::RequestFacts facts = s.facts(none);
          if (a.router->parsed->matches(facts) && b.router->parsed->matches(facts)) return s;
        }
      }
    }
  }
  return std::nullopt;
}

bool served(const Scene& scene, const DeclaredRouter& r) {
  const auto found = scene.snapshot.routers.find(r.name);
  return found == scene.snapshot.routers.end() ||
         found->second->status != pipeline::Status::disabled;
}

void tell(const Candidate& first, const Candidate& second, const Sample& witness, Sightings& out) {
  const DeclaredRouter &a = *first.router, &b = *second.router;
  const bool same_name_first = a.name < b.name;
  const SourceSpan& at = b.priority ? b.priority_span : b.rule.span;
  out.add("GP1017", at.known() ? at : b.span, b.object,
          "priority " + std::to_string(b.effective_priority()) + " is also that of " + a.object +
              ", and both take GET http://" + witness.host + witness.path +
              ": in Traefik chance decides at each start; here " +
              (same_name_first ? a.object : b.object) + " does, whose name sorts first",
          "give one of them a priority of its own");
}

}  // namespace

void look_at_ties(const Scene& scene, Sightings& out) {
  const std::vector<std::string_view> order(scene.statics().precedence.begin(),
                                            scene.statics().precedence.end());
  const auto rank = [&](const std::string& name) {
    return order.empty() ? rules::provider_rank(name) : rules::provider_rank(name, order);
  };
  // Routers that can tie, by what they must have in common; those of one host alone meet only that host's and the hostless.
  std::map<std::tuple<int64_t, int, std::string>, std::vector<Candidate>> groups;
  for (const DeclaredRouter& r : scene.declared.routers) {
    if (!r.parsed || !scene.serves(r) || !served(scene, r)) continue;
    const std::vector<std::string> hosts = rules::rule_hosts(r.parsed->root);
    const bool one = hosts.size() == 1 && !hosts.front().starts_with('*');
    std::vector<Sample> samples = samples_of(*r.parsed);
    if (samples.empty()) continue;
    if (samples.size() > tie_samples_max) samples.resize(tie_samples_max);
    groups[{r.effective_priority(), rank(r.name), one ? hosts.front() : std::string()}].push_back(
        {&r, std::move(samples)});
  }
  for (const auto& [key, list] : groups) {
    const auto& [priority, of_provider, host] = key;
    const auto compare = [&](const std::vector<Candidate>& others, const Candidate& mine,
                             size_t from) {
      const size_t end = std::min(others.size(), from + ties_compared_max);
      for (size_t i = from; i < end; ++i) {
        if (!share_a_table(scene, *mine.router, *others[i].router)) continue;
        if (const auto witness = common(mine, others[i])) tell(mine, others[i], *witness, out);
      }
    };
    for (size_t i = 0; i < list.size(); ++i) compare(list, list[i], i + 1);
    const auto hostless = groups.find({priority, of_provider, std::string()});
    if (host.empty() || hostless == groups.end()) continue;
    for (const Candidate& mine : list) compare(hostless->second, mine, 0);
  }
}

}  // namespace gateproof::check
