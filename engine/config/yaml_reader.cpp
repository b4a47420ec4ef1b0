// YAML through yaml-cpp's events: its Node tree is several times slower and forgets where keys are.
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "engine/base/text.h"
#include "engine/config/document_readers.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

// Carries an Error through yaml-cpp's parser; caught in read_yaml.
struct Stop {
  Error error;
};

struct Anchored {
  Value value;
  size_t nodes = 1;
};

// One collection that is not closed yet.
struct Open {
  Value value;
  YAML::anchor_t anchor = 0;
  size_t nodes = 1;
  bool has_key = false;  // mappings: the key is read, its value comes next
  Value::Member next;
};

// Whether a document may begin at pos: at `---`, or behind a line `...`.
bool begins_document(std::string_view text, size_t pos) {
  pos = std::min(pos, text.size());
  if (text.substr(pos).starts_with("---")) return true;
  while (pos > 0) {
    const size_t end = text.rfind('\n', pos - 1);
    if (end == std::string_view::npos) return false;
    const size_t start = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;  // npos + 1 is 0
    const std::string_view line = text.substr(start, end - start);
    if (line.starts_with("...")) return true;
    const std::string_view content = text::trim(line);
    if (!content.empty() && content.front() != '#' && content.front() != '%') return false;
    pos = start;
  }
  return false;
}

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const FileName& file, const TextLimits& limits)
      : text_(text), file_(file), budget_(limits) {}

  Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    // yaml-cpp ends a document at what it cannot place and begins another there, for ever.
    if (documents_++ > 0 && !begins_document(text_, size_t(mark.pos))) {
      throw Stop{Error(Code::invalid, "did not find expected <document start>", span_of(mark),
                       "this text belongs to no key or list: mend it or the line above")};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Value v;
    v.span = span_of(mark);
    count(v.span);
    finish(std::move(v), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const SourceSpan at = span_of(mark);
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      throw Stop{Error(Code::invalid, "anchor value contains itself", at, "write the value out")};
    }
    stop_on(budget_.expand(known->second.nodes, at));
    stop_on(budget_.depth(open_.size() + depth_of(known->second.value), at));
    Value copy = known->second.value;
    finish(std::move(copy), 0, known->second.nodes);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Value v;
    v.kind = Value::scalar;
    v.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    v.text = value;
    v.span = scalar_span(mark, value);
    count(v.span);
    finish(std::move(v), anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(Value::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(Value::mapping, mark, anchor);
  }
  void OnMapEnd() override {
    merge(open_.back());
    stop_on(duplicate_key(open_.back().value));
    end();
  }

 private:
  static void stop_on(std::optional<Error> e) {
    if (e) throw Stop{std::move(*e)};
  }
  void count(const SourceSpan& at) { stop_on(budget_.node(at)); }

  SourceSpan span_of(const YAML::Mark& mark) const {
    return {file_, uint32_t(mark.line + 1), uint32_t(mark.column + 1), 0};
  }

  // Behind `&anchor` and `!tag`, behind the quote, or on the first line of a block scalar's content.
  SourceSpan scalar_span(const YAML::Mark& mark, const std::string& value) const {
    SourceSpan s = span_of(mark);
    size_t at = size_t(mark.pos);
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
      size_t end = text_.find_first_of(" \t\r\n", at);
      if (end == std::string_view::npos) return s;
      end = text_.find_first_not_of(" \t", end);
      if (end == std::string_view::npos || text_[end] == '\r' || text_[end] == '\n') return s;
      s.column += uint32_t(end - at);
      at = end;
    }
    if (at >= text_.size()) return s;
    if (value.find('\n') == std::string::npos) s.length = uint32_t(value.size());
    if (text_[at] == '"' || text_[at] == '\'') {
      ++s.column;
    } else if (text_[at] == '|' || text_[at] == '>') {
      move_to_block(at, s);
    }
    return s;
  }

  void move_to_block(size_t at, SourceSpan& s) const {
    uint32_t line = s.line;
    for (size_t end = text_.find('\n', at); end != std::string_view::npos;
         end = text_.find('\n', end + 1)) {
      ++line;
      const size_t content = text_.find_first_not_of(" \t", end + 1);
      if (content == std::string_view::npos) return;
      if (text_[content] == '\n' || text_[content] == '\r') continue;
      s.line = line;
      s.column = uint32_t(content - end);
      return;
    }
  }

  static size_t depth_of(const Value& v) {
    size_t deepest = 0;
    for (const Value& item : v.items) deepest = std::max(deepest, depth_of(item));
    for (const Value::Member& m : v.members) deepest = std::max(deepest, depth_of(m.value));
    return v.kind == Value::sequence || v.kind == Value::mapping ? deepest + 1 : 0;
  }

  void start(Value::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Open o;
    o.value.kind = kind;
    o.value.span = span_of(mark);
    o.anchor = anchor;
    count(o.value.span);
    stop_on(budget_.depth(open_.size() + 1, o.value.span));
    open_.push_back(std::move(o));
  }

  void end() {
    Open o = std::move(open_.back());
    open_.pop_back();
    finish(std::move(o.value), o.anchor, o.nodes);
  }

  // A complete value goes to its place: root, element, key or member.
  void finish(Value v, YAML::anchor_t anchor, size_t nodes) {
    if (anchor) anchors_[anchor] = {v, nodes};
    if (open_.empty()) {
      root_ = std::move(v);
      return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    if (parent.value.kind == Value::sequence) {
      parent.value.items.push_back(std::move(v));
    } else if (!parent.has_key) {
      take_key(parent, std::move(v));
    } else {
      parent.next.value = std::move(v);
      // yaml-cpp puts what is not written at the token behind it; its key is the better place.
      if (parent.next.value.kind == Value::null) parent.next.value.span = parent.next.key_span;
      parent.value.members.push_back(std::move(parent.next));
      parent.next = {};
      parent.has_key = false;
    }
  }

  void take_key(Open& parent, Value key) {
    if (key.kind == Value::sequence || key.kind == Value::mapping) {
      throw Stop{Error(Code::invalid, "a list or an object cannot be a key", key.span,
                       text_.substr(0, 65536).find("{{") != std::string_view::npos
                           ? "template actions need quotes around them"
                           : "write a name before the colon")};
    }
    parent.next.key = std::move(key.text);
    parent.next.key_quoted = key.quoted;
    parent.next.key_span = std::move(key.span);
    if (key.kind == Value::null) parent.next.key = "null";
    parent.has_key = true;
  }

  // `<<: *base` and `<<: [*a, *b]`: members of the own mapping win, then those of the earlier one.
  void merge(Open& o) {
    auto& members = o.value.members;
    const auto is_merge = [](const Value::Member& m) { return m.key == "<<" && !m.key_quoted; };
    const auto at = std::find_if(members.begin(), members.end(), is_merge);
    if (at == members.end()) return;
    const Value::Member source = std::move(*at);
    members.erase(at);
    std::vector<const Value*> maps;
    if (source.value.kind == Value::mapping) maps.push_back(&source.value);
    for (const Value& item : source.value.items) maps.push_back(&item);
    std::set<std::string, std::less<>> known;
    for (const Value::Member& m : members) known.insert(m.key);
    if (maps.empty()) not_a_map(source);
    for (const Value* map : maps) {
      if (map->kind != Value::mapping) not_a_map(source);
      for (const Value::Member& m : map->members) {
        if (known.insert(m.key).second) members.push_back(m);
      }
    }
  }

  [[noreturn]] static void not_a_map(const Value::Member& m) {
    throw Stop{Error(Code::invalid, "map merge requires map or sequence of maps as the value",
                     m.key_span, "write `<<: *name` with the anchor of an object")};
  }

  std::string_view text_;
  const FileName& file_;
  Budget budget_;
  size_t documents_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Value root_;
};

// Looks where the next document begins, and goes no further.
struct Seen {};
class Probe final : public YAML::EventHandler {
 public:
  explicit Probe(Builder& builder) : builder_(builder) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    builder_.OnDocumentStart(mark);
    throw Seen{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  Builder& builder_;
};

bool has_more(YAML::Parser& parser, Builder& builder) {
  try {
    Probe probe(builder);
    return parser.HandleNextDocument(probe);
  } catch (const Seen&) {
    return true;
  }
}

Error syntax_error(const YAML::Exception& e, std::string_view text, const FileName& file) {
  SourceSpan at{file, 1, 1, 0};
  std::string remedy =
      "mend the YAML: check indentation, colons, quotes and brackets on this line and the one "
      "above";
  if (!e.mark.is_null()) {
    // yaml-cpp may have read on beyond the end.
    const size_t pos = std::min(size_t(e.mark.pos), text.size());
    at = span_at(text, pos, file);
    const size_t before = pos ? text.rfind('\n', pos - 1) : std::string_view::npos;
    const size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = text.substr(start, text.find('\n', start) - start);
    const size_t indent = line.find_first_not_of(" \t");
    if (line.substr(0, indent).find('\t') != std::string_view::npos) {
      return Error(Code::invalid,
                   "found character that cannot start any token: a tab in the indentation", at,
                   "indent with spaces; YAML allows no tabs there");
    }
    if (line.find("{{") != std::string_view::npos)
      remedy = "template actions need quotes around them";
  }
  return Error(Code::invalid, "yaml: " + e.msg, at, remedy);
}

}  // namespace

Result<std::vector<Value>> read_yaml(std::string_view text, const FileName& file,
                                     const TextLimits& limits, bool first_only, bool* more) {
  std::vector<Value> out;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    // One budget for all documents of the text.
    Builder builder(text, file, limits);
    while (parser.HandleNextDocument(builder)) {
      out.push_back(builder.take());
      if (first_only) break;
    }
    if (first_only && more && !out.empty()) *more = has_more(parser, builder);
  } catch (const Stop& stop) {
    return stop.error;
  } catch (const YAML::Exception& e) {
    return syntax_error(e, text, file);
  }
  return out;
}

}  // namespace gateproof::config
