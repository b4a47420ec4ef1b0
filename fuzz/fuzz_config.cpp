// Any bytes as a configuration. The first byte picks what they are read as. An error has a message, a remedy and a place; what
// is read decodes as a dynamic and as a static configuration without end of process; spans lie on the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/config/file_set.h"
#include "engine/config/render.h"
#include "engine/config/testing_types.h"

using namespace gateproof;
using namespace gateproof::config;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

struct Shape2D {
  std::vector<size_t> widths;  // of each line
  explicit Shape2D(std::string_view text) {
    for (std::string_view line : text::split(text, '\n')) widths.push_back(line.size());
  }
  void check(const SourceSpan& s) const {
    require(s.known() && s.line >= 1 && s.column >= 1);
    require(s.line <= widths.size() + 1);
    // A place behind the last character of a line is one, such as that of a missing bracket.
    if (s.line <= widths.size()) require(s.column <= widths[s.line - 1] + 2);
  }
};

void check_value(const Value& v, const Shape2D& shape, size_t depth) {
  require(depth <= TextLimits{}.depth_max + 1);
  shape.check(v.span);
  for (const Value& item : v.items) check_value(item, shape, depth + 1);
  for (const Value::Member& m : v.members) {
    shape.check(m.key_span);
    check_value(m.value, shape, depth + 1);
  }
}

void decode(const Document& doc) {
  static const config::testing::FewTypes types;
  Findings findings;
  const auto dynamic = decode_dynamic(doc, "file", types, findings);
  require(dynamic.has_value() != findings.has_errors());
  Findings statics;
  std::optional<StaticConfig> config = decode_static(doc, statics);
  require(config.has_value() != statics.has_errors());
  if (config) complete_static(*config, statics);
  findings.append(statics);
  findings.sort();
  for (const Finding& f : findings.list())
    require(!f.message.empty() && !f.remedy.empty() && f.span.known());
  const auto no_lines = [](std::string_view, uint32_t) -> std::optional<std::string> {
    return "x";
  };
  require(render_text(findings, no_lines).size() >= findings.list().size());
  require(render_json(findings).starts_with("{\"findings\":["));
  require(!render_sarif(findings, "0").empty());
}

void read_text(std::string_view text, const std::string& file) {
  const std::string_view bare = text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
  const Shape2D shape(bare);
  const Result<Document> doc = parse_document(text, file, *format_of(file));
  if (doc.has_error()) {
    const Error& e = doc.error();
    require(!e.message.empty());
    shape.check(e.span);
    return;
  }
  check_value(doc->root, shape, 0);
  decode(*doc);
  const auto all = parse_documents(text, file, *format_of(file));
  require(all.has_error() || all->size() <= 1 || doc->more);
}

void read_flags(std::string_view text) {
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  for (std::string_view line : text::split(text, '\n')) {
    arguments.emplace_back(line);
    const size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      environment.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  for (const auto& doc : {document_from_flags(arguments), document_from_environment(environment)}) {
    if (doc.has_error()) {
      require(!doc.error().message.empty() && !doc.error().remedy.empty() &&
              doc.error().span.known());
      continue;
    }
    Findings findings;
    const auto config = decode_static(*doc, findings);
    require(config.has_value() != findings.has_errors());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_text(text, "f.yml"); break;
    case 1: read_text(text, "f.toml"); break;
    case 2: read_text(text, "f.json"); break;
    default: read_flags(text); break;
  }
  return 0;
}
