// The same tree written as JSON and as YAML reads to the same Document.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/text.h"
#include "engine/config/document.h"

namespace gateproof::config {
namespace {

rc::Gen<std::string> any_text() {
  return rc::gen::oneOf(
      rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')),
      rc::gen::elementOf(std::vector<std::string>{"", "true", "12", "~", "a\nb", "\xC3\xA9", "- x",
                                                  "a: b", "#c", "{{", "\t", "\"", "'", "<<"}));
}

rc::Gen<Value> any_value(int depth) {
  const auto scalar = rc::gen::map(any_text(), [](std::string text) {
    Value v;
    v.kind = Value::scalar;
    v.quoted = true;
    v.text = std::move(text);
    return v;
  });
  const auto word =
      rc::gen::map(rc::gen::elementOf(std::vector<std::string>{"12", "1.5", "true", "-3"}),
                   [](std::string text) {
                     Value v;
                     v.kind = Value::scalar;
                     v.text = std::move(text);
                     return v;
                   });
  if (depth == 0) return rc::gen::oneOf(scalar, word, rc::gen::just(Value{}));
  const auto list =
      rc::gen::map(rc::gen::resize(4, rc::gen::container<std::vector<Value>>(any_value(depth - 1))),
                   [](std::vector<Value> items) {
                     Value v;
                     v.kind = Value::sequence;
                     v.items = std::move(items);
                     return v;
                   });
  const auto map = rc::gen::map(rc::gen::resize(4, rc::gen::container<std::map<std::string, Value>>(
                                                       any_text(), any_value(depth - 1))),
                                [](std::map<std::string, Value> members) {
                                  Value v;
                                  v.kind = Value::mapping;
                                  for (auto& [key, value] : members)
                                    v.members.push_back({key, true, {}, std::move(value)});
                                  return v;
                                });
  return rc::gen::oneOf(scalar, word, list, map);
}

std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string scalar_text_of(const Value& v) {
  return v.kind == Value::null ? "null" : v.quoted ? quoted(v.text) : v.text;
}

std::string to_json(const Value& v) {
  std::string out;
  if (v.kind == Value::sequence) {
    for (const Value& item : v.items) out += (out.empty() ? "" : ", ") + to_json(item);
    return "[" + out + "]";
  }
  if (v.kind != Value::mapping) return scalar_text_of(v);
  for (const Value::Member& m : v.members)
    out += (out.empty() ? "" : ", ") + quoted(m.key) + ": " + to_json(m.value);
  return "{" + out + "}";
}

// Block style, so that the YAML reader is the one that reads.
std::string to_yaml(const Value& v, const std::string& indent) {
  std::string out;
  if (v.kind == Value::sequence && !v.items.empty()) {
    for (const Value& item : v.items) out += "\n" + indent + "- " + to_yaml(item, indent + "  ");
    return out;
  }
  if (v.kind == Value::mapping && !v.members.empty()) {
    for (const Value::Member& m : v.members) {
      out += "\n" + indent + quoted(m.key) + ": " + to_yaml(m.value, indent + "  ");
    }
    return out;
  }
  return v.kind == Value::sequence ? "[]" : v.kind == Value::mapping ? "{}" : scalar_text_of(v);
}

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.quoted != b.quoted || a.text != b.text) return false;
  if (a.items.size() != b.items.size() || a.members.size() != b.members.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!same(a.items[i], b.items[i])) return false;
  }
  for (size_t i = 0; i < a.members.size(); ++i) {
    if (a.members[i].key != b.members[i].key || !same(a.members[i].value, b.members[i].value))
      return false;
  }
  return true;
}

// Every span lies on the text, and a scalar's points at its content.
void check_spans(const Value& v, const std::vector<std::string_view>& lines) {
  RC_ASSERT(v.span.line >= 1 && v.span.line <= lines.size());
  const std::string_view line = lines[v.span.line - 1];
  RC_ASSERT(v.span.column >= 1 && v.span.column <= line.size() + 1);
  if (v.kind == Value::scalar && !v.text.empty() &&
      v.text.find_first_of("\"\\\n\t") == std::string::npos) {
    RC_ASSERT(line.substr(v.span.column - 1, v.text.size()) == v.text);
  }
  for (const Value& item : v.items) check_spans(item, lines);
  for (const Value::Member& m : v.members) check_spans(m.value, lines);
}

void property(const Value& tree) {
  const std::string json = to_json(tree), yaml = to_yaml(tree, "") + "\n";
  const auto from_json = parse_document(json, "p.json", Format::json);
  const auto from_yaml = parse_document(yaml, "p.yml", Format::yaml);
  const auto json_as_yaml = parse_document(json, "p.yml", Format::yaml);
  RC_ASSERT(from_json.has_value());
  RC_ASSERT(from_yaml.has_value());
  RC_ASSERT(json_as_yaml.has_value());
  RC_ASSERT(same(from_json->root, tree));
  RC_ASSERT(same(from_yaml->root, tree));
  RC_ASSERT(same(json_as_yaml->root, tree));
  check_spans(from_json->root, text::split(json, '\n'));
  check_spans(from_yaml->root, text::split(yaml, '\n'));
}

TEST(DocumentProperty, JsonAndYamlAgree) {
  EXPECT_TRUE(rc::check("JSON and YAML of one tree read alike", [] { property(*any_value(3)); }));
}

}  // namespace
}  // namespace gateproof::config
