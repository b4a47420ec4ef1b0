#include "engine/config/file_set.h"

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
         const FileSetLimits& limits)
      : files_(files), types_(types), findings_(findings), limits_(limits) {}

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
        decode_file_text(*text, path, types_, findings_, limits_.text);
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
  for (auto& certificate : later.certificates) into.certificates.push_back(std::move(certificate));
}

std::optional<DynamicConfig> decode_file_text(std::string_view text, const std::string& file,
                                              const MiddlewareTypes& types, Findings& findings,
                                              const TextLimits& limits) {
  Result<Document> doc = parse_document(text, file, format_of(file).value_or(Format::yaml), limits);
  const size_t action =
      text.size() <= limits.json_bytes_max ? text.find("{{") : std::string_view::npos;
  if (action != std::string_view::npos && text.find("}}", action) != std::string_view::npos) {
    findings.add("GP1106", span_at(text, action, std::make_shared<const std::string>(file)), "",
                 "template actions are not executed yet: the text is taken as it stands",
                 "write the value out, or render the file before");
  }
  if (doc.has_error()) {
    findings.add(finding_from(doc.error()));
    return std::nullopt;
  }
  return decode_dynamic(*doc, "file", types, findings);
}

FileSet load_file_set(Files& files, const FileProviderConfig& provider,
                      const MiddlewareTypes& types, Findings& findings,
                      const FileSetLimits& limits) {
  Loader loader(files, types, findings, limits);
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
