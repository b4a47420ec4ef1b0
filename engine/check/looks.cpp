#include "engine/check/looks.h"

#include "engine/check/assemble.h"
#include "engine/check/paths.h"

namespace gateproof::check {

std::span<const SetLook> set_looks() {
  static constexpr SetLook all[] = {look_at_passwords,     look_at_patterns, look_at_order,
                                    look_at_unused,        look_at_readers,  look_at_references,
                                    look_at_dns_challenges};
  return all;
}

std::span<const SceneLook> scene_looks() {
  static constexpr SceneLook all[] = {
      look_at_redirections, look_at_client_addresses, look_at_port_443, look_at_defaults,
      look_at_shadows,      look_at_fail_open,        look_at_gateways, look_at_ties};
  return all;
}

void Sightings::add(std::string_view code, SourceSpan span, std::string object, std::string message,
                    std::string remedy, bool weak) {
  config::Findings one;
  one.add(code, std::move(span), std::move(object), std::move(message), std::move(remedy));
  list.push_back({one.list().front(), weak});
}

bool Scene::serves_provider(std::string_view provider, const std::string& file) const {
  const config::StaticConfig& s = statics();
  const bool all = assembly.synthetic || !has_provider(s);
  if (provider == "kubernetescrd") return all || s.kubernetes_crd.has_value();
  if (provider == "kubernetes") return all || s.kubernetes_ingress.has_value();
  if (provider == "kubernetesingressnginx") return all || s.kubernetes_nginx.has_value();
  if (provider != "file") return assembly.providers.contains(std::string(provider));
  if (!assembly.providers.contains("file")) return false;
  // A file that another static file names is not this one's.
  for (const LoadedFile& f : set.files) {
    if (f.path == file && f.followed && !all) {
      const config::Text& path =
          s.file->directory.value.empty() ? s.file->filename : s.file->directory;
      return reaches(plain_path(path.value), file) ||
             reaches(plain_path(join_path(directory_of(s.file_name), path.value)), file);
    }
  }
  return true;
}

bool Scene::serves(const DeclaredRouter& router) const {
  return serves_provider(router.provider, router.file);
}

std::vector<const config::EntryPointConfig*> Scene::entry_points(
    const DeclaredRouter& router) const {
  std::vector<const config::EntryPointConfig*> out;
  const auto& all = statics().entry_points;
  if (router.entry_points.empty()) {
    bool any_default = false;
    for (const auto& [name, e] : all) any_default = any_default || e.as_default;
    for (const auto& [name, e] : all) {
      if ((any_default ? e.as_default : name != "traefik") && snapshot.entry_points.contains(name))
        out.push_back(&e);
    }
    return out;
  }
  for (const config::Text& t : router.entry_points) {
    const auto found = all.find(t.value);
    if (found != all.end() && std::find(out.begin(), out.end(), &found->second) == out.end())
      out.push_back(&found->second);
  }
  return out;
}

std::vector<std::string> protections(const Declared& declared, const DeclaredRouter& router) {
  std::vector<std::string> out;
  for (const Declared::Step& step : declared.steps(router)) {
    for (std::string_view type :
         {"basicAuth", "digestAuth", "forwardAuth", "ipAllowList", "ipWhiteList"}) {
      if (step.middleware->is(type)) out.push_back(step.middleware->object);
    }
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace gateproof::check
