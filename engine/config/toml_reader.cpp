// TOML through toml++, without its exceptions.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES \
  0  // TOML 1.0, as Traefik's reader; letters beyond ASCII in bare keys shift too far

namespace {
// toml++ 3.3 asserts where it should report (`[#`). An assertion must not end the process, and NDEBUG would make it an
// assumption for the optimiser, so both are replaced: a failed one leaves the parser as an exception and is an Error below.
struct TomlAssertion {};
}  // namespace
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : throw TomlAssertion{})
#include <cmath>

#include <toml++/toml.h>

#include "engine/base/text.h"
#include "engine/config/document_readers.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

// The end of the string that begins at i; the position after it.
size_t skip_string(std::string_view text, size_t i) {
  const char quote = text[i];
  const std::string triple(3, quote);
  const bool long_form = text.substr(i, 3) == triple;
  i += long_form ? 3 : 1;
  while (i < text.size()) {
    if (quote == '"' && text[i] == '\\') {
      i += 2;
    } else if (long_form ? text.substr(i, 3) == triple : text[i] == quote) {
      return i + (long_form ? 3 : 1);
    } else if (!long_form && text[i] == '\n') {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// toml++ 3.3 asks of letters beyond ASCII whether they are blanks in a function that is undefined for many of them. TOML 1.0
// has them in strings and comments only, so elsewhere they are refused here; in a long string the question comes behind a
// backslash and the blanks after it.
size_t find_fatal_in_long_string(std::string_view text) {
  bool asks = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (asks && beyond_ascii(text[i])) return i;
    if (text[i] == '\\') {
      // A pair of backslashes is one in the text.
      if (!asks && i + 1 < text.size() && text[i + 1] == '\\') {
        ++i;
      } else {
        asks = true;
      }
    } else if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') {
      asks = false;
    }
  }
  return std::string_view::npos;
}

Error fatal_character(std::string_view text, size_t at, const FileName& file) {
  return Error(Code::invalid, "toml: this character cannot stand here", span_at(text, at, file),
               "letters beyond ASCII stand in quotes only, and not behind a backslash");
}

// toml++ recurses once for each part of a dotted key, so long keys are refused before it sees them, as are the letters above.
std::optional<Error> check_keys(std::string_view text, const FileName& file, const Budget& budget) {
  size_t dots = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const size_t end = skip_string(text, i);
      const bool long_string = text.substr(i, 3) == "\"\"\"";
      const size_t bad =
          long_string ? find_fatal_in_long_string(text.substr(i, end - i)) : std::string_view::npos;
      if (bad != std::string_view::npos) return fatal_character(text, i + bad, file);
      i = end;
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (beyond_ascii(c)) return fatal_character(text, i, file);
    if (c == '.') {
      ++dots;
    } else if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) {
      dots = 0;
    }
    if (auto e = budget.depth(dots, {})) {
      e->span = span_at(text, i, file);
      return e;
    }
    ++i;
  }
  return std::nullopt;
}

// Where a parser that gave up has probably stumbled: the first table header with no name.
SourceSpan guess_place(std::string_view text, const FileName& file) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const size_t open = text.find_first_not_of(" \t", at);
    if (open < end && text[open] == '[') {
      const size_t name = text.find_first_not_of("[ \t", open);
      if (name < end && !text::is_alnum(text[name]) &&
          std::string_view("-_\"'").find(text[name]) == std::string_view::npos) {
        return span_at(text, name, file);
      }
    }
    at = end + 1;
  }
  return {file, 1, 1, 0};
}

class Converter {
 public:
  Converter(std::string_view text, const FileName& file, const TextLimits& limits)
      : file_(file), budget_(limits) {
    line_starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
    text_ = text;
  }

  Budget& budget() { return budget_; }
  std::optional<Error> error;

  void convert(const toml::node& node, Value& v, size_t depth) {
    v.span = span_of(node.source());
    if (!check(budget_.node(v.span))) return;
    if (const auto* table = node.as_table()) {
      convert_table(*table, v, depth + 1);
    } else if (const auto* array = node.as_array()) {
      convert_array(*array, v, depth + 1);
    } else {
      convert_scalar(node, v);
    }
  }

  SourceSpan span_of(const toml::source_region& r) const { return position(r.begin); }

  SourceSpan position(const toml::source_position& p) const {
    // toml++ counts columns in code points, spans count bytes.
    SourceSpan s{file_, p.line ? uint32_t(p.line) : 1u, p.column ? uint32_t(p.column) : 1u, 0};
    if (s.line > line_starts_.size()) return s;
    size_t at = line_starts_[s.line - 1];
    for (uint32_t points = 1; points < p.column && at < text_.size(); ++points) {
      ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) ++at;
    }
    s.column = uint32_t(at - line_starts_[s.line - 1] + 1);
    return s;
  }

 private:
  bool check(std::optional<Error> e) {
    if (e && !error) error = std::move(e);
    return !error;
  }

  void convert_table(const toml::table& table, Value& v, size_t depth) {
    v.kind = Value::mapping;
    if (!check(budget_.depth(depth, v.span))) return;
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (const auto& [key, node] : table) members.emplace_back(&key, &node);
    // toml++ sorts by name; the order of the file is what people look for.
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      const auto &x = a.first->source().begin, &y = b.first->source().begin;
      return std::pair(x.line, x.column) < std::pair(y.line, y.column);
    });
    v.members.reserve(members.size());
    for (const auto& [key, node] : members) {
      Value::Member& m = v.members.emplace_back();
      m.key = key->str();
      m.key_quoted = true;
      m.key_span = span_of(key->source());
      m.key_span.length = uint32_t(m.key.size());
      convert(*node, m.value, depth);
      if (error) return;
    }
  }

  void convert_array(const toml::array& array, Value& v, size_t depth) {
    v.kind = Value::sequence;
    if (!check(budget_.depth(depth, v.span))) return;
    v.items.reserve(array.size());
    for (const toml::node& node : array) {
      convert(node, v.items.emplace_back(), depth);
      if (error) return;
    }
  }

  void convert_scalar(const toml::node& node, Value& v) {
    v.kind = Value::scalar;
    if (const auto* s = node.as_string()) {
      v.quoted = true;
      v.text = s->get();
      const auto& begin = node.source().begin;
      const size_t at = begin.line && begin.line <= line_starts_.size()
                            ? line_starts_[begin.line - 1] + v.span.column - 1
                            : text_.size();
      if (at < text_.size() && (text_[at] == '"' || text_[at] == '\'')) ++v.span.column;
      if (v.text.find('\n') == std::string::npos) v.span.length = uint32_t(v.text.size());
    } else if (const auto* i = node.as_integer()) {
      v.text = std::to_string(i->get());
    } else if (const auto* b = node.as_boolean()) {
      v.text = b->get() ? "true" : "false";
    } else if (const auto* d = node.as_floating_point()) {
      v.text = real_text(d->get());
    } else {
      // Dates and times: any unquoted date has the same fate (resolve_plain).
      v.text = "2001-01-01";
    }
  }

  static std::string real_text(double d) {
    if (std::isnan(d)) return ".nan";
    if (std::isinf(d)) return d < 0 ? "-.inf" : ".inf";
    char buffer[352];
    return std::string(buffer, size_t(std::snprintf(buffer, sizeof buffer, "%.17g", d)));
  }

  const FileName& file_;
  Budget budget_;
  std::string_view text_;
  std::vector<size_t> line_starts_;
};

}  // namespace

Result<Value> read_toml(std::string_view text, const FileName& file, const TextLimits& limits) {
  Converter converter(text, file, limits);
  if (auto e = check_keys(text, file, converter.budget())) return std::move(*e);
  std::optional<toml::parse_result> result;
  try {
    result.emplace(toml::parse(text));
  } catch (const TomlAssertion&) {
    return Error(Code::invalid, "toml: malformed table header or key", guess_place(text, file),
                 "write [name] or [name.inner]");
  }
  const toml::parse_result& parsed = *result;
  if (!parsed) {
    const toml::parse_error& e = parsed.error();
    return Error(Code::invalid, "toml: " + std::string(e.description()),
                 converter.position(e.source().begin),
                 "mend the TOML: check quotes, brackets and the form `name = value` on this line");
  }
  Value root;
  converter.convert(parsed.table(), root, 0);
  root.span = {file, 1, 1, 0};
  if (converter.error) return std::move(*converter.error);
  return root;
}

}  // namespace gateproof::config
