#include "engine/rules/regex.h"

#include <re2/re2.h>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/rules/regex_translate.h"

namespace gateproof::rules {
namespace {

// The text with each stray byte as U+FFFD, and where each byte of the copy came from.
std::string mended(std::string_view s, std::vector<size_t>* origin) {
  std::string out;
  for (size_t i = 0; i < s.size();) {
    const size_t n = text::utf8_length(s.substr(i));
    const std::string_view piece = n ? s.substr(i, n) : std::string_view("\xEF\xBF\xBD");
    for (size_t k = 0; origin && k < piece.size(); ++k) origin->push_back(i + (n ? k : 0));
    out += piece;
    i += n ? n : 1;
  }
  if (origin) origin->push_back(s.size());
  return out;
}

std::string go_error(const re2::RE2& re, std::string_view pattern) {
  using re2::RE2;
  const std::string arg = re.error_arg();
  const auto with = [&](std::string_view what, std::string_view a) {
    return std::string(what) + ": `" + std::string(a) + "`";
  };
  switch (re.error_code()) {
    case RE2::ErrorBadEscape: return with("invalid escape sequence", arg);
    case RE2::ErrorBadCharClass:
    case RE2::ErrorBadCharRange: return with("invalid character class range", arg);
    case RE2::ErrorMissingBracket: return with("missing closing ]", arg);
    case RE2::ErrorMissingParen: return with("missing closing )", pattern);
    case RE2::ErrorUnexpectedParen: return with("unexpected )", pattern);
    case RE2::ErrorTrailingBackslash: return with("trailing backslash at end of expression", "");
    case RE2::ErrorRepeatArgument: return with("missing argument to repetition operator", arg);
    case RE2::ErrorRepeatSize: return with("invalid repeat count", arg);
    case RE2::ErrorRepeatOp: return with("invalid nested repetition operator", arg);
    case RE2::ErrorBadPerlOp: return with("invalid or unsupported Perl syntax", arg);
    case RE2::ErrorBadUTF8: return with("invalid UTF-8", arg);
    case RE2::ErrorBadNamedCapture: return with("invalid named capture", arg);
    default: return with("expression too large", pattern);
  }
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > regex_bytes_max) {
    return Error(Code::limit, "error parsing regexp: expression of " +
                                  std::to_string(pattern.size()) + " bytes; regex_bytes_max is " +
                                  std::to_string(regex_bytes_max));
  }
  auto translated = translate_go_regex(pattern);
  if (!translated) {
    return Error(translated.error().code, "error parsing regexp: " + translated.error().message);
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(static_cast<int64_t>(regex_memory_bytes_max));
  Regex r;
  r.pattern_ = pattern;
  auto re = std::make_shared<re2::RE2>(translated->pattern, options);
  if (!re->ok()) {
    const bool big = re->error_code() == re2::RE2::ErrorPatternTooLarge;
    return Error(big ? Code::limit : Code::invalid,
                 "error parsing regexp: " + go_error(*re, pattern));
  }
  r.names_ = std::move(translated->names);
  r.plain_ = PlainRegex::of(pattern);
  r.re_ = std::move(re);
  return r;
}

bool Regex::search(std::string_view text) const {
  if (plain_) return plain_->match(text).has_value();
  if (!text::is_utf8(text)) return re2::RE2::PartialMatch(mended(text, nullptr), *re_);
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *re_);
}

// A text as RE2 is to see it.
struct Regex::Subject {
  explicit Subject(std::string_view s) : text(s) {
    if (text::is_utf8(s)) return;
    copy = mended(s, &origin);
    text = copy;
  }
  Subject(const Subject&) = delete;
  std::string_view text;
  std::string copy;
  std::vector<size_t> origin;  // of each byte of the copy; empty: it is the text itself
};

bool Regex::find(std::string_view text, size_t from, std::vector<Group>& groups) const {
  groups.resize(names_.size());
  if (plain_) return from == 0 && match_plain(text, groups);
  return match(Subject(text), from, groups);
}

bool Regex::match_plain(std::string_view text, std::span<Group> groups) const {
  const std::optional<size_t> end = plain_->match(text);
  if (!end) return false;
  groups[0] = {0, *end, true};
  if (groups.size() > 1) groups[1] = {plain_->group_begin(), *end, true};
  return true;
}

bool Regex::match(const Subject& subject, size_t from, std::span<Group> groups) const {
  const std::vector<size_t>& origin = subject.origin;
  const size_t start =
      origin.empty() ? from
                     : static_cast<size_t>(std::lower_bound(origin.begin(), origin.end(), from) -
                                           origin.begin());
  std::array<re2::StringPiece, groups_usual> few;
  std::vector<re2::StringPiece> many(names_.size() > groups_usual ? names_.size() : 0);
  const std::span<re2::StringPiece> parts =
      many.empty() ? std::span(few).first(names_.size()) : std::span(many);
  const re2::StringPiece piece(subject.text.data(), subject.text.size());
  if (!re_->Match(piece, start, piece.size(), re2::RE2::UNANCHORED, parts.data(),
                  static_cast<int>(parts.size()))) {
    return false;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    groups[i] = {};
    if (parts[i].data() == nullptr) continue;
    size_t begin = parts[i].data() - piece.data();
    size_t end = begin + parts[i].size();
    if (!origin.empty()) {
      begin = origin[begin];
      end = origin[end];
    }
    groups[i] = {begin, end, true};
  }
  return true;
}

GoTemplate Regex::prepared(std::string_view go_template) const {
  return GoTemplate(go_template, names_);
}

std::string Regex::replace_all(std::string_view text, std::string_view go_template) const {
  std::optional<std::string> out = replaced(text, go_template);
  return out ? std::move(*out) : std::string(text);
}

std::optional<std::string> Regex::replaced(std::string_view text,
                                           std::string_view go_template) const {
  return replaced(text, prepared(go_template));
}

std::optional<std::string> Regex::replaced(std::string_view text, const GoTemplate& with) const {
  std::string out;
  if (plain_) {
    std::array<Group, 2> both;
    const std::span<Group> groups = std::span(both).first(names_.size());
    if (!match_plain(text, groups)) return std::nullopt;
    with.expand(out, text, groups);
    out += text.substr(groups[0].end);
    return out;
  }
  const Subject subject(text);
  std::array<Group, groups_usual> few;
  std::vector<Group> many(names_.size() > groups_usual ? names_.size() : 0);
  const std::span<Group> groups =
      many.empty() ? std::span(few).first(names_.size()) : std::span(many);
  size_t copied = 0;
  size_t search_at = 0;
  bool any = false;
  while (search_at <= text.size() && match(subject, search_at, groups)) {
    const Group whole = groups[0];
    out += text.substr(copied, whole.begin - copied);
    // An empty match right after the one before it is not replaced (Go's rule).
    if (whole.end > copied || whole.begin == 0 || !any) with.expand(out, text, groups);
    copied = whole.end;
    any = true;
    if (whole.end > search_at) {
      search_at = whole.end;
    } else {
      const size_t n = search_at < text.size()
                           ? std::max<size_t>(1, text::utf8_length(text.substr(search_at)))
                           : 1;
      search_at += n;
    }
  }
  if (!any) return std::nullopt;
  if (copied < text.size()) out += text.substr(copied);
  return out;
}

}  // namespace gateproof::rules
