// JSON (RFC 8259) with positions. A reader of our own: nlohmann's events carry no positions before 3.12, and a dynamic
// configuration of tens of thousands of routers is read again on each change of the file.
#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/config/document_readers.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

// Of an object: spares most of them that their members are moved while they become more.
constexpr size_t members_usual = 4;

class JsonReader {
 public:
  JsonReader(std::string_view text, const FileName& file, const TextLimits& limits)
      : text_(text), file_(file), budget_(limits) {}
  // Every value is at `span`, and `without` is passed over.
  JsonReader(std::string_view text, const SourceSpan& span, const JsonMember& without,
             const TextLimits& limits)
      : text_(text), file_(span.file), budget_(limits), everywhere_(&span), without_(&without) {}

  Result<Value> read() {
    Value root;
    if (!value(root, 0)) return std::move(*error_);
    skip_blank();
    if (at_ != text_.size()) {
      fail(at_, "text after the end of the JSON value", "keep one value, in one pair of braces");
      return std::move(*error_);
    }
    return root;
  }

 private:
  SourceSpan here() const {
    if (everywhere_) return *everywhere_;
    return {file_, line_, uint32_t(at_ - line_start_ + 1), 0};
  }
  void set_length(SourceSpan& span, size_t length) const {
    if (!everywhere_) span.length = uint32_t(length);
  }

  bool fail(size_t offset, std::string message, std::string remedy) {
    error_.emplace(Code::invalid, std::move(message), span_at(text_, offset, file_),
                   std::move(remedy));
    return false;
  }
  bool check(std::optional<Error> e) {
    if (e) error_ = std::move(e);
    return !error_;
  }

  void skip_blank() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  bool value(Value& v, size_t depth) {
    skip_blank();
    v.span = here();
    if (!check(budget_.node(v.span))) return false;
    if (at_ == text_.size())
      return fail(at_, "unexpected end of the JSON text", "close the open brackets");
    switch (text_[at_]) {
      case '{': return check(budget_.depth(depth + 1, v.span)) && object(v, depth + 1);
      case '[': return check(budget_.depth(depth + 1, v.span)) && array(v, depth + 1);
      case '"': {
        v.kind = Value::scalar;
        v.quoted = true;
        return string(v.text, v.span);
      }
      default: return literal(v);
    }
  }

  bool object(Value& v, size_t depth) {
    v.kind = Value::mapping;
    ++at_;
    skip_blank();
    if (take('}')) return true;
    v.members.reserve(members_usual);
    for (;;) {
      skip_blank();
      if (at_ == text_.size() || text_[at_] != '"')
        return fail(at_, "expected a name in double quotes", "");
      Value::Member& m = v.members.emplace_back();
      m.key_quoted = true;
      m.key_span = here();
      if (!string(m.key, m.key_span)) return false;
      skip_blank();
      if (!take(':')) return fail(at_, "expected ':' after the name", "write \"name\": value");
      if (depth == 1) below_ = without_ && m.key == without_->of;
      if (depth == 2 && below_ && m.key == without_->name) {
        v.members.pop_back();
        if (!pass(depth)) return false;
      } else if (!value(m.value, depth)) {
        return false;
      }
      skip_blank();
      if (take(',')) continue;
      if (take('}')) break;
      return fail(at_, "expected ',' or '}'", "separate members by commas and close the object");
    }
    return check(duplicate_key(v));
  }

  bool array(Value& v, size_t depth) {
    v.kind = Value::sequence;
    ++at_;
    skip_blank();
    if (take(']')) return true;
    for (;;) {
      if (!value(v.items.emplace_back(), depth)) return false;
      skip_blank();
      if (take(',')) continue;
      if (take(']')) return true;
      return fail(at_, "expected ',' or ']'", "separate elements by commas and close the list");
    }
  }

  // Over a value that is checked as any other, and not kept.
  bool pass(size_t depth) {
    skip_blank();
    const char open = at_ == text_.size() ? '\0' : text_[at_];
    if (open != '{' && open != '[') {
      passed_.text.clear();
      return value(passed_, depth);
    }
    if (!check(budget_.node(here())) || !check(budget_.depth(depth + 1, here()))) return false;
    const char close = open == '{' ? '}' : ']';
    ++at_;
    skip_blank();
    if (take(close)) return true;
    for (;;) {
      skip_blank();
      if (open == '{' && !pass_name()) return false;
      if (!pass(depth + 1)) return false;
      skip_blank();
      if (take(',')) continue;
      if (take(close)) return true;
      return fail(at_, "expected ',' or a closing bracket", "separate by commas, and close");
    }
  }
  bool pass_name() {
    if (at_ == text_.size() || text_[at_] != '"')
      return fail(at_, "expected a name in double quotes", "");
    passed_.text.clear();
    if (!string(passed_.text, passed_.span)) return false;
    skip_blank();
    return take(':') || fail(at_, "expected ':' after the name", "write \"name\": value");
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // true, false, null and numbers, kept as written; what they mean is resolve_plain's business.
  bool literal(Value& v) {
    const size_t from = at_;
    while (at_ < text_.size() && (text::is_alnum(text_[at_]) || text_[at_] == '-' ||
                                  text_[at_] == '+' || text_[at_] == '.')) {
      ++at_;
    }
    const std::string_view word = text_.substr(from, at_ - from);
    if (word != "null" && word != "true" && word != "false" && !is_number(word)) {
      return fail(from, "expected a JSON value",
                  "write a text in double quotes, a number, true, false or null");
    }
    v.kind = word == "null" ? Value::null : Value::scalar;
    if (v.kind == Value::scalar) v.text = word;
    set_length(v.span, word.size());
    return true;
  }

  static bool is_number(std::string_view s) {
    const auto digits = [&s] {
      size_t n = 0;
      while (n < s.size() && text::is_digit(s[n])) ++n;
      s.remove_prefix(n);
      return n;
    };
    if (s.starts_with('-')) s.remove_prefix(1);
    const bool zero = s.starts_with('0');
    const size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (s.starts_with('.')) {
      s.remove_prefix(1);
      if (digits() == 0) return false;
    }
    if (s.starts_with('e') || s.starts_with('E')) {
      s.remove_prefix(1);
      if (s.starts_with('+') || s.starts_with('-')) s.remove_prefix(1);
      if (digits() == 0) return false;
    }
    return s.empty();
  }

  bool string(std::string& out, SourceSpan& span) {
    const size_t open = at_++;
    if (span.column && !everywhere_) ++span.column;  // the content, not the quote
    for (;;) {
      const size_t from = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_, from, at_ - from);
      if (at_ == text_.size())
        return fail(open, "the text is not closed", "add the closing double quote");
      if (text_[at_] == '"') break;
      if (text_[at_] != '\\') {
        return fail(at_, "a line break or tab in a JSON text", "write \\n or \\t");
      }
      if (!escape(out)) return false;
    }
    set_length(span, at_ - open - 1);
    ++at_;
    return true;
  }

  bool hex4(unsigned& out) {
    out = 0;
    if (at_ + 4 > text_.size()) return false;
    for (int i = 0; i < 4; ++i) {
      const int digit = text::hex_value(text_[at_ + size_t(i)]);
      if (digit < 0) return false;
      out = out * 16 + unsigned(digit);
    }
    at_ += 4;
    return true;
  }

  bool escape(std::string& out) {
    const size_t from = at_++;
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': break;
      default: return fail(from, "unknown escape in a JSON text", "write \\\\ for a backslash");
    }
    unsigned code = 0;
    if (!hex4(code)) return fail(from, "\\u needs four hexadecimal digits", "write \\u0041 for A");
    if (code >= 0xD800 && code < 0xDC00) {
      unsigned low = 0;
      if (text_.substr(at_, 2) == "\\u") {
        at_ += 2;
        if (!hex4(low)) low = 0;
      }
      if (low < 0xDC00 || low > 0xDFFF)
        return fail(from, "half of a surrogate pair", "write both halves");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return fail(from, "half of a surrogate pair", "write both halves");
    }
    text::append_utf8(out, code);
    return true;
  }

  std::string_view text_;
  const FileName& file_;
  Budget budget_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  uint32_t line_ = 1;
  std::optional<Error> error_;
  const SourceSpan* everywhere_ = nullptr;
  const JsonMember* without_ = nullptr;
  bool below_ = false;  // in the member of the root that has what is passed over
  Value passed_;        // the last scalar of it
};

}  // namespace

Result<Value> read_json(std::string_view text, const FileName& file, const TextLimits& limits) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    Value empty;
    empty.span = {file, 1, 1, 0};
    return empty;
  }
  return JsonReader(text, file, limits).read();
}

Result<Value> parse_json_at(std::string_view text, const SourceSpan& span,
                            const JsonMember& without, const TextLimits& limits) {
  if (auto e = check_text(text, span.file, limits.json_bytes_max)) return std::move(*e);
  return JsonReader(text, span, without, limits).read();
}

}  // namespace gateproof::config
