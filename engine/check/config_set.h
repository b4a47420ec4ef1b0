// ConfigSet: a mix of files and directories (static and dynamic Traefik files, Kubernetes manifests, Helm values) read as one
// configuration, as `gp.load`, `gateproof ask` and `gateproof check` take it.
#pragma once
#include "engine/config/static.h"
#include "engine/env/files.h"
#include "engine/kubernetes/objects.h"

namespace gateproof::check {

enum class FileKind : uint8_t { statics, dynamics, manifests, helm_values, unknown };

struct LoadedFile {
  std::string path;
  FileKind kind = FileKind::unknown;
  std::string text;
  std::vector<config::Document> documents;
};

// A static configuration and the dynamic objects, by provider, that it would be served with.
struct Assembly {
  std::shared_ptr<const config::StaticConfig> statics;
  std::map<std::string, config::DynamicConfig> providers;  // "file", "kubernetescrd", "kubernetes"
  bool synthetic = false;                                  // no static file was given: entry points were made up
};

struct ConfigSet {
  std::vector<LoadedFile> files;                    // in the order read
  std::vector<std::shared_ptr<const config::StaticConfig>> statics;
  kubernetes::ObjectStore objects;
  config::Findings findings;                        // of reading and decoding
  // One for each static file (in order); one synthetic when there is none.
  std::vector<Assembly> assemblies;
};

// `paths`: files, directories (read recursively), or "-" with `standard_input` as its text. A static file's providers.file is
// followed (relative to the working directory, else to the static file's directory) when no dynamic file was given by name.
ConfigSet load_config_set(const std::vector<std::string>& paths, Files& files, const std::string& standard_input = {});

// Every finding of a set: reading, decoding, building each assembly (engine/pipeline), and the static look (engine/check).
config::Findings check_config_set(const ConfigSet& set);

}  // namespace gateproof::check
