#include "engine/check/reader.h"

#include "engine/base/text.h"
#include "engine/check/helm_values.h"
#include "engine/check/paths.h"
#include "engine/config/file_set.h"
#include "engine/config/static_schema.h"

namespace gateproof::check {

using config::Value;

SourceSpan start_of(const std::string& path) {
  return {std::make_shared<const std::string>(path), 1, 1, 0};
}

void Reader::path(const std::string& path) {
  const Result<std::vector<std::string>> names = files_.list(path);
  if (!names) return file(path);
  directory(path == "/" ? path : path.substr(0, path.find_last_not_of('/') + 1), *names, 0);
}

void Reader::directory(const std::string& path, const std::vector<std::string>& names,
                       size_t depth) {
  if (depth > directory_depth_max) {
    return unreadable(path, Error(Code::limit, path + ": directories are nested deeper than " +
                                                   std::to_string(directory_depth_max)));
  }
  for (const std::string& name : names) {
    if (name.starts_with('.'))
      continue;  // also the ..data of mounted ConfigMaps, whose files are links besides
    const std::string inner = join_path(path, name);
    if (!name.ends_with('/')) {
      // The file provider reads no JSON (catalogue 6.3).
      if (following_ && name.ends_with(".json")) continue;
      file(inner);
      continue;
    }
    const std::string below = inner.substr(0, inner.size() - 1);
    const Result<std::vector<std::string>> listed = files_.list(below);
    if (listed) {
      directory(below, *listed, depth + 1);
    } else {
      unreadable(below, listed.error());
    }
  }
}

void Reader::unreadable(const std::string& path, Error e) {
  if (!e.span.known()) e.span = start_of(path);
  config::Finding f = config::finding_from(e);
  if (f.code == "GP0002") f.code = "GP0001";
  if (f.remedy.empty()) {
    f.remedy = f.code == "GP0003" ? "split it into smaller ones"
                                  : "give the path of a file or directory that can be read";
  }
  set_.findings.add(std::move(f));
}

void Reader::skipped(const std::string& path, const std::string& why, const std::string& remedy) {
  set_.findings.add("GP0005", start_of(path), "", why + ": the file is skipped", remedy);
}

void Reader::file(const std::string& path) {
  if (!seen_.insert(plain_path(path)).second) return;
  const std::optional<config::Format> format = config::format_of(path);
  if (!format) {
    // A path that is not there is no file of another kind.
    const Result<FileStamp> there = files_.stamp(path);
    if (!there) return unreadable(path, there.error());
    if (!following_ && dump(path)) return;
    return skipped(path, "no kind of configuration is known by this name",
                   "name it .yml, .yaml, .toml or .json, or leave it out");
  }
  const config::TextLimits limits;
  Result<std::string> read = files_.read(path, limits.json_bytes_max);
  if (!read) return unreadable(path, read.error());
  text(path, std::move(*read), *format);
}

bool Reader::dump(const std::string& path) {
  if (!path.ends_with(".kv") && !path.ends_with(".txt")) return false;
  Result<std::string> read = files_.read(path, config::TextLimits{}.file_bytes_max);
  if (!read) {
    unreadable(path, read.error());
    return true;
  }
  return pair_text(path, *read);
}

bool Reader::pair_text(const std::string& name, const std::string& text) {
  if (!config::is_pair_text(text)) return false;
  LoadedFile f;
  f.path = name;
  f.text = text;
  Result<config::PairDump> dump = config::pairs_from_text(text, name);
  if (dump) {
    f.kind = FileKind::pairs;
    f.pairs = std::move(*dump);
  } else {
    f.broken = true;
    set_.findings.add(config::finding_from(dump.error()));
  }
  add(std::move(f));
  return true;
}

void Reader::pair_document(LoadedFile& f) {
  Result<config::PairDump> dump = config::pairs_from_document(f.documents.front());
  if (dump) {
    f.pairs = std::move(*dump);
    return;
  }
  f.kind = FileKind::unknown;
  f.broken = true;
  set_.findings.add(config::finding_from(dump.error()));
}

namespace {

std::string unknown_remedy(const std::vector<config::Document>& documents) {
  if (!documents.empty() && !documents.front().root.members.empty()) {
    std::vector<std::string_view> names = {"http",       "tcp",        "udp",  "tls",
                                           "apiVersion", "deployment", "ports"};
    for (const config::FieldSchema& f : config::static_schema().fields) names.push_back(f.name);
    const std::string& first = documents.front().root.members.front().key;
    if (const auto near = text::nearest(first, names))
      return "for `" + first + "`, did you mean `" + *near + "`?";
  }
  return "write http:, tcp:, udp: or tls: (dynamic), entryPoints: or providers: (static), or "
         "apiVersion and kind (Kubernetes), or services: (compose)";
}

}  // namespace

namespace {

// Whether a text that is no YAML yet means to be a dynamic file.
bool has_section(std::string_view text) {
  for (std::string_view line : text::split(text, '\n')) {
    for (std::string_view section : {"http", "tcp", "udp", "tls"}) {
      if (line.starts_with(section) || line.starts_with("[" + std::string(section))) return true;
    }
  }
  return false;
}

}  // namespace

bool Reader::executed(LoadedFile& f, config::Format format) {
  const size_t action = f.text.find("{{");
  if (format == config::Format::json || action == f.text.npos) return false;
  config::Findings findings;
  auto document = config::parse_file_text(f.text, f.path, format, findings, {}, *set_.environment);
  if (!document) {
    // What a dynamic file lacks is said when it is decoded; of other texts nothing is known yet.
    if (f.documents.empty() && (following_ || has_section(f.text))) {
      set_.findings.append(findings);
      f.broken = true;
      return true;
    }
    return false;
  }
  std::vector<config::Document> documents{std::move(*document)};
  if (!following_ && classify(documents, f.path) != FileKind::dynamics) return false;
  f.kind = FileKind::dynamics;
  f.documents = std::move(documents);
  return true;
}

void Reader::text(const std::string& name, std::string text, config::Format format) {
  if (!following_ && format == config::Format::yaml && pair_text(name, text)) return;
  LoadedFile f;
  f.path = name;
  f.followed = following_;
  Result<std::vector<config::Document>> documents = config::parse_documents(text, name, format);
  f.text = std::move(text);
  if (!documents) {
    // A template may be no YAML before it is executed.
    if (executed(f, format)) return add(std::move(f));
    config::Finding finding = config::finding_from(documents.error());
    if (!finding.span.known()) finding.span = start_of(name);
    if (finding.remedy.empty()) finding.remedy = "correct the text";
    set_.findings.add(std::move(finding));
    f.broken = true;
    return add(std::move(f));
  }
  f.documents = std::move(*documents);
  const auto empty = [](const config::Document& d) { return d.root.kind == Value::null; };
  if (std::all_of(f.documents.begin(), f.documents.end(), empty)) {
    skipped(name, "the file is empty", "write a configuration into it, or remove it");
  } else {
    f.kind = following_ ? FileKind::dynamics : classify(f.documents, name);
    if (f.kind == FileKind::dynamics || f.kind == FileKind::unknown) executed(f, format);
    if (f.kind == FileKind::pairs) pair_document(f);
    if (f.kind == FileKind::unknown && !f.broken)
      skipped(name, "the text is no kind of configuration that is known",
              unknown_remedy(f.documents));
  }
  add(std::move(f));
}

void Reader::add(LoadedFile f) { set_.files.push_back(std::move(f)); }

bool Reader::follow(const std::string& path) {
  const Result<std::vector<std::string>> names = files_.list(path);
  const Result<FileStamp> stamp = files_.stamp(path);
  if (!names && !stamp) return false;
  following_ = true;
  if (names) {
    directory(path, *names, 0);
  } else {
    file(path);
  }
  following_ = false;
  return true;
}

}  // namespace gateproof::check
