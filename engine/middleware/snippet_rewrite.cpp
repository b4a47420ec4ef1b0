// rewrite, return and the conditions of if, in snippets of NGINX configuration (catalogue 6.7).
#include "engine/middleware/path_rewrite.h"
#include "engine/middleware/snippet_program.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {

using Step = SnippetProgram::Step;

namespace {

bool is_redirect(int64_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

using Groups = std::vector<rules::Regex::Group>;

std::string group_text(const std::string& text, const rules::Regex::Group& g) {
  return g.matched ? text.substr(g.begin, g.end - g.begin) : "";
}

// $1 to $9, as far as the expression has them.
std::string with_groups(const std::string& replacement, const std::string& text,
                        const Groups& groups) {
  std::string out;
  for (size_t i = 0; i < replacement.size(); ++i) {
    const bool digit = replacement[i] == '$' && i + 1 < replacement.size() &&
                       replacement[i + 1] >= '1' && replacement[i + 1] <= '9';
    const size_t group = digit ? static_cast<size_t>(replacement[i + 1] - '0') : 0;
    if (group == 0 || group >= groups.size()) {
      out += replacement[i];
      continue;
    }
    out += group_text(text, groups[group]);
    ++i;
  }
  return out;
}

// What a path and query become. False: no clean path, which is refused.
bool put_target(http::Request& r, const std::string& target, bool drops_query) {
  const size_t mark = target.find('?');
  if (mark != std::string::npos || drops_query) {
    r.query = mark == std::string::npos ? "" : target.substr(mark + 1);
    r.has_query = !r.query.empty();
  }
  r.url.path = target.substr(0, mark);
  const std::string escaped = r.url.escaped();
  if (escaped.empty()) return true;
  // Traefik sends a path without a slash as it is, which is no target of a request (RFC 9112 section 3.2).
  if (escaped.front() != '/' || http::sanitize_path(escaped) != escaped) return false;
  if (auto again = http::UrlPath::parse(escaped)) r.url = std::move(*again);
  return true;
}

struct Rewrite {
  rules::Regex expression;
  std::string replacement, flag;
  bool drops_query = false, redirects = false;

  bool operator()(SnippetRun& run, http::Request& r) const {
    Groups groups;
    const std::string path = r.url.path;
    if (!expression.find(path, 0, groups)) return false;
    if (path.size() + replacement.size() > snippet_value_bytes_max) {
      run.too_long = true;
      return true;
    }
    const std::string target = run.fill(with_groups(replacement, path, groups));
    if (redirects) {
      run.status = flag == "permanent" ? 301 : 302;
      run.location = target;
      return true;
    }
    if (!put_target(r, target, drops_query)) {
      run.status = 400;
      return true;
    }
    run.x.target_received.clear();
    run.rewritten = true;
    if (flag == "last") run.stops_block = true;
    if (flag == "break") run.stops_all = true;
    return false;
  }
};

std::string_view without_quotes_around(std::string_view s) {
  while (s.starts_with('"')) s.remove_prefix(1);
  while (s.ends_with('"')) s.remove_suffix(1);
  return s;
}

std::vector<std::string> condition_words(const NginxDirective& d) {
  std::string all = text::join(d.parameters, " ");
  const auto is_brace = [](char c) { return c == '(' || c == ')'; };
  while (!all.empty() && is_brace(all.back())) all.pop_back();
  size_t begin = 0;
  while (begin < all.size() && is_brace(all[begin])) ++begin;
  std::vector<std::string> out;
  std::string word;
  for (const char c : all.substr(begin) + " ") {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\v' && c != '\f') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  return out;
}

Result<SnippetCondition> matching(const std::string& variable, const std::string& operation,
                                  const std::string& pattern) {
  const bool any_case = operation.ends_with('*');
  auto regex = rules::Regex::compile((any_case ? "(?i)" : "") + pattern);
  if (!regex)
    return Error(regex.error().code, std::string("compiling ") +
                                         (any_case ? "case-insensitive " : "") +
                                         "regex in condition: " + regex.error().message);
  if (operation.starts_with('!')) {
    return SnippetCondition([variable, regex = std::move(*regex)](SnippetRun& run) {
      return !regex.search(run.fill(variable));
    });
  }
  return SnippetCondition([variable, regex = std::move(*regex)](SnippetRun& run) {
    const std::string value = run.fill(variable);
    Groups groups;
    if (!regex.find(value, 0, groups)) return false;
    for (size_t i = 1; i < groups.size(); ++i)
      run.set("$" + std::to_string(i), group_text(value, groups[i]));
    return true;
  });
}

}  // namespace

Result<SnippetCondition> snippet_condition(const NginxDirective& d) {
  const std::vector<std::string> words = condition_words(d);
  if (words.empty()) return Error(Code::invalid, "empty condition");
  if (words.size() == 1) {
    // A variable that nobody knows stays as it is written.
    return SnippetCondition([variable = words[0]](SnippetRun& run) {
      const std::string value = run.fill(variable);
      return value != variable && !value.empty() && value != "0";
    });
  }
  if (words.size() == 2)
    return Error(Code::invalid, "invalid condition format: " + text::join(words, " "));
  // What stands behind the third word, though it were of the same text, is not looked at (recorded).
  const std::string variable(without_quotes_around(words[0])),
      &operation = words[1], value(without_quotes_around(words[2]));
  if (operation == "=" || operation == "!=") {
    return SnippetCondition([variable, value, equal = operation == "="](SnippetRun& run) {
      return (run.fill(variable) == run.fill(value)) == equal;
    });
  }
  if (operation == "~" || operation == "!~" || operation == "~*" || operation == "!~*")
    return matching(variable, operation, value);
  return Error(Code::invalid, "unsupported operator in condition: " + operation);
}

Result<Step> snippet_rewrite_step(const NginxDirective& d) {
  if (d.parameters.size() < 2)
    return Error(Code::invalid,
                 "rewrite directive requires at least 2 parameters (regex and replacement)");
  Rewrite r;
  r.replacement = nginx_unquoted(d.parameters[1]);
  if (d.parameters.size() > 2) r.flag = d.parameters[2];
  constexpr std::string_view flags[] = {"", "last", "break", "redirect", "permanent"};
  if (std::find(std::begin(flags), std::end(flags), r.flag) == std::end(flags))
    return Error(Code::invalid, "rewrite directive has invalid flag " + text::quote(r.flag));
  auto expression = rules::Regex::compile(d.parameters[0]);
  if (!expression)
    return Error(expression.error().code, "compiling rewrite regex: " + expression.error().message);
  r.expression = std::move(*expression);
  r.drops_query = r.replacement.ends_with('?');
  if (r.drops_query) r.replacement.pop_back();
  r.redirects = r.flag == "redirect" || r.flag == "permanent" ||
                r.replacement.starts_with("http://") || r.replacement.starts_with("https://") ||
                r.replacement.starts_with("$scheme");
  return Step([r = std::move(r)](SnippetRun& run, http::Request& request, SnippetPhases&) {
    return r(run, request);
  });
}

Result<Step> snippet_return_step(const NginxDirective& d) {
  if (d.parameters.empty()) return Error(Code::invalid, "return directive requires parameters");
  const auto code = text::parse_int(d.parameters[0]);
  if (!code) {
    return Step([url = std::string(nginx_unquoted(d.parameters[0]))](
                    SnippetRun& run, http::Request&, SnippetPhases&) {
      run.status = 302;
      run.location = run.fill(url);
      return true;
    });
  }
  const std::string text(d.parameters.size() > 1 ? nginx_unquoted(d.parameters[1]) : "");
  return Step([code = *code, text](SnippetRun& run, http::Request&, SnippetPhases&) {
    const bool sendable = code == 0 || (code >= 100 && code <= 999);
    run.status = sendable ? static_cast<int>(code) : snippet_bad_status;
    if (!text.empty()) (is_redirect(code) ? run.location : run.body) = run.fill(text);
    return true;
  });
}

}  // namespace gateproof::middleware
