// The file provider's configuration: one file, or a directory's files merged (catalogue 6.1, 6.3).
#pragma once
#include "engine/config/static.h"
#include "engine/config/template.h"
#include "engine/env/files.h"

namespace gateproof::config {

struct FileSetLimits {
  TextLimits text;
  TemplateLimits templates;
  size_t directory_depth_max = 32;  // directories in directories
};

struct FileSet {
  // nullopt: the update is rejected, as any error in any file does in Traefik; the previous configuration stays.
  std::optional<DynamicConfig> config;
  std::vector<std::string> files;  // read, in order of precedence; also those with errors
};

// Reads what `provider` names (the directory if both are named): files ending in .yml, .yaml or .toml in lexical order, those
// of sub-directories at their directory's place. The first definition of a name wins, a later one makes a warning. An empty
// file is a valid empty configuration.
FileSet load_file_set(Files& files, const FileProviderConfig& provider,
                      const MiddlewareTypes& types, Findings& findings,
                      const FileSetLimits& limits = {},
                      const Environment& environment = empty_environment());

// One text of the file provider, for callers that have read it themselves: its template executed, the result parsed. Spans
// point into the template. nullopt: `findings` says why.
std::optional<Document> parse_file_text(std::string_view text, const std::string& file,
                                        Format format, Findings& findings,
                                        const FileSetLimits& limits = {},
                                        const Environment& environment = empty_environment());
// The same, decoded.
std::optional<DynamicConfig> decode_file_text(std::string_view text, const std::string& file,
                                              const MiddlewareTypes& types, Findings& findings,
                                              const FileSetLimits& limits = {},
                                              const Environment& environment = empty_environment());

// Adds the objects of `later` to `into`; names that are there stay as they are (GP0004).
void merge_dynamic(DynamicConfig& into, DynamicConfig later, Findings& findings);

}  // namespace gateproof::config
