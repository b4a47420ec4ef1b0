// Which kind of file this is. Static and dynamic configuration are told apart by their top-level keys, as a person does.
#include "engine/base/text.h"
#include "engine/check/config_set.h"
#include "engine/check/helm_values.h"
#include "engine/config/static_schema.h"
#include "engine/providers/compose.h"

namespace gateproof::check {

using config::Value;

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::statics: return "static configuration";
    case FileKind::dynamics: return "dynamic configuration";
    case FileKind::manifests: return "Kubernetes manifests";
    case FileKind::helm_values: return "Helm values";
    case FileKind::compose: return "compose file";
    case FileKind::pairs: return "key/value pairs";
    case FileKind::unknown: break;
  }
  return "unknown";
}

namespace {

bool any_of(std::string_view key, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [key](std::string_view n) { return text::iequals(n, key); });
}

// The chart switches each provider with `enabled`, which no provider of Traefik's own knows.
bool providers_of_chart(const Value& v) {
  for (const Value::Member& p : v.members) {
    if (p.value.find("enabled")) return true;
  }
  return false;
}

// Keys that other charts, compose files and workflows do not have at the top.
bool only_in_this_chart(const Value::Member& m) {
  if (m.value.kind != Value::mapping)
    return any_of(m.key, {"additionalArguments", "globalArguments"});
  return any_of(m.key, {"deployment", "ports", "ingressClass", "ingressRoute", "dashboard", "logs",
                        "tlsOptions", "tlsStore", "gatewayClass", "certResolvers"});
}

struct Marks {
  size_t statics = 0, dynamics = 0, chart = 0, foreign = 0;
  bool entry_points = false, enabled = false, chart_alone = false;
};

Marks marks_of(const Value& root) {
  Marks m;
  for (const Value::Member& member : root.members) {
    const bool statics = config::static_schema().find(member.key) != nullptr;
    if (statics) ++m.statics;
    if (any_of(member.key, {"http", "tcp", "udp", "tls"})) ++m.dynamics;
    if (is_chart_key(member.key) || was_chart_key(member.key)) {
      if (!statics) ++m.chart;
    } else if (!statics) {
      ++m.foreign;
    }
    m.chart_alone = m.chart_alone || only_in_this_chart(member);
    if (text::iequals(member.key, "entryPoints")) m.entry_points = true;
    if (text::iequals(member.key, "providers")) m.enabled = providers_of_chart(member.value);
  }
  return m;
}

}  // namespace

FileKind classify(const std::vector<config::Document>& documents, std::string_view file_name) {
  for (const config::Document& d : documents) {
    if (kubernetes::ObjectStore::is_manifest(d)) return FileKind::manifests;
  }
  if (documents.empty()) return FileKind::unknown;
  if (config::is_pair_document(documents.front())) return FileKind::pairs;
  if (documents.front().root.kind != Value::mapping) return FileKind::unknown;
  if (providers::is_compose(documents.front())) return FileKind::compose;
  const Value& root = documents.front().root;
  const Marks m = marks_of(root);
  // A file may hold both kinds: Traefik is then started with it and reads it again through providers.file.
  if (m.entry_points) return FileKind::statics;
  const bool chart = m.chart_alone && m.chart >= m.foreign;
  if (m.enabled || (chart && m.dynamics == 0)) return FileKind::helm_values;
  if (m.statics > m.foreign) {
    const bool named_so = file_name.find("values") != std::string_view::npos;
    return named_so && m.dynamics == 0 && !root.find("providers") ? FileKind::helm_values
                                                                  : FileKind::statics;
  }
  return m.dynamics > 0 ? FileKind::dynamics : FileKind::unknown;
}

}  // namespace gateproof::check
