#include "engine/config/file_set.h"

#include "engine/base/text.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

SourceSpan whole_file(const std::string& path) {
  SourceSpan s;
  s.file = std::make_shared<const std::string>(path);
  return s;
}

void add_error(Error e, const std::string& path, Findings& findings) {
  if (!e.span.known()) e.span = whole_file(path);
  if (e.remedy.empty()) e.remedy = "check the path and the permissions";
  findings.add(finding_from(e));
}

SourceSpan place_of(const SourceSpan& span) { return span; }
template <class T>
SourceSpan place_of(const T& object) {
  return object.span;
}

template <class T>
void merge_map(std::map<std::string, T>& into, std::map<std::string, T>& later,
               std::string_view kind, Findings& findings) {
  for (auto& [name, object] : later) {
    const auto [at, fresh] =
        into.try_emplace(name, std::move(object));  // moves only when the name is new
    if (fresh) continue;
    findings.add("GP0004", place_of(object), std::string(kind) + " " + name,
                 std::string(kind) + " " + name + " is already configured at " +
                     place_of(at->second).to_string() + "; this definition is skipped",
                 "rename one of the two, or remove this one");
  }
}

class Loader {
 public:
  Loader(Files& files, const MiddlewareTypes& types, Findings& findings,
         const FileSetLimits& limits, const Environment& environment)
      : files_(files),
        types_(types),
        findings_(findings),
        limits_(limits),
        environment_(environment) {}

  FileSet finish() {
    if (!failed_) set_.config = std::move(merged_);
    return std::move(set_);
  }

  void fail(Error e, const std::string& path) {
    add_error(std::move(e), path, findings_);
    failed_ = true;
  }

  void directory(const std::string& path, size_t depth) {
    if (depth > limits_.directory_depth_max) {
      fail(Error(Code::limit, "directories are nested too deeply: the limit is " +
                                  std::to_string(limits_.directory_depth_max)),
           path);
      return;
    }
    Result<std::vector<std::string>> names = files_.list(path);
    if (names.has_error()) {
      fail(names.error(), path);
      return;
    }
    const auto bare = [](const std::string& n) {
      return std::string_view(n).substr(0, n.ends_with('/') ? n.size() - 1 : n.size());
    };
    std::sort(names->begin(), names->end(),
              [&](const std::string& a, const std::string& b) { return bare(a) < bare(b); });
    const std::string base = path.ends_with('/') ? path : path + "/";
    for (const std::string& name : *names) {
      if (name.ends_with('/')) {
        directory(base + std::string(bare(name)), depth + 1);
      } else if (const auto format = format_of(name); format && *format != Format::json) {
        file(base + name);
      }
    }
  }

  void file(const std::string& path) {
    const auto format = format_of(path);
    if (!format || *format == Format::json) {
      fail(Error(Code::invalid, "unsupported file extension: " + path, whole_file(path),
                 "name the file .yml, .yaml or .toml"),
           path);
      return;
    }
    set_.files.push_back(path);
    Result<std::string> text = files_.read(path, limits_.text.json_bytes_max);
    if (text.has_error()) {
      fail(text.error(), path);
      return;
    }
    std::optional<DynamicConfig> config =
        decode_file_text(*text, path, types_, findings_, limits_, environment_);
    if (!config) {
      failed_ = true;
      return;
    }
    if (!failed_) merge_dynamic(merged_, std::move(*config), findings_);
  }

 private:
  Files& files_;
  const MiddlewareTypes& types_;
  Findings& findings_;
  const FileSetLimits& limits_;
  const Environment& environment_;
  FileSet set_;
  DynamicConfig merged_;
  bool failed_ = false;
};

}  // namespace

void merge_dynamic(DynamicConfig& into, DynamicConfig later, Findings& findings) {
  merge_map(into.routers, later.routers, "router", findings);
  merge_map(into.services, later.services, "service", findings);
  merge_map(into.middlewares, later.middlewares, "middleware", findings);
  merge_map(into.servers_transports, later.servers_transports, "serversTransport", findings);
  merge_map(into.tls_options, later.tls_options, "TLS option", findings);
  merge_map(into.tls_stores, later.tls_stores, "TLS store", findings);
  merge_map(into.tcp.routers, later.tcp.routers, "TCP router", findings);
  merge_map(into.tcp.services, later.tcp.services, "TCP service", findings);
  merge_map(into.tcp.middlewares, later.tcp.middlewares, "TCP middleware", findings);
  merge_map(into.tcp.servers_transports, later.tcp.servers_transports, "TCP serversTransport",
            findings);
  merge_map(into.udp.routers, later.udp.routers, "UDP router", findings);
  merge_map(into.udp.services, later.udp.services, "UDP service", findings);
  for (auto& certificate : later.certificates) into.certificates.push_back(std::move(certificate));
}

namespace {

RenderedText copied(std::string_view text) {
  RenderedText out;
  out.text = text;
  return out;
}

}  // namespace

std::optional<Document> parse_file_text(std::string_view text, const std::string& file,
                                        Format format, Findings& findings,
                                        const FileSetLimits& limits,
                                        const Environment& environment) {
  const auto name = std::make_shared<const std::string>(file);
  // Looked at before it is executed, so that the template has a bounded text in UTF-8.
  if (format != Format::json && text.find("{{") != text.npos) {
    if (auto e = check_text(without_bom(text), name, limits.text.json_bytes_max)) {
      findings.add(finding_from(*e));
      return std::nullopt;
    }
  }
  // The file provider reads no JSON, so there are no templates in it.
  const Result<RenderedText> rendered =
      format == Format::json ? Result<RenderedText>(copied(text))
                             : render_template(text, file, environment, limits.templates);
  if (!rendered) {
    Finding f = finding_from(rendered.error());
    if (rendered.error().code == Code::invalid) f.code = "GP0007";
    if (rendered.error().code == Code::unsupported) f.code = "GP0009";
    findings.add(std::move(f));
    return std::nullopt;
  }
  for (const std::string& variable : rendered->missing_variables) {
    findings.add("GP0008", {name, 0, 0, 0}, "",
                 "the environment variable " + text::quote(variable) +
                     " is not given: the template takes an empty text for it",
                 "give it as Traefik's environment has it");
  }
  Result<Document> doc = parse_document(rendered->text, file, format, limits.text);
  if (!doc) {
    Error e = doc.error();
    e.span = rendered->origin(e.span);
    findings.add(finding_from(e));
    return std::nullopt;
  }
  rendered->relocate(doc->root);
  return std::move(*doc);
}

std::optional<DynamicConfig> decode_file_text(std::string_view text, const std::string& file,
                                              const MiddlewareTypes& types, Findings& findings,
                                              const FileSetLimits& limits,
                                              const Environment& environment) {
  const std::optional<Document> doc = parse_file_text(
      text, file, format_of(file).value_or(Format::yaml), findings, limits, environment);
  return doc ? decode_dynamic(*doc, "file", types, findings) : std::nullopt;
}

FileSet load_file_set(Files& files, const FileProviderConfig& provider,
                      const MiddlewareTypes& types, Findings& findings, const FileSetLimits& limits,
                      const Environment& environment) {
  Loader loader(files, types, findings, limits, environment);
  if (!provider.directory.value.empty()) {
    loader.directory(provider.directory.value, 0);
  } else if (!provider.filename.value.empty()) {
    loader.file(provider.filename.value);
  } else {
    loader.fail(
        Error(Code::invalid,
              "error using file configuration provider, neither filename nor directory is defined",
              provider.span, "write providers.file.filename or providers.file.directory"),
        "providers.file");
  }
  return loader.finish();
}

}  // namespace gateproof::config
