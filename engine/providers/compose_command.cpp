#include "engine/providers/compose_command.h"

#include "engine/base/text.h"
#include "engine/providers/interpolate.h"

namespace gateproof::providers {

using config::Text;
using config::Value;

namespace {

// "traefik:v3", "docker.io/library/traefik", "traefik/traefik@sha256:...".
bool is_traefik_image(std::string_view image) {
  const std::string_view name = image.substr(image.rfind('/') + 1);
  return name.substr(0, name.find_first_of(":@")) == "traefik";
}

// Words of a command line.
std::vector<Text> words(std::string_view line, const SourceSpan& span) {
  std::vector<Text> out;
  std::string word;
  size_t from = 0;
  bool any = false;
  char quote = '\0';
  for (size_t i = 0; i <= line.size(); ++i) {
    const char c = i < line.size() ? line[i] : ' ';
    if (quote != '\0' && i < line.size()) {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (any) out.push_back({word, span.at(uint32_t(from), uint32_t(i - from))});
      word.clear();
      any = false;
    } else {
      if (!any) from = i;
      any = true;
      if (c == '"' || c == '\'') {
        quote = c;
      } else {
        word += c;
      }
    }
  }
  return out;
}

void relocate(SourceSpan& span, const std::vector<Text>& arguments) {
  constexpr std::string_view prefix = "argument ";
  const std::string_view file = span.file_name();
  const auto number =
      file.starts_with(prefix) ? text::parse_int(file.substr(prefix.size())) : std::nullopt;
  if (!number || *number < 1 || size_t(*number) > arguments.size()) return;
  const uint32_t column = span.column, length = span.length;
  span = arguments[size_t(*number) - 1].span;
  if (column > 0) span = span.at(column - 1, length);
}

void relocate(Value& v, const std::vector<Text>& arguments) {
  relocate(v.span, arguments);
  for (Value& item : v.items) relocate(item, arguments);
  for (Value::Member& m : v.members) {
    relocate(m.key_span, arguments);
    relocate(m.value, arguments);
  }
}

}  // namespace

std::vector<Text> traefik_arguments(const config::Document& compose,
                                    const Environment& environment) {
  std::vector<Text> out;
  const Value* services = compose.root.find("services");
  if (!services) return out;
  for (const Value::Member& m : services->members) {
    const Value* image = m.value.find("image");
    const Value* command = m.value.find("command");
    if (!image || !command || !is_traefik_image(image->str())) continue;
    for (const Value& item : command->items)
      out.push_back({interpolate(item.str(), environment).text, item.span});
    if (command->kind == Value::scalar)
      out = words(interpolate(command->text, environment).text, command->span);
    // The image's entry point takes the program's own name away.
    if (!out.empty() && out.front().value == "traefik") out.erase(out.begin());
    return out;
  }
  return out;
}

Result<config::Document> document_of_arguments(const std::vector<Text>& arguments) {
  std::vector<std::string> texts;
  for (const Text& a : arguments) texts.push_back(a.value);
  Result<config::Document> doc = config::document_from_flags(texts);
  if (!doc) {
    Error e = doc.error();
    relocate(e.span, arguments);
    return e;
  }
  relocate(doc->root, arguments);
  return doc;
}

}  // namespace gateproof::providers
