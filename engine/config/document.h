// Document: YAML, TOML, JSON, labels and key/value pairs as one immutable tree of values with spans.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::config {

struct Value {
  enum Kind : uint8_t { null, scalar, sequence, mapping };
  struct Member;

  Kind kind = null;
  bool quoted = false;  // scalar: written as a string, so "true" is no bool
  // Of a scalar; of a collection made from labels or pairs the value that its own name has, where one is written
  // (`tls=true` beside `tls.certresolver=x`).
  std::string text;
  // Where it is. Of a scalar: its first content character, so behind the quote, and for a block scalar (| >) on the first line
  // of its content; span.at(n, len) then points n bytes into the text. length is 0 when the text holds a line break.
  SourceSpan span;
  std::vector<Value> items;     // sequence
  std::vector<Member> members;  // mapping, in file order

  // Member by exact key; null pointer when absent or not a mapping.
  const Value* find(std::string_view key) const;
  // Member by key in any case (Traefik's own field names).
  const Value* find_nocase(std::string_view key) const;
  // find() along a dotted path, "metadata.name".
  const Value* at(std::string_view dotted) const;
  // The scalar's text, or "" when this is something else.
  std::string_view str() const {
    return kind == scalar ? std::string_view(text) : std::string_view();
  }
};

struct Value::Member {
  std::string key;
  bool key_quoted = false;  // written as a string; an unquoted 12 or true is no text in YAML
  SourceSpan key_span;
  Value value;
};

// Limits of a configuration text. Each is an Error with Code::limit and a span.
struct TextLimits {
  size_t file_bytes_max = 8u << 20;  // a larger YAML or TOML text is refused before it is parsed
  size_t json_bytes_max =
      64u << 20;  // the same for JSON, also under a YAML extension: its reader is much faster
  size_t depth_max = 64;         // nesting of collections
  size_t nodes_max = 4'000'000;  // values
  size_t alias_nodes_max =
      200'000;  // values that YAML aliases and merge keys expand to (alias bombs stop here)
};

enum class Origin : uint8_t { file, flags, environment, labels, pairs };

struct Document {
  Value root;
  std::string file;
  bool more =
      false;  // parse_document only: the text holds further YAML documents, which Traefik ignores
  Origin origin = Origin::file;
};

enum class Format : uint8_t { yaml, toml, json };
std::optional<Format> format_of(std::string_view file_name);  // by extension .yml .yaml .toml .json

// An empty text is a null root. Under Format::yaml a text that is JSON is read by the JSON reader. Errors carry file:line:column and a remedy.
Result<Document> parse_document(std::string_view text, const std::string& file, Format format,
                                const TextLimits& limits = {});
// A member of a member of the root: `metadata` and `managedFields`.
struct JsonMember {
  std::string_view of, name;
};
// JSON that comes over the wire, where nobody sees its lines: all of it is at `span`, and `without` is read and not kept. An
// empty text is an error.
Result<Value> parse_json_at(std::string_view text, const SourceSpan& span,
                            const JsonMember& without, const TextLimits& limits = {});
// Every document of a multi-document YAML text (or the one of JSON).
Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& file,
                                              Format format, const TextLimits& limits = {});

// Where a problem is, as text: "http.routers.shop.rule".
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  std::string to_string() const;
};

}  // namespace gateproof::config
