#include "engine/config/document.h"

#include <algorithm>
#include <unordered_map>

#include "engine/base/text.h"
#include "engine/config/document_readers.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

const Value* Value::find(std::string_view key) const {
  for (const Member& m : members) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

const Value* Value::find_nocase(std::string_view key) const {
  for (const Member& m : members) {
    if (text::iequals(m.key, key)) return &m.value;
  }
  return nullptr;
}

const Value* Value::at(std::string_view dotted) const {
  const Value* v = this;
  for (size_t from = 0; v && from <= dotted.size();) {
    const size_t dot = std::min(dotted.find('.', from), dotted.size());
    v = v->find(dotted.substr(from, dot - from));
    from = dot + 1;
  }
  return v;
}

std::string Path::to_string() const {
  if (!parent) return std::string(key);
  std::string s = parent->to_string();
  if (!s.empty() && !key.starts_with('[')) s += '.';
  return s + std::string(key);
}

std::optional<Format> format_of(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string extension = text::to_lower(file_name.substr(dot));
  if (extension == ".yml" || extension == ".yaml") return Format::yaml;
  if (extension == ".toml") return Format::toml;
  if (extension == ".json") return Format::json;
  return std::nullopt;
}

std::optional<Error> Budget::node(const SourceSpan& at) {
  if (++nodes_ <= limits_.nodes_max) return std::nullopt;
  return Error(Code::limit, "too many values: the limit is " + std::to_string(limits_.nodes_max),
               at, "split the configuration into several files");
}

std::optional<Error> Budget::expand(size_t nodes, const SourceSpan& at) {
  alias_nodes_ += nodes;
  nodes_ += nodes;
  if (alias_nodes_ <= limits_.alias_nodes_max && nodes_ <= limits_.nodes_max) return std::nullopt;
  return Error(Code::limit,
               "document contains excessive aliasing: the limit is " +
                   std::to_string(limits_.alias_nodes_max) + " values from aliases",
               at, "write the values out, or use fewer aliases of aliases");
}

std::optional<Error> Budget::depth(size_t depth, const SourceSpan& at) const {
  if (depth <= limits_.depth_max) return std::nullopt;
  return Error(Code::limit,
               "nested too deeply: the limit is " + std::to_string(limits_.depth_max) + " levels",
               at, "no option is nested so deeply: remove the surplus brackets or indentation");
}

namespace {

Error duplicate(const Value::Member& first, const Value::Member& second) {
  return Error(Code::invalid,
               "mapping key " + text::quote(second.key) + " already defined at line " +
                   std::to_string(first.key_span.line),
               second.key_span, "keep one of the two, or rename one");
}

}  // namespace

std::optional<Error> duplicate_key(const Value& mapping) {
  const auto& members = mapping.members;
  constexpr size_t scan_max = 12;  // up to here comparing all pairs is cheaper than hashing
  if (members.size() <= scan_max) {
    for (size_t i = 1; i < members.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (members[i].key == members[j].key) return duplicate(members[j], members[i]);
      }
    }
    return std::nullopt;
  }
  std::unordered_map<std::string_view, size_t> seen;
  seen.reserve(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const auto [at, fresh] = seen.emplace(members[i].key, i);
    if (!fresh) return duplicate(members[at->second], members[i]);
  }
  return std::nullopt;
}

namespace {

// The values of a text's documents; a JSON text is one.
Result<std::vector<Value>> read_text(std::string_view raw, const FileName& file, Format format,
                                     const TextLimits& limits, bool first_only, bool* more) {
  const std::string_view text = without_bom(raw);
  const bool json = format == Format::json || (format == Format::yaml && looks_like_json(text));
  if (auto e = check_text(text, file, json ? limits.json_bytes_max : limits.file_bytes_max))
    return std::move(*e);
  if (format == Format::toml) {
    Result<Value> v = read_toml(text, file, limits);
    if (v.has_error()) return v.error();
    return std::vector<Value>{std::move(*v)};
  }
  if (json) {
    Result<Value> v = read_json(text, file, limits);
    if (v.has_value()) return std::vector<Value>{std::move(*v)};
    // A text in braces under a YAML name may be YAML's flow style; a limit is a limit for both.
    if (format == Format::json || v.error().code == Code::limit ||
        text.size() > limits.file_bytes_max) {
      return v.error();
    }
  }
  return read_yaml(text, file, limits, first_only, more);
}

}  // namespace

Result<Document> parse_document(std::string_view text, const std::string& file, Format format,
                                const TextLimits& limits) {
  const auto name = std::make_shared<const std::string>(file);
  bool more = false;
  Result<std::vector<Value>> values = read_text(text, name, format, limits, true, &more);
  if (values.has_error()) return values.error();
  Document doc;
  doc.file = file;
  doc.more = more;
  if (values->empty()) {
    doc.root.span = {name, 1, 1, 0};
  } else {
    doc.root = std::move(values->front());
  }
  return doc;
}

Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& file,
                                              Format format, const TextLimits& limits) {
  const auto name = std::make_shared<const std::string>(file);
  Result<std::vector<Value>> values = read_text(text, name, format, limits, false, nullptr);
  if (values.has_error()) return values.error();
  std::vector<Document> docs;
  for (Value& v : *values) docs.push_back({std::move(v), file});
  return docs;
}

}  // namespace gateproof::config
