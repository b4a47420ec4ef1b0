// From what was read to what would run: each static configuration with the objects that its providers would serve.
#pragma once
#include "engine/check/config_set.h"

namespace gateproof::check {

// Where each static file's providers.file leads, resolved; "" when it has none or nothing is there.
struct Followed {
  std::string target;
  bool missing = false;
};
// The directory or file that providers.file names, as it can be found from here: relative to the working directory, else to
// the static file's directory.
Followed follow_target(const config::StaticConfig& statics, Files& files);
bool reaches(const std::string& target, const std::string& file);

// `supply`: Services that select pods get an address where the files have no EndpointSlice for them, as a cluster would see to
// it; so their routes can be judged too.
std::vector<Assembly> assemble(const ConfigSet& set, bool supply);

// Whether any provider is turned on.
bool has_provider(const config::StaticConfig& s);

}  // namespace gateproof::check
