// Go templates (text/template with Sprig's functions) in the file provider's files (catalogue 6.3) and in default rules (1.8):
// every .yml, .yaml and .toml file is executed before it is parsed, with `false` as its data. A file without "{{" comes out as it went in.
//
// What is executed is Go's language whole; of Sprig's functions those in template_functions_*.cpp. A function that is missing
// here is an error that names it (Code::unsupported), never a silent wrong text. Messages and values are those of the Go
// library as Traefik 3.7.15 shows them (tests compare).
#pragma once
#include <map>

#include "engine/config/document.h"
#include "engine/env/environment.h"

namespace gateproof::config {

// A template cannot hang or eat memory: each limit is an Error with Code::limit and the place that passed it.
struct TemplateLimits {
  size_t output_bytes_max = 8u << 20;  // of the rendered text
  size_t steps_max = 2'000'000;        // statements, iterations and elements that functions look at
  size_t memory_bytes_max = 64u << 20;  // of all texts, lists and maps that functions make
  size_t call_depth_max = 200;          // {{template}} in {{template}}
  size_t nesting_max = 200;             // parentheses and blocks in each other, else-if chains
  size_t value_depth_max = 100;  // lists and maps in each other, when they are printed or compared
};

// What `.` is in a default rule: a structure with these fields, in this order. Files have none: their data is `false`.
struct TemplateData {
  struct Field {
    std::string name;
    std::string text;
    const std::map<std::string, std::string>* map = nullptr;  // instead of the text
  };
  std::vector<Field> fields;
};

// The text that a template made, and where each part of it stands in the template.
class RenderedText {
 public:
  std::string text;
  std::vector<std::string> missing_variables;  // names asked of the environment that are not set
  bool executed = false;                       // false: there was no action in it

  // The place in the template that made this place of `text`: exact in copied text, the action's first brace for what an
  // action printed. Spans of other files, and of texts without actions, stay as they are.
  SourceSpan origin(const SourceSpan& span) const;
  // Every span of a tree.
  void relocate(Value& tree) const;

  struct Piece {
    size_t output = 0;  // where it begins in `text`
    size_t source = 0;  // where it comes from
    size_t length = 0;  // in the template, of an action; 0: copied text
  };
  void index(std::string_view source);  // once, when text and pieces are complete
  std::vector<Piece> pieces;            // by output

 private:
  std::vector<size_t> source_lines_, output_lines_;  // offsets where lines begin
};

// Errors: Code::invalid with Go's message, Code::unsupported for a function that is not built, Code::limit. All have a span.
Result<RenderedText> render_template(std::string_view text, const std::string& file,
                                     const Environment& environment,
                                     const TemplateLimits& limits = {},
                                     const TemplateData* data = nullptr);

// Whether this Sprig function exists in Traefik without being executed here.
bool is_later_template_function(std::string_view name);

}  // namespace gateproof::config
