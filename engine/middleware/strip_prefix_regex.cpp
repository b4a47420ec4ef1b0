// stripPrefixRegex: takes what the first matching expression matched off the front of the path (catalogue 3.2).
#include "engine/middleware/path_rewrite.h"
#include "engine/rules/regex.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> regex;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>().field("regex", &Options::regex, "list of strings");
  return s;
}

class StripPrefixRegex final : public SyncFilter {
 public:
  explicit StripPrefixRegex(std::vector<rules::Regex> expressions)
      : expressions_(std::move(expressions)) {}

  Flow on_request(Exchange& x) override {
    std::vector<rules::Regex::Group> groups;
    for (const rules::Regex& e : expressions_) {
      const std::string& path = x.request.url.path;
      if (!e.find(path, 0, groups)) continue;
      const std::string match = path.substr(groups[0].begin, groups[0].end - groups[0].begin);
      // The text of the match counts, not its place: an expression may match later what the path also begins with.
      if (match.empty() || !path.starts_with(match)) continue;
      // Told first: what stands outside (a page of `errors`) sees it even where the rest is refused.
      x.request.headers.add("X-Forwarded-Prefix", match);
      return strip_and_check(x, match);
    }
    if (x.trace) x.note(stage, "pass", x.request.url.path + " begins with no match");
    return Flow::next;
  }

 private:
  std::vector<rules::Regex> expressions_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  std::vector<rules::Regex> expressions;
  for (const std::string& text : static_cast<const Options*>(options)->regex) {
    auto e = rules::Regex::compile(text::trim(text));
    if (!e) return e.error();
    expressions.push_back(std::move(*e));
  }
  return std::unique_ptr<Middleware>(std::make_unique<StripPrefixRegex>(std::move(expressions)));
}

}  // namespace

MiddlewareSpec strip_prefix_regex() {
  return {{"stripPrefixRegex", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
