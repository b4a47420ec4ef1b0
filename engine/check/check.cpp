// check_config_set: what every stage says, and the static look, each finding once and where it belongs.
#include "engine/base/text.h"
#include "engine/check/assemble.h"
#include "engine/check/conditions.h"
#include "engine/check/flat_inputs.h"
#include "engine/check/looks.h"
#include "engine/pipeline/merge.h"

namespace gateproof::check {

using config::Finding;

namespace {

// Time stands still and chance is always the same: nothing that is built here runs.
class StillClock final : public Clock {
 public:
  Instant now() const override { return Instant{}; }
  int64_t wall_ns() const override { return 0; }
};
class SameRandom final : public Random {
 public:
  RandomStream stream(std::string_view name) override { return RandomStream(1); }
};

// `files`: those that engines serving the set would read (usersFile); null: none can be read.
std::shared_ptr<const pipeline::Snapshot> build(const Assembly& a, SameRandom& random,
                                                Files* files) {
  static const StillClock clock;
  auto all = std::make_shared<config::DynamicConfig>();
  for (const auto& [provider, config] : a.providers) pipeline::merge_into(*all, config);
  pipeline::BuildInputs inputs{a.statics, all, clock, random, "gateproof"};
  inputs.files = files;
  return pipeline::build_snapshot(inputs);
}

// Names that the pipeline gives to objects, and what their authors call them.
class Objects {
 public:
  explicit Objects(const Declared& d) {
    for (const DeclaredRouter& r : d.routers)
      names_["router " + r.name] = names_[r.name] = r.object;
    for (const auto& [name, m] : d.middlewares) names_["middleware " + name] = m.object;
  }
  std::string operator()(const std::string& object) const {
    const auto found = names_.find(object);
    if (found != names_.end()) return found->second;
    // A copy for one entry point, "websecure-my-app@file" (catalogue 2.4).
    const bool prefixed = object.starts_with("router ");
    const std::string_view name =
        prefixed ? std::string_view(object).substr(7) : std::string_view(object);
    for (size_t dash = name.find('-'); dash != std::string_view::npos;
         dash = name.find('-', dash + 1)) {
      const auto original = names_.find("router " + std::string(name.substr(dash + 1)));
      if (original != names_.end()) return original->second;
    }
    if (!prefixed && name.find('@') != std::string_view::npos &&
        name.find(' ') == std::string_view::npos) {
      return "router " + std::string(name);
    }
    return object;
  }

 private:
  std::map<std::string, std::string> names_;
};

// The builder cannot see objects of providers that are not built: what it says about their names may be wrong.
bool about_other_providers(const Finding& f, const Assembly& a) {
  if (f.code != "GP0307" && f.code != "GP0305") return false;
  const size_t quote = f.message.find('"');
  const std::string_view name =
      std::string_view(f.message).substr(quote + 1, f.message.find('"', quote + 1) - quote - 1);
  const std::string_view provider = config::provider_of(name);
  return provider != "file" && provider != "internal" && !provider.starts_with("kubernetes") &&
         !a.providers.contains(std::string(provider));
}

class Collector {
 public:
  Collector(const ConfigSet& set, size_t assemblies) : set_(set), assemblies_(assemblies) {}

  void add(const Seen& seen, std::optional<size_t> assembly) {
    const Finding& f = seen.finding;
    std::string key = place_key(f) + "\n" + f.message + "\n" + f.remedy;
    auto [at, fresh] = all_.try_emplace(std::move(key), Entry{seen, {}, false});
    if (assembly) {
      at->second.assemblies.insert(*assembly);
    } else {
      at->second.everywhere = true;
    }
    if (!seen.weak) plain_.insert(place_key(f));
  }

  config::Findings finish(const std::vector<Assembly>& assemblies) const {
    config::Findings out;
    for (const auto& [key, entry] : all_) {
      Finding f = entry.seen.finding;
      if (entry.seen.weak && plain_.contains(place_key(f))) continue;
      // The reference look says the same as the builder, and which name was meant.
      if (!entry.everywhere && f.code == "GP0307" && told_.contains(place_of(f))) continue;
      if (!entry.everywhere) f.message += with_which(f, entry.assemblies, assemblies);
      out.add(std::move(f));
    }
    out.sort();
    return out;
  }

  void told(const Finding& f) { told_.insert(place_of(f)); }

 private:
  struct Entry {
    Seen seen;
    std::set<size_t> assemblies;
    bool everywhere;
  };
  static std::string place_of(const Finding& f) { return f.code + " " + f.span.to_string(); }
  static std::string place_key(const Finding& f) { return place_of(f) + "\n" + f.object; }

  // " (with static/traefik.yml)" where it does not hold with every static file that the object is served with.
  std::string with_which(const Finding& f, const std::set<size_t>& held,
                         const std::vector<Assembly>& assemblies) const {
    if (assemblies.size() < 2) return "";
    size_t could = 0;
    std::vector<std::string> names;
    for (size_t i = 0; i < assemblies.size(); ++i) {
      if (assemblies[i].file == f.span.file_name()) return "";  // in the static file itself
      could += sees(assemblies[i], f.span.file_name());
      if (held.contains(i)) names.push_back(assemblies[i].file);
    }
    // What speaks of the static configuration says of which.
    if (f.message.find("static configuration") != std::string::npos) could = assemblies.size();
    return names.size() < could ? " (with " + listed(names) + ")" : "";
  }

  bool sees(const Assembly& a, std::string_view file) const {
    for (const LoadedFile& f : set_.files) {
      if (f.path != file) continue;
      if (f.kind == FileKind::dynamics) return a.providers.contains("file");
      if (f.kind == FileKind::compose)
        return a.providers.contains("docker") || a.providers.contains("swarm");
      if (f.kind == FileKind::pairs)
        return a.providers.contains(pair_provider(f, f.pairs.format, a.statics.get()));
      return f.kind != FileKind::manifests || a.statics->kubernetes_crd ||
             a.statics->kubernetes_ingress || a.statics->kubernetes_gateway ||
             a.statics->kubernetes_nginx || !has_provider(*a.statics);
    }
    return true;
  }

  const ConfigSet& set_;
  size_t assemblies_;
  std::map<std::string, Entry> all_;
  std::set<std::string> plain_, told_;
};

// The builder's word about internal services, with what turns them on.
void say_how_to_turn_on(Finding& f) {
  if (f.code != "GP0306") return;
  for (const auto& [name, block] :
       std::map<std::string, std::string>{{"api@internal", "api: {}"},
                                          {"dashboard@internal", "api: {}"},
                                          {"ping@internal", "ping: {}"},
                                          {"prometheus@internal", "metrics: {prometheus: {}}"}}) {
    if (f.message.find("\"" + name + "\"") != std::string::npos)
      f.remedy = "write " + block + " in the static configuration";
  }
}

void add_all(const config::Findings& from, const Objects& names, const Assembly& a, size_t assembly,
             Collector& out) {
  for (const Finding& f : from.list()) {
    if (about_other_providers(f, a)) continue;
    Finding named = f;
    named.object = names(f.object);
    say_how_to_turn_on(named);
    out.add({std::move(named), false}, assembly);
  }
}

// What Traefik's provider alone would say of Gateway API objects.
bool about_traefiks_gateway(const Finding& f) {
  return f.code.starts_with("GP08") || f.code == "GP1121" ||
         (f.code == "GP0729" && f.object.starts_with("Gateway "));
}

config::Findings for_dialect(const config::Findings& all, Dialect dialect) {
  if (dialect == Dialect::traefik) return all;
  config::Findings out;
  for (const Finding& f : all.list()) {
    if (!about_traefiks_gateway(f)) out.add(f);
  }
  return out;
}

// Findings about what was made up (a Service's endpoint) have no place in the user's files.
bool has_place(const Seen& s) { return !s.finding.span.file_name().empty(); }

}  // namespace

config::Findings check_config_set(const ConfigSet& set) {
  return check_config_set(set, Dialect::traefik);
}

config::Findings check_config_set(const ConfigSet& set, Dialect dialect) {
  const Declared declared = declare(set);
  const Objects names(declared);
  // As in a cluster: Services that select pods have endpoints.
  const std::vector<Assembly> assemblies = assemble(set, true);
  Collector out(set, assemblies.size());
  for (const Finding& f : set.findings.list()) out.add({f, false}, std::nullopt);
  Sightings over_set;
  for (SetLook look : set_looks()) look(set, declared, over_set);
  for (const Seen& s : over_set.list) {
    out.add(s, std::nullopt);
    if (s.finding.code == "GP0307") out.told(s.finding);
  }
  SameRandom random;
  for (size_t i = 0; i < assemblies.size(); ++i) {
    const auto snapshot = build(assemblies[i], random, set.source.get());
    add_all(for_dialect(assemblies[i].findings, dialect), names, assemblies[i], i, out);
    add_all(snapshot->findings, names, assemblies[i], i, out);
    Sightings seen;
    for (SceneLook look : scene_looks()) {
      if (dialect == Dialect::traefik || look != look_at_gateways)
        look({set, assemblies[i], declared, *snapshot}, seen);
    }
    for (const Seen& s : seen.list) {
      if (has_place(s)) out.add(s, i);
    }
  }
  if (dialect == Dialect::standard) {
    const GatewayConditions standard = gateway_conditions(set, dialect);
    for (const Finding& f : standard.findings.list()) out.add({f, false}, std::nullopt);
  }
  return out.finish(assemblies);
}

}  // namespace gateproof::check
