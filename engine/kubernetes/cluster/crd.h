// CustomResourceDefinition -> ResourceType.
#pragma once
#include "engine/kubernetes/cluster/resources.h"
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

struct CompiledCrd {
  TypePtr type;  // null when there are causes
  std::vector<Cause> causes;
  std::vector<std::string> warnings;  // rules that are not evaluated here
};
// `known`: no built-in kind may be replaced.
CompiledCrd compile_crd(const Json& crd, const PatternCompiler& patterns, const Registry& known);
// spec.names.singular and listKind.
void default_crd(Json& crd);
// status: names accepted, established, stored versions; keeps what others wrote.
void complete_crd_status(Json& crd, const Json& before, std::string_view now);

}  // namespace gateproof::kubernetes::cluster
