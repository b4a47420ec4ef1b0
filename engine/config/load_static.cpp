// Where the static configuration comes from (catalogue 6.2): a file, else flags, else the environment, never two of them;
// options of ours stand beside any.
#include "engine/base/text.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

// The arguments twice, each copy with what belongs to the other blanked, so that both keep their positions.
struct Arguments {
  std::vector<std::string> traefik;
  std::vector<std::string> ours;  // --gateproof.*
  std::optional<std::string> config_file;
  std::optional<size_t> first_traefik;
};

SourceSpan argument_place(size_t index) {
  SourceSpan s;
  s.file = std::make_shared<const std::string>("argument " + std::to_string(index + 1));
  return s;
}

constexpr std::string_view blank = "--configFile=";  // a flag that document_from_flags passes over

Arguments sort_arguments(const std::vector<std::string>& arguments) {
  Arguments out;
  out.traefik.assign(arguments.size(), std::string(blank));
  out.ours = out.traefik;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    while (name.starts_with('-')) name.remove_prefix(1);
    const bool flag = name.size() < arguments[i].size();
    const std::string_view bare = name.substr(0, name.find('='));
    if (flag && text::iequals(bare, "configFile")) {
      if (bare.size() < name.size()) {
        out.config_file = std::string(name.substr(bare.size() + 1));
      } else if (i + 1 < arguments.size()) {
        out.config_file = arguments[++i];
      }
    } else if (flag && text::istarts_with(bare, "gateproof.")) {
      out.ours[i] = arguments[i];
    } else {
      out.traefik[i] = arguments[i];
      if (!out.first_traefik) out.first_traefik = i;
    }
  }
  return out;
}

// The first argument that is no flag ends them, in Traefik too.
void warn_of_leftovers(const std::vector<std::string>& arguments, Findings& findings) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].size() >= 2 && arguments[i][0] == '-' && arguments[i] != "--") continue;
    findings.add("GP0207", argument_place(i), "",
                 text::quote(arguments[i]) + " is no flag: it ends the flags",
                 "write --name=value, with the equals sign");
    return;
  }
}

// The document of the configuration file that is found; null root pointer when there is none.
struct Found {
  std::optional<Document> doc;
  bool failed = false;
};

Found parse_file(const std::string& path, const std::string& content, Findings& findings) {
  Found found;
  const Format format = format_of(path).value_or(Format::yaml);
  Result<Document> doc = parse_document(content, path, format);
  if (doc.has_error()) {
    findings.add(finding_from(doc.error()));
    found.failed = true;
  } else {
    found.doc = std::move(*doc);
  }
  return found;
}

Found find_file(const StaticSources& sources, const Arguments& arguments, Findings& findings) {
  const bool named = arguments.config_file && !arguments.config_file->empty();
  std::vector<std::string> paths =
      named ? std::vector<std::string>{*arguments.config_file} : sources.default_files;
  if (!sources.read_file) paths.clear();
  for (const std::string& path : paths) {
    Result<std::string> content = sources.read_file(path);
    if (content.has_value()) return parse_file(path, *content, findings);
    if (!named && content.error().code == Code::not_found) continue;
    Error e = content.error();
    if (!e.span.known()) e.span.file = std::make_shared<const std::string>(path);
    if (e.remedy.empty()) e.remedy = "name a file that exists and can be read";
    findings.add(finding_from(e));
    return {std::nullopt, true};
  }
  return {};
}

// GATEPROOF_STRICT=true. The prefix is nobody's own: only names that are options count.
bool apply_variables(const StaticSources& sources, GateproofOptions& out, DecodeContext& c) {
  constexpr std::string_view prefix = "GATEPROOF_";
  for (const auto& [name, value] : sources.environment) {
    if (!name.starts_with(prefix)) continue;
    const FieldSchema* f = gateproof_schema().find(std::string_view(name).substr(prefix.size()));
    if (!f) continue;
    Value v;
    v.kind = Value::scalar;
    v.quoted = true;
    v.text = value;
    v.span.file = std::make_shared<const std::string>(name);
    f->decode(v, &out, c);
  }
  return !c.failed;
}

// Variables, then flags: flags win.
bool apply_ours(const StaticSources& sources, const Arguments& arguments, GateproofOptions& out,
                Findings& findings) {
  DecodeContext c{findings, ""};
  if (!apply_variables(sources, out, c)) return false;
  Result<Document> doc = document_from_flags(arguments.ours);
  if (doc.has_error()) {
    findings.add(finding_from(doc.error()));
    return false;
  }
  for (const Value::Member& m : doc->root.members) gateproof_schema().decode(m.value, &out, c);
  return !c.failed;
}

}  // namespace

std::optional<StaticConfig> load_static(const StaticSources& sources, Findings& findings) {
  const Arguments arguments = sort_arguments(sources.arguments);
  Found found = find_file(sources, arguments, findings);
  if (found.failed) return std::nullopt;
  if (found.doc && arguments.first_traefik) {
    findings.add("GP0207", argument_place(*arguments.first_traefik), "",
                 "the configuration file " + found.doc->file + " is used; other flags are not read",
                 "put the options into the file, or use flags alone");
  }
  if (!found.doc) {
    if (arguments.first_traefik) warn_of_leftovers(arguments.traefik, findings);
    Result<Document> doc = arguments.first_traefik ? document_from_flags(arguments.traefik)
                                                   : document_from_environment(sources.environment);
    if (doc.has_error()) {
      findings.add(finding_from(doc.error()));
      return std::nullopt;
    }
    found.doc = std::move(*doc);
  }
  std::optional<StaticConfig> out = decode_static(*found.doc, findings);
  GateproofOptions options = out ? out->gateproof : GateproofOptions{};
  if (!apply_ours(sources, arguments, options, findings) || !out) return std::nullopt;
  out->gateproof = options;
  return out;
}

}  // namespace gateproof::config
