#include "engine/config/template.h"

#include <algorithm>

#include "engine/config/template/run.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

std::vector<size_t> line_starts(std::string_view s) {
  std::vector<size_t> out{0};
  for (size_t i = s.find('\n'); i != s.npos; i = s.find('\n', i + 1)) out.push_back(i + 1);
  return out;
}

}  // namespace

void RenderedText::index(std::string_view source) {
  source_lines_ = line_starts(source);
  output_lines_ = line_starts(text);
}

SourceSpan RenderedText::origin(const SourceSpan& span) const {
  if (!executed || span.line == 0 || span.line > output_lines_.size()) return span;
  const size_t column = std::max<uint32_t>(1, span.column) - 1;
  const size_t offset = output_lines_[span.line - 1] + column;
  auto piece = std::upper_bound(pieces.begin(), pieces.end(), offset,
                                [](size_t o, const Piece& p) { return o < p.output; });
  if (piece == pieces.begin()) return span;
  const size_t piece_end = piece == pieces.end() ? text.size() : piece->output;
  --piece;
  const size_t source = piece->source + (piece->length ? 0 : offset - piece->output);
  SourceSpan out = span;
  const auto line = std::upper_bound(source_lines_.begin(), source_lines_.end(), source);
  out.line = uint32_t(line - source_lines_.begin());
  out.column = span.column ? uint32_t(source - *(line - 1)) + 1 : 0;
  if (piece->length) {
    out.length = uint32_t(piece->length);
  } else if (offset + span.length > piece_end) {
    out.length = uint32_t(piece_end > offset ? piece_end - offset : 0);
  }
  return out;
}

void RenderedText::relocate(Value& tree) const {
  if (!executed) return;
  tree.span = origin(tree.span);
  for (Value& item : tree.items) relocate(item);
  for (Value::Member& m : tree.members) {
    m.key_span = origin(m.key_span);
    relocate(m.value);
  }
}

Result<RenderedText> render_template(std::string_view source, const std::string& file,
                                     const Environment& environment, const TemplateLimits& limits,
                                     const TemplateData* data) {
  RenderedText out;
  if (source.find("{{") == source.npos) {
    out.text = source;
    return out;
  }
  const auto name = std::make_shared<const std::string>(file);
  tmpl::Store store(limits);
  std::optional<tmpl::Failure> failure;
  const tmpl::Program program = tmpl::parse_template(source, store, failure);
  out.executed = true;
  if (!failure && !store.spent.empty()) failure = tmpl::Failure{Code::limit, 0, store.spent};
  if (!failure) failure = tmpl::run_template(source, program, store, environment, data, out);
  if (!failure) {
    out.index(source);
    std::sort(out.missing_variables.begin(), out.missing_variables.end());
    out.missing_variables.erase(
        std::unique(out.missing_variables.begin(), out.missing_variables.end()),
        out.missing_variables.end());
    return out;
  }
  const SourceSpan at = span_at(source, std::min(failure->at, source.size()), name);
  switch (failure->code) {
    case Code::limit:
      return Error(Code::limit, "template: " + failure->message, at,
                   "make the template smaller, or render the file before");
    case Code::unsupported:
      return Error(Code::unsupported, "template: " + failure->message, at,
                   "write the value out, or render the file before");
    default:
      return Error(Code::invalid, "template: " + failure->message, at,
                   "correct the action; Traefik takes no file of the provider while it fails");
  }
}

}  // namespace gateproof::config
