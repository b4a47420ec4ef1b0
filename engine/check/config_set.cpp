#include "engine/check/config_set.h"

#include "engine/base/text.h"
#include "engine/check/assemble.h"
#include "engine/check/helm_values.h"
#include "engine/check/paths.h"
#include "engine/check/reader.h"
#include "engine/config/file_set.h"
#include "engine/middleware/middleware.h"
#include "engine/providers/compose_command.h"

namespace gateproof::check {

namespace {

bool has_dynamics(const ConfigSet& set) {
  return std::any_of(set.files.begin(), set.files.end(),
                     [](const LoadedFile& f) { return f.kind == FileKind::dynamics; });
}

void decode_statics(ConfigSet& set) {
  for (const LoadedFile& f : set.files) {
    if (f.kind != FileKind::statics) continue;
    std::optional<config::StaticConfig> s =
        config::decode_static(f.documents.front(), set.findings);
    if (!s) continue;
    s->file_name = f.path;
    config::complete_static(*s, set.findings);
    set.statics.push_back(std::make_shared<const config::StaticConfig>(std::move(*s)));
  }
}

// A Traefik that a compose file starts with flags has its static configuration there, unless a static file is given.
void decode_commands(ConfigSet& set) {
  const auto is_static = [](const LoadedFile& f) { return f.kind == FileKind::statics; };
  if (std::any_of(set.files.begin(), set.files.end(), is_static)) return;
  for (const LoadedFile& f : set.files) {
    if (f.kind != FileKind::compose) continue;
    const auto arguments = providers::traefik_arguments(f.documents.front(), *set.environment);
    const auto names_file = [](const config::Text& a) {
      return text::istarts_with(a.value, "--configfile");
    };
    if (arguments.empty() || std::any_of(arguments.begin(), arguments.end(), names_file)) continue;
    const Result<config::Document> doc = providers::document_of_arguments(arguments);
    if (!doc) {
      set.findings.add(config::finding_from(doc.error()));
      continue;
    }
    std::optional<config::StaticConfig> s = config::decode_static(*doc, set.findings);
    if (!s) continue;
    s->file_name = f.path;
    config::complete_static(*s, set.findings);
    set.statics.push_back(std::make_shared<const config::StaticConfig>(std::move(*s)));
  }
}

void follow_providers(ConfigSet& set, Files& files, Reader& reader) {
  if (has_dynamics(set)) return;
  for (const auto& s : set.statics) {
    const Followed to = follow_target(*s, files);
    if (!to.target.empty()) reader.follow(to.target);
    if (!to.missing) continue;
    const config::Text& named =
        s->file->directory.value.empty() ? s->file->filename : s->file->directory;
    set.findings.add(
        "GP0212", named.span, "providers.file",
        "there is no " + named.value +
            ": the file provider is not started, and its routers do not exist",
        "correct the path; it is taken relative to the directory that Traefik is started in");
  }
}

void decode_dynamics(ConfigSet& set) {
  bool rejected = false;
  for (const LoadedFile& f : set.files) {
    if (f.followed && f.broken) rejected = true;
    if (f.kind != FileKind::dynamics) continue;
    auto config = config::decode_file_text(f.text, f.path, middleware::middleware_types(),
                                           set.findings, {}, *set.environment);
    if (config) {
      set.dynamics[f.path] = std::move(*config);
    } else if (f.followed) {
      rejected = true;
    }
  }
  // One file that cannot be read, and the file provider takes none (catalogue 6.3).
  if (!rejected || set.statics.size() != 1) return;
  for (const LoadedFile& f : set.files) {
    if (f.followed) set.dynamics.erase(f.path);
  }
}

}  // namespace

ConfigSet load_config_set(const std::vector<std::string>& paths, Files& files,
                          const std::string& standard_input,
                          std::shared_ptr<const Environment> environment) {
  ConfigSet set;
  set.environment = environment ? std::move(environment) : std::make_shared<MapEnvironment>();
  Reader reader(files, set);
  for (const std::string& p : paths) {
    if (p == "-") {
      reader.text("-", standard_input, config::Format::yaml);
    } else {
      reader.path(p);
    }
  }
  decode_statics(set);
  decode_commands(set);
  follow_providers(set, files, reader);
  decode_dynamics(set);
  for (const LoadedFile& f : set.files) {
    if (f.kind == FileKind::manifests) set.objects.add(f.documents, set.findings);
    if (f.kind == FileKind::helm_values)
      look_at_helm_values(f.documents.front().root, set.findings);
  }
  set.assemblies = assemble(set, false);
  set.findings.sort();
  return set;
}

}  // namespace gateproof::check
