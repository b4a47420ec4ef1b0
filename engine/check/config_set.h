// ConfigSet: a mix of files and directories (static and dynamic Traefik files, compose files, dumps of key/value stores,
// Kubernetes manifests, Helm values) read as one configuration, as `gp.load`, `gateproof ask` and `gateproof check` take it.
#pragma once
#include "engine/config/kv_reader.h"
#include "engine/config/static.h"
#include "engine/env/environment.h"
#include "engine/env/files.h"
#include "engine/kubernetes/translate.h"

namespace gateproof::check {

// Directories in directories; a circle of links ends here.
inline constexpr size_t directory_depth_max = 32;

enum class FileKind : uint8_t {
  statics,
  dynamics,
  manifests,
  helm_values,
  compose,  // Docker compose: labels of services
  pairs,    // a dump of a key/value store
  unknown
};
std::string_view to_string(FileKind kind);

struct LoadedFile {
  std::string path;
  FileKind kind = FileKind::unknown;
  std::string text;
  std::vector<config::Document> documents;
  config::PairDump pairs;  // of a dump
  bool broken = false;     // its text could not be parsed
  bool followed = false;   // not given by path: a static file's providers.file names it
};

// What a file is, from its documents; the name only decides between equals ("values.yaml").
FileKind classify(const std::vector<config::Document>& documents, std::string_view file_name);

// A static configuration and the dynamic objects, by provider, that it would be served with.
struct Assembly {
  std::shared_ptr<const config::StaticConfig> statics;
  // "file", "docker", "redis", "kubernetescrd" ...
  std::map<std::string, config::DynamicConfig> providers;
  bool synthetic =
      false;          // no static file was given: entry points, resolvers and the API were made up
  bool helm = false;  // what the chart would render from Helm values
  std::string file;   // of the static configuration or the values; "" when synthetic
  // What the objects of docker, redis and the like were decoded from, by provider.
  std::vector<std::pair<std::string, std::shared_ptr<const config::Value>>> trees;
  config::Findings findings;  // of translating manifests, labels and pairs
  std::shared_ptr<const kubernetes::ObjectStore>
      store;  // what the manifests were translated from; null without manifests
  kubernetes::GatewayResult gateway;  // points into the store
  std::vector<kubernetes::SecretUsers> users;
};

struct ConfigSet {
  std::shared_ptr<Files> source;                   // for engines that serve it; may be null
  std::shared_ptr<const Environment> environment;  // for templates; never null
  std::vector<LoadedFile> files;                   // in the order read
  std::vector<std::shared_ptr<const config::StaticConfig>> statics;
  kubernetes::ObjectStore objects;
  std::map<std::string, config::DynamicConfig> dynamics;  // by path, those that could be decoded
  config::Findings findings;                              // of reading and decoding
  // One for each static file (in order), then one for each Helm values file; one synthetic when there is neither. A static
  // file without any provider is a part of a configuration, and is put together with everything.
  std::vector<Assembly> assemblies;
};

// `paths`: files, directories (read recursively, names that begin with a dot left out), or "-" with `standard_input` as its
// text. A static file's providers.file is followed (relative to the working directory, else to the static file's directory)
// when no dynamic file was given by name. Templates in dynamic files see the variables of `environment` (null: none).
ConfigSet load_config_set(const std::vector<std::string>& paths, Files& files,
                          const std::string& standard_input = {},
                          std::shared_ptr<const Environment> environment = nullptr);

// Every finding of a set: reading, decoding, building each assembly (engine/pipeline), and the static look (engine/check).
// Sorted, each once; what holds with some of several static files only says with which.
config::Findings check_config_set(const ConfigSet& set);

}  // namespace gateproof::check
