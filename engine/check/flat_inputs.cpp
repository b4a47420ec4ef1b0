#include "engine/check/flat_inputs.h"

#include "engine/base/text.h"
#include "engine/check/constraints.h"
#include "engine/check/reader.h"
#include "engine/middleware/middleware.h"
#include "engine/providers/compose.h"
#include "engine/providers/container_config.h"
#include "engine/providers/pair_config.h"

namespace gateproof::check {

namespace {

constexpr std::string_view pair_providers[] = {"consul", "etcd", "redis", "zookeeper"};

class Inputs {
 public:
  Inputs(Assembly& a, const ConfigSet& set, bool part) : assembly_(a), set_(set), part_(part) {}

  void containers() {
    for (const std::string_view provider : {"docker", "swarm"}) {
      const bool swarm = provider == "swarm";
      const auto options = assembly_.statics->containers.find(std::string(provider));
      const bool given = options != assembly_.statics->containers.end();
      if (!given && !part_) continue;
      providers::ContainerOptions o;
      o.provider = provider;
      if (given) o.config = options->second;
      o.matches = [&o](const std::map<std::string, std::string>& labels) {
        return constraints_match(o.config.constraints.value, labels);
      };
      std::vector<providers::Container> all;
      bool any = false;
      for (const LoadedFile& f : set_.files) {
        if (f.kind != FileKind::compose) continue;
        const providers::LabelPlaces places = providers::label_places(f.documents.front());
        // Without a word about swarm a file is compose's, unless only deploy.labels speak of Traefik.
        if (!given && swarm != (places.deploy && !places.labels)) continue;
        if (!given && !places.deploy && !places.labels) {
          assembly_.findings.add("GP0005", start_of(f.path), "",
                                 "no service has a label of Traefik's, and no static file has "
                                 "providers.docker: the file is skipped",
                                 "give the static file too, or leave this one out");
          continue;
        }
        any = true;
        misplaced(places, swarm, provider);
        auto more = providers::containers_of(f.documents.front(), swarm, *set_.environment,
                                             assembly_.findings);
        all.insert(all.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
      }
      if (!any) continue;
      providers::ContainerConfig made = providers::config_of_containers(
          all, o, middleware::middleware_types(), assembly_.findings);
      assembly_.providers[o.provider] = std::move(made.objects);
      for (auto& labels : made.labels) assembly_.trees.emplace_back(o.provider, std::move(labels));
    }
  }

  void pairs() {
    std::map<std::string, std::vector<config::FlatPair>> by_provider;
    for (const LoadedFile& f : set_.files) {
      if (f.kind != FileKind::pairs) continue;
      const std::string provider =
          pair_provider(f, f.pairs.format, part_ ? nullptr : assembly_.statics.get());
      auto& all = by_provider[provider];
      all.insert(all.end(), f.pairs.pairs.begin(), f.pairs.pairs.end());
    }
    for (const auto& [provider, all] : by_provider) {
      const auto options = assembly_.statics->pairs.find(provider);
      const bool given = options != assembly_.statics->pairs.end();
      if (!given && !part_) continue;
      auto made =
          providers::config_of_pairs(all, provider, given ? options->second.root_key : "traefik",
                                     middleware::middleware_types(), assembly_.findings);
      if (!made) continue;
      assembly_.providers[provider] = std::move(made->objects);
      assembly_.trees.emplace_back(provider, std::move(made->tree));
    }
  }

 private:
  // Labels where this provider does not look, while the other one is not there to look.
  void misplaced(const providers::LabelPlaces& places, bool swarm, std::string_view provider) {
    const bool other = assembly_.statics->containers.contains(swarm ? "docker" : "swarm");
    if (other) return;
    if (!swarm && places.deploy) {
      assembly_.findings.add("GP1212", places.first_deploy, "",
                             "labels under deploy.labels are those of a swarm service: the docker "
                             "provider does not see them",
                             "write them under `labels`, or turn on providers.swarm");
    }
    if (swarm && places.labels) {
      assembly_.findings.add("GP1212", places.first_label, "",
                             "labels of containers are not those of the swarm service: the swarm "
                             "provider does not see them",
                             "write them under deploy.labels, or turn on providers.docker");
    }
  }

  Assembly& assembly_;
  const ConfigSet& set_;
  bool part_;
};

}  // namespace

std::string pair_provider(const LoadedFile& file, config::PairFormat format,
                          const config::StaticConfig* statics) {
  const std::string name = text::to_lower(file.path.substr(file.path.rfind('/') + 1));
  for (const std::string_view p : pair_providers) {
    if (name.find(p) != name.npos) return std::string(p);
  }
  if (statics && statics->pairs.size() == 1) return statics->pairs.begin()->first;
  switch (format) {
    case config::PairFormat::consul: return "consul";
    case config::PairFormat::etcd:
    case config::PairFormat::alternating: return "etcd";
    default: return "redis";
  }
}

void add_flat_inputs(Assembly& assembly, const ConfigSet& set, bool part) {
  Inputs inputs(assembly, set, part);
  inputs.containers();
  inputs.pairs();
}

}  // namespace gateproof::check
