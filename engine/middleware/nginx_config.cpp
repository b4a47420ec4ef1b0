#include "engine/middleware/nginx_config.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

enum class Kind : uint8_t {
  end,
  keyword,
  quoted,
  block_start,
  block_end,
  semicolon,
  comment,
  line_end,
  unclosed,
};

constexpr std::string_view kind_name(Kind k) {
  switch (k) {
    case Kind::end: return "Eof";
    case Kind::keyword: return "Keyword";
    case Kind::quoted: return "QuotedString";
    case Kind::block_start: return "BlockStart";
    case Kind::block_end: return "BlockEnd";
    case Kind::semicolon: return "Semicolon";
    case Kind::comment: return "Comment";
    default: return "EndOfLine";
  }
}

struct Token {
  Kind kind = Kind::end;
  std::string_view text;
  size_t line = 1, column = 0;
};

class Lexer {
 public:
  // A NUL ends a text.
  explicit Lexer(std::string_view text) : text_(text.substr(0, text.find('\0'))) {}

  Token next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) step();
    Token t{Kind::end, {}, line_, column_};
    if (at_ == text_.size()) return t;
    const size_t begin = at_;
    switch (text_[at_]) {
      case ';': t.kind = Kind::semicolon; break;
      case '{': t.kind = Kind::block_start; break;
      case '}': t.kind = Kind::block_end; break;
      case '\r':
      case '\n': t.kind = Kind::line_end; break;
      case '#': t.kind = Kind::comment; break;
      case '"':
      case '\'':
      case '`': t.kind = Kind::quoted; break;
      default: t.kind = Kind::keyword;
    }
    const char first = text_[at_];
    step();
    if (t.kind == Kind::comment) {
      while (at_ < text_.size() && !ends_line(text_[at_])) step();
    } else if (t.kind == Kind::quoted) {
      if (!quoted(first)) t.kind = Kind::unclosed;
    } else if (t.kind == Kind::keyword) {
      keyword(first);
    }
    t.text = text_.substr(begin, at_ - begin);
    return t;
  }

 private:
  static bool ends_line(char c) { return c == '\r' || c == '\n'; }

  void step() {
    const char c = text_[at_++];
    // Columns count characters, which begin with any byte but a continuation.
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column_;
    }
  }

  // A backslash counts before the delimiter alone, and stays.
  bool quoted(char delimiter) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      step();
      if (c == '\\' && at_ < text_.size() && text_[at_] == delimiter) {
        step();
      } else if (c == delimiter) {
        return true;
      }
    }
    return false;
  }

  // Braces belong to a word only as those of ${name}.
  void keyword(char before) {
    bool in_variable = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == ';' || ends_line(c)) return;
      if (c == '{') {
        if (before != '$' && !in_variable) return;
        if (before == '$') in_variable = true;
      } else if (c == '}') {
        if (!in_variable) return;
        in_variable = false;
      } else {
        before = c;
      }
      step();
    }
  }

  std::string_view text_;
  size_t at_ = 0, line_ = 1, column_ = 0;
};

std::string place(const Token& t) {
  return " on line " + std::to_string(t.line) + ", column " + std::to_string(t.column);
}

class Parser {
 public:
  Parser(std::string_view text, std::span<const std::string_view> known)
      : lexer_(text), known_(known) {
    next();
    next();
  }

  // Up to the closing brace, which stays the current token.
  Result<std::vector<NginxDirective>> block(size_t depth) {
    std::vector<NginxDirective> out;
    if (depth > nginx_config_depth_max)
      return Error(Code::limit,
                   "blocks within more than " + std::to_string(nginx_config_depth_max) + " others");
    for (;; next()) {
      if (unclosed()) return no_quote();
      if (now_.kind == Kind::block_end) return out;
      if (now_.kind == Kind::end) {
        if (depth > 0) return Error(Code::invalid, "unexpected eof in block");
        return out;
      }
      if (now_.kind != Kind::keyword && now_.kind != Kind::quoted) continue;
      Result<NginxDirective> d = statement(depth);
      if (!d) return d.error();
      out.push_back(std::move(*d));
    }
  }

 private:
  void next() {
    now_ = following_;
    following_ = lexer_.next();
  }

  // One token is read ahead.
  bool unclosed() const { return now_.kind == Kind::unclosed || following_.kind == Kind::unclosed; }
  static Error no_quote() {
    return Error(Code::invalid,
                 "unexpected end of file while scanning a string, maybe an unclosed quote?");
  }

  Result<NginxDirective> statement(size_t depth) {
    NginxDirective d;
    d.name = now_.text;
    if (std::find(known_.begin(), known_.end(), d.name) == known_.end())
      return Error(Code::invalid, "unknown directive '" + d.name + "'" + place(now_));
    if (++directives_ > nginx_config_directives_max)
      return Error(Code::limit,
                   "more than " + std::to_string(nginx_config_directives_max) + " directives");
    for (;;) {
      next();
      if (unclosed()) return no_quote();
      switch (now_.kind) {
        case Kind::keyword:
        case Kind::quoted: d.parameters.emplace_back(now_.text); break;
        case Kind::semicolon: return d;
        case Kind::comment:
        case Kind::line_end: break;
        case Kind::block_start: {
          next();
          Result<std::vector<NginxDirective>> inner = block(depth + 1);
          if (!inner) return inner.error();
          d.has_block = true;
          d.block = std::move(*inner);
          return d;
        }
        default:
          return Error(Code::invalid, "unexpected token " + std::string(kind_name(now_.kind)) +
                                          " (" + std::string(now_.text) + ")" + place(now_));
      }
    }
  }

  Lexer lexer_;
  std::span<const std::string_view> known_;
  Token now_, following_;
  size_t directives_ = 0;
};

}  // namespace

Result<std::vector<NginxDirective>> parse_nginx_block(std::string_view opening,
                                                      std::string_view text,
                                                      std::span<const std::string_view> known) {
  if (text.size() > nginx_config_bytes_max)
    return Error(Code::limit, "longer than " + std::to_string(nginx_config_bytes_max) + " bytes");
  const std::string whole = std::string(opening) + std::string(text) + "}";
  Result<std::vector<NginxDirective>> all = Parser(whole, known).block(0);
  if (!all) return all.error();
  return std::move(all->front().block);
}

std::string_view nginx_unquoted(std::string_view p) {
  return p.size() > 1 && p.front() == '"' && p.back() == '"' ? p.substr(1, p.size() - 2) : p;
}

}  // namespace gateproof::middleware
