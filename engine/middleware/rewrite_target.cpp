// rewrite-target of ingress-nginx: the path becomes what an expression, that of the location, makes of it; a whole URL sends the
// client there (catalogue 6.7).
#include "engine/middleware/answers.h"
#include "engine/middleware/auth_server.h"
#include "engine/middleware/path_rewrite.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string regex, replacement, forwarded_prefix;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("regex", &Options::regex, "string")
                            .field("replacement", &Options::replacement, "string")
                            .field("xForwardedPrefix", &Options::forwarded_prefix, "string");
  return s;
}

// Without an expression there is nothing that $1 could be.
std::string without_groups(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t digits = 0;
    if (text[i] == '$') {
      while (i + 1 + digits < text.size() && text::is_digit(text[i + 1 + digits])) ++digits;
    }
    if (digits == 0) {
      out += text[i++];
    } else {
      i += 1 + digits;
    }
  }
  return out;
}

class RewriteTarget final : public SyncFilter {
 public:
  RewriteTarget(std::optional<rules::Regex> expression, Options o, bool redirects)
      : expression_(std::move(expression)), o_(std::move(o)), redirects_(redirects) {}

  Flow on_request(Exchange& x) override {
    const std::string path = shown_path(x.request.url);
    if (expression_ && !expression_->search(path)) {
      if (x.trace) x.note(stage, "pass", path + " does not match");
      return Flow::next;
    }
    const std::string target = filled(path, o_.replacement);
    if (target.empty()) {
      answer_error(x, 500, http::status_text(500));
      return Flow::answer;
    }
    if (redirects_) return send_to(x, target);
    if (!o_.forwarded_prefix.empty()) {
      x.request.headers.set("X-Forwarded-Prefix",
                            expression_ ? filled(path, o_.forwarded_prefix) : o_.forwarded_prefix);
    }
    return put_path(x, target, true);
  }

 private:
  std::string filled(const std::string& path, const std::string& with) const {
    return expression_ ? expression_->replace_all(path, with) : without_groups(with);
  }

  static Flow send_to(Exchange& x, const std::string& target) {
    auto url = parse_go_url(target);
    if (!url) {
      answer_error(x, 500, http::status_text(500));
      return Flow::answer;
    }
    if (url->query.empty()) url->query = x.request.query;
    go_redirect(x, url->to_string(), 302);
    return Flow::answer;
  }

  std::optional<rules::Regex> expression_;
  Options o_;
  bool redirects_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  Options o = *static_cast<const Options*>(options);
  if (o.replacement.empty()) return Error(Code::invalid, "replacement cannot be empty");
  const auto whole = parse_go_url(o.replacement);
  const bool redirects = whole && !whole->scheme.empty();
  o.replacement = text::trim(o.replacement);
  std::optional<rules::Regex> expression;
  if (!o.regex.empty()) {
    const std::string pattern = "(?i)" + std::string(text::trim(o.regex));
    auto made = rules::Regex::compile(pattern);
    if (made && made->group_count() < 2 && redirects) made = rules::Regex::compile(pattern + ".*");
    if (!made) {
      return Error(Code::invalid,
                   "compiling regular expression " + o.regex + ": " + made.error().message);
    }
    expression = std::move(*made);
  }
  return std::unique_ptr<Middleware>(
      std::make_unique<RewriteTarget>(std::move(expression), std::move(o), redirects));
}

}  // namespace

ProviderSpec rewrite_target() {
  return {{"rewriteTarget", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
