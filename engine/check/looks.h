// The static look: what works and still does not mean what its author thinks. One function a theme; looks.cpp lists them.
#pragma once
#include "engine/check/declared.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::check {

// One assembly with all that is known of it.
struct Scene {
  const ConfigSet& set;
  const Assembly& assembly;
  const Declared& declared;
  const pipeline::Snapshot& snapshot;

  const config::StaticConfig& statics() const { return *assembly.statics; }
  // Whether the provider's objects are served in this assembly.
  bool serves(const DeclaredRouter& router) const;
  bool serves_provider(std::string_view provider, const std::string& file) const;
  // Entry points that the router is on: those it names that exist, or the defaults.
  std::vector<const config::EntryPointConfig*> entry_points(const DeclaredRouter& router) const;
  static bool over_tls(const DeclaredRouter& r, const config::EntryPointConfig& e) {
    return r.tls || e.tls.has_value();
  }
};

struct Seen {
  config::Finding finding;
  bool weak =
      false;  // left out where another assembly gives a plain one of the same code, place and object
};

class Sightings {
 public:
  void add(std::string_view code, SourceSpan span, std::string object, std::string message,
           std::string remedy, bool weak = false);
  std::vector<Seen> list;
};

using SetLook = void (*)(const ConfigSet& set, const Declared& declared, Sightings& out);
using SceneLook = void (*)(const Scene& scene, Sightings& out);
std::span<const SetLook> set_looks();
std::span<const SceneLook> scene_looks();

// ---- over the set ----
void look_at_passwords(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_patterns(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_order(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_unused(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_references(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_readers(const ConfigSet& set, const Declared& declared, Sightings& out);
void look_at_dns_challenges(const ConfigSet& set, const Declared& declared, Sightings& out);

// ---- over one assembly ----
void look_at_redirections(const Scene& scene, Sightings& out);
void look_at_client_addresses(const Scene& scene, Sightings& out);
void look_at_port_443(const Scene& scene, Sightings& out);
void look_at_defaults(const Scene& scene, Sightings& out);
void look_at_shadows(const Scene& scene, Sightings& out);
void look_at_ties(const Scene& scene, Sightings& out);
void look_at_fail_open(const Scene& scene, Sightings& out);
void look_at_gateways(const Scene& scene, Sightings& out);

// How many routers of one priority (and host) each one is compared with, the next ones in order; and requests tried of each.
inline constexpr size_t ties_compared_max = 256;
inline constexpr size_t tie_samples_max = 8;

// Names of the middlewares that keep somebody out: basicAuth, digestAuth, forwardAuth, ipAllowList ...
std::vector<std::string> protections(const Declared& declared, const DeclaredRouter& router);
// "a, b and c".
std::string listed(const std::vector<std::string>& names);

}  // namespace gateproof::check
