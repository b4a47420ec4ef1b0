// encodedCharacters: refuses paths that hold encoded characters which are not allowed (catalogue 1.5 and 3.2). The path is looked
// at as the middlewares before this one left it.
#include "engine/http/encoded_characters.h"

#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  bool slash = false, back_slash = false, null_character = false, semicolon = false,
       percent = false, question_mark = false, hash = false;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>()
          .field("allowEncodedSlash", &Options::slash, "bool", "false")
          .field("allowEncodedBackSlash", &Options::back_slash, "bool", "false")
          .field("allowEncodedNullCharacter", &Options::null_character, "bool", "false")
          .field("allowEncodedSemicolon", &Options::semicolon, "bool", "false")
          .field("allowEncodedPercent", &Options::percent, "bool", "false")
          .field("allowEncodedQuestionMark", &Options::question_mark, "bool", "false")
          .field("allowEncodedHash", &Options::hash, "bool", "false");
  return s;
}

class EncodedCharacters final : public SyncFilter {
 public:
  explicit EncodedCharacters(http::EncodedCharacters allowed) : allowed_(allowed) {}
  Flow on_request(Exchange& x) override {
    const std::string path = x.request.url.escaped();
    const std::string_view denied = http::denied_character(path, allowed_);
    if (denied.empty()) {
      if (x.trace) x.note(stage, "pass", "no encoded character in the path that is not allowed");
      return Flow::next;
    }
    if (x.trace) {
      x.note(stage, "decide",
             "encoded character " + std::string(denied) + " in the path is not allowed");
    }
    x.response = http::Response::make(400);
    return Flow::answer;
  }

 private:
  http::EncodedCharacters allowed_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  const http::EncodedCharacters allowed{
      o.slash, o.back_slash, o.null_character, o.semicolon, o.percent, o.question_mark, o.hash};
  return std::unique_ptr<Middleware>(std::make_unique<EncodedCharacters>(allowed));
}

}  // namespace

MiddlewareSpec encoded_characters() {
  return {{"encodedCharacters", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
