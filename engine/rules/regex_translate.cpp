#include "engine/rules/regex_translate.h"

#include "engine/base/text.h"
#include "engine/rules/regex.h"

namespace gateproof::rules {
namespace {

// Unicode TR18 long names that Go takes for \p{...} (case, blanks, '_' and '-' do not count); RE2 knows the short ones.
struct Alias {
  std::string_view loose;
  std::string_view exact;
};
constexpr Alias category_aliases[] = {
    {"letter", "L"},
    {"casedletter", "LC"},
    {"uppercaseletter", "Lu"},
    {"lowercaseletter", "Ll"},
    {"titlecaseletter", "Lt"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"digit", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"punct", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"openpunctuation", "Ps"},
    {"closepunctuation", "Pe"},
    {"initialpunctuation", "Pi"},
    {"finalpunctuation", "Pf"},
    {"otherpunctuation", "Po"},
    {"symbol", "S"},
    {"mathsymbol", "Sm"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"other", "C"},
    {"control", "Cc"},
    {"cntrl", "Cc"},
    {"format", "Cf"},
    {"surrogate", "Cs"},
    {"privateuse", "Co"},
    {"any", "Any"},
    {"ascii", "ASCII"},
    {"lc", "LC"},
};

class Translator {
 public:
  explicit Translator(std::string_view in) : in_(in) {}

  Result<TranslatedRegex> run() {
    out_.names.emplace_back();
    while (at_ < in_.size()) {
      if (!step()) return Error(code_, error_);
    }
    return std::move(out_);
  }

 private:
  bool fail(std::string text, Code code = Code::invalid) {
    code_ = code;
    error_ = std::move(text);
    return false;
  }
  bool starts(std::string_view s) const { return in_.substr(at_).starts_with(s); }
  void copy(size_t n) {
    n = std::min(n, in_.size() - at_);
    out_.pattern.append(in_.substr(at_, n));
    at_ += n;
  }

  bool step() {
    const char c = in_[at_];
    if (c == '\\') return escape();
    if (in_class_) {
      in_class_step(c);
      return true;
    }
    if (c == '[') {
      open_class();
      return true;
    }
    if (c == '{' && !repeat()) return false;
    if (c == '(') return open_group();
    if (c == ')' && depth_ > 0) --depth_;
    copy(1);
    return true;
  }

  void open_class() {
    in_class_ = true;
    copy(1);
    if (starts("^")) copy(1);
    if (starts("]")) copy(1);  // a bracket in first place is a literal
  }
  void in_class_step(char c) {
    if (starts("[:")) {
      const size_t end = in_.find(":]", at_ + 2);
      if (end != std::string_view::npos) return copy(end + 2 - at_);
    }
    if (c == ']') in_class_ = false;
    copy(1);
  }

  // Named groups become plain ones: this RE2 has no (?<name>...) and refuses two groups of one name, Go has both.
  bool open_group() {
    if (++depth_ > regex_depth_max) {
      return fail("expression nests too deeply: `" + std::string(in_) + "`", Code::limit);
    }
    const bool p = starts("(?P<");
    if (!p && !starts("(?<")) {
      if (!starts("(?")) out_.names.emplace_back();
      copy(1);
      return true;
    }
    const size_t open = at_ + (p ? 4 : 3);
    const size_t close = in_.find('>', open);
    if (close == std::string_view::npos) {
      return fail("invalid named capture: `" + std::string(in_.substr(at_)) + "`");
    }
    const std::string_view name = in_.substr(open, close - open);
    bool ok = !name.empty();
    for (char c : name) ok = ok && (text::is_alnum(c) || c == '_');
    if (!ok) {
      return fail("invalid named capture: `" + std::string(in_.substr(at_, close + 1 - at_)) + "`");
    }
    out_.names.emplace_back(name);
    out_.pattern += '(';
    at_ = close + 1;
    return true;
  }

  // RE2 reads a count of many digits as literal text, Go refuses it.
  bool repeat() {
    const size_t close = in_.find('}', at_);
    if (close == std::string_view::npos) return true;
    const std::string_view inside = in_.substr(at_ + 1, close - at_ - 1);
    const bool counts = inside.find_first_not_of("0123456789,") == std::string_view::npos;
    const bool many = inside.size() > 8 && text::is_digit(inside[0]) && counts;
    return !many ||
           fail("invalid repeat count: `" + std::string(in_.substr(at_, close + 1 - at_)) + "`");
  }

  bool escape() {
    const char c = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    if (c == 'C') return fail("invalid escape sequence: `\\C`");  // any byte: RE2 only
    if (c == 'Q' && !in_class_) {
      const size_t end = in_.find("\\E", at_ + 2);
      copy(end == std::string_view::npos ? in_.size() : end + 2 - at_);
      return true;
    }
    if ((c == 'p' || c == 'P') && at_ + 2 < in_.size() && in_[at_ + 2] == '{') return property();
    copy(2);
    return true;
  }

  bool property() {
    const size_t close = in_.find('}', at_);
    if (close == std::string_view::npos) {
      return fail("invalid character class range: `" + std::string(in_.substr(at_)) + "`");
    }
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    bool negated = in_[at_ + 1] == 'P';
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    std::string loose;
    for (char c : name) {
      if (c != ' ' && c != '_' && c != '-') loose += text::lower(c);
    }
    std::string exact(name);
    bool known = loose.size() < 2;
    for (const Alias& a : category_aliases) {
      if (a.loose != loose) continue;
      exact = a.exact;
      known = true;
    }
    // Short categories (lu) and scripts of one word (greek); scripts of several words are taken as written.
    if (!known && text::to_lower(name) == loose) {
      exact = loose;
      exact[0] = text::upper(exact[0]);
    }
    at_ = close + 1;
    emit_property(exact, negated);
    return true;
  }

  void emit_property(std::string_view name, bool negated) {
    const auto put = [&](std::string_view outside, std::string_view inside) {
      out_.pattern += in_class_ ? inside : outside;
    };
    if (name == "ASCII") {
      negated ? put("[^\\x00-\\x7F]", "\\x{80}-\\x{10FFFF}") : put("[\\x00-\\x7F]", "\\x00-\\x7F");
    } else if (name == "LC" && !(negated && in_class_)) {
      negated ? put("[^\\p{Lu}\\p{Ll}\\p{Lt}]", "")
              : put("[\\p{Lu}\\p{Ll}\\p{Lt}]", "\\p{Lu}\\p{Ll}\\p{Lt}");
    } else {
      out_.pattern += negated ? "\\P{" : "\\p{";
      out_.pattern += name;
      out_.pattern += '}';
    }
  }

  std::string_view in_;
  size_t at_ = 0;
  size_t depth_ = 0;
  bool in_class_ = false;
  Code code_ = Code::invalid;
  std::string error_;
  TranslatedRegex out_;
};

}  // namespace

Result<TranslatedRegex> translate_go_regex(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace gateproof::rules
