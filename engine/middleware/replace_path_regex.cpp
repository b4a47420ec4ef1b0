// replacePathRegex: rewrites the escaped path where an expression matches (catalogue 3.2).
#include "engine/middleware/path_rewrite.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string regex;
  std::string replacement;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("regex", &Options::regex, "string")
                            .field("replacement", &Options::replacement, "string");
  return s;
}

class ReplacePathRegex final : public SyncFilter {
 public:
  ReplacePathRegex(rules::Regex expression, std::string_view replacement)
      : expression_(std::move(expression)), replacement_(expression_.prepared(replacement)) {}

  Flow on_request(Exchange& x) override {
    const std::string path = shown_path(x.request.url);
    const std::optional<std::string> to = expression_.replaced(path, replacement_);
    if (!to) {
      if (x.trace) x.note(stage, "pass", path + " does not match");
      return Flow::next;
    }
    return replace_and_continue(x, *to, true);
  }

 private:
  rules::Regex expression_;
  rules::GoTemplate replacement_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  const std::string_view regex = text::trim(o.regex);
  auto e = rules::Regex::compile(regex);
  if (!e) {
    return Error(e.error().code, "error compiling regular expression " + std::string(regex) + ": " +
                                     e.error().message);
  }
  return std::unique_ptr<Middleware>(
      std::make_unique<ReplacePathRegex>(std::move(*e), text::trim(o.replacement)));
}

}  // namespace

MiddlewareSpec replace_path_regex() {
  return {{"replacePathRegex", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
