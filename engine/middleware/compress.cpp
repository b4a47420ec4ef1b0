// compress: gzip, brotli and zstd for answers (catalogue 3.2).
#include "engine/http/body_start.h"
#include "engine/http/content_sniff.h"
#include "engine/middleware/compress_encoder.h"
#include "engine/middleware/media_type.h"
#include "engine/middleware/middleware.h"
#include "engine/upstream/flushed.h"

namespace gateproof::middleware {
namespace {

constexpr int64_t min_response_body_bytes_default = 1024;
// A small compressed answer of a body that streams in is sent with its length, as Go's server does: up to this size, and
// only if it is there before Traefik's flush interval has passed.
constexpr size_t known_length_bytes_max = 2048;
constexpr Duration known_length_wait = std::chrono::milliseconds(100);
constexpr http::HeaderName no_compression("No-Gzip-Compression");

struct Options {
  std::vector<std::string> encodings{"gzip", "br", "zstd"};
  std::string default_encoding;
  int64_t min_response_body_bytes = min_response_body_bytes_default;
  std::vector<std::string> excluded_content_types, included_content_types;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>()
          .field("encodings", &Options::encodings, "list of strings", "gzip, br, zstd")
          .field("defaultEncoding", &Options::default_encoding, "string")
          .field("minResponseBodyBytes", &Options::min_response_body_bytes, "int", "1024")
          .at_least(0)
          .field("excludedContentTypes", &Options::excluded_content_types, "list of strings")
          .field("includedContentTypes", &Options::included_content_types, "list of strings");
  return s;
}

using Types = std::vector<std::string>;

struct Settings {
  std::vector<Coding> preference;
  std::optional<Coding> default_coding;
  uint64_t min_bytes = min_response_body_bytes_default;
  Types excluded, included;
};

bool listed(const Types& types, const std::string& type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

class Compress final : public WaitingMiddleware {
 public:
  explicit Compress(Settings s) : s_(std::move(s)) {}

  Task<void> handle(Exchange& x, Next next) override {
    const std::optional<CodingChoice> choice = choose(x.request);
    const bool codes = choice && !choice->only_vary;
    if (x.trace) x.note(stage, "decide", told_choice(x.request, choice));
    if (choice) ++x.vary_lines;  // before the answer: what stands inside sees and may replace it
    const bool held_outside = x.answer_held;
    const bool flush_held = x.flush_held;
    x.flush_held = flush_held || (codes && choice->coding != Coding::gzip);
    co_await next(x);
    x.flush_held = flush_held;
    // The gzip stage's library has a field by which an answer asks to be left alone, and takes it away.
    const bool forbidden = choice && choice->coding == Coding::gzip && x.response.status != 101 &&
                           x.response.headers.remove(no_compression) > 0;
    if (!codes) co_return;
    const bool held = x.answer_held && !held_outside;  // by somebody inside, who lets no flush out
    const bool flushed = !held && upstream::streams_events(x);
    const std::string_view unwanted = forbidden ? std::string_view("the answer forbids it")
                                                : co_await why_not(x, choice->coding, flushed);
    if (x.trace && !x.look_beyond) {
      x.note(stage, "answer",
             unwanted.empty() ? "compressed with " + std::string(coding_name(choice->coding))
                              : "as it is: " + std::string(unwanted));
    }
    if (unwanted.empty()) co_await encode(x, choice->coding);
  }

 private:
  std::optional<CodingChoice> choose(const http::Request& r) const {
    if (r.method == "HEAD") return std::nullopt;
    if (const auto type = r.headers.find("Content-Type")) {
      const auto parsed = parse_media_type(*type);
      if (parsed && listed(s_.excluded, *parsed)) return std::nullopt;
    }
    if (!r.headers.has("Accept-Encoding")) {
      return choose_coding(std::nullopt, s_.preference, s_.default_coding);
    }
    // All lines are read to choose, the gzip stage then looks at the first one only.
    return choose_coding(r.headers.joined("Accept-Encoding"), s_.preference, s_.default_coding,
                         r.headers.get("Accept-Encoding"));
  }

  static std::string told_choice(const http::Request& r,
                                 const std::optional<CodingChoice>& choice) {
    if (!choice) {
      if (r.method == "HEAD") return "not for HEAD";
      return r.headers.has("Accept-Encoding") ? "the client takes no coding that is offered"
                                              : "no Accept-Encoding, or an excluded type";
    }
    if (choice->only_vary) return "no coding, Vary only";
    return std::string(coding_name(choice->coding)) + " if the answer is fit for it";
  }

  // Why an answer is left as it is; "" if it is to be compressed.
  Task<std::string_view> why_not(Exchange& x, Coding coding, bool flushed) const {
    const http::Response& r = x.response;
    if (!http::body_allowed(r.status) || r.body.empty()) co_return "it has no body";
    if (!r.headers.get("Content-Encoding").empty()) co_return "it has a coding";
    if (coding == Coding::gzip && !r.headers.get("Content-Range").empty())
      co_return "it is a range";
    // A flush makes the other stage compress what it has, however little that is.
    const bool waits = coding == Coding::gzip || !flushed;
    if (waits && r.body.length() && *r.body.length() < s_.min_bytes)
      co_return "it is shorter than the minimum";
    std::string type(r.headers.get("Content-Type"));
    const bool by_type = !s_.included.empty() || s_.excluded.size() > 1;  // grpc alone is no guess
    const bool tells = x.detect_content_type || x.fields_apart;
    if (type.empty() && coding == Coding::gzip && (by_type || tells)) {
      // The gzip stage goes by what it has gathered, and tells it where nothing says "none" (FieldsApart).
      type = co_await guess(x.response);
      if (tells && !type.empty() && !r.headers.has("Content-Type"))
        x.response.headers.add("Content-Type", type);
    }
    co_return type_wanted(type, coding) ? "" : "its type is left out";
  }

  // The gzip stage takes a type that cannot be read for one that is not listed; the other stage leaves such answers alone,
  // but takes a missing type for a listed one.
  bool type_wanted(std::string_view text, Coding coding) const {
    const bool gzip = coding == Coding::gzip;
    if (text.empty()) return !gzip || s_.included.empty();
    const auto type = parse_media_type(text);
    if (!type) return gzip && s_.included.empty();
    return s_.included.empty() ? !listed(s_.excluded, *type) : listed(s_.included, *type);
  }

  static void mark(http::Headers& h, Coding coding) {
    h.set("Content-Encoding", coding_name(coding));
    h.remove("Content-Length");
    if (coding == Coding::gzip) h.remove("Accept-Ranges");
  }

  static Task<std::string> guess(http::Response& r);
  Task<void> encode(Exchange& x, Coding coding);
  Settings s_;
};

// The type of the first bytes, which stay in the body; "" when there are none.
Task<std::string> Compress::guess(http::Response& r) {
  if (!r.body.streaming()) co_return std::string(http::detect_content_type(r.body.bytes()));
  const std::optional<uint64_t> length = r.body.length();
  http::BodyStart start;
  co_await http::read_start(r.body, length ? http::sniff_bytes_max : 0, start);
  std::string type;
  if (!start.bytes.empty()) type = http::detect_content_type(start.bytes);
  r.body = http::with_start(std::move(start), std::move(r.body), length);
  co_return type;
}

Task<void> Compress::encode(Exchange& x, Coding coding) {
  http::Response& r = x.response;
  if (!r.body.streaming()) {
    auto text = encode_all(coding, r.body.bytes());
    if (!text) co_return;
    mark(r.headers, coding);
    r.body = http::Body::text(std::move(*text));
    co_return;
  }
  const bool known = r.body.length().has_value();
  http::Body inner = std::move(r.body);
  if (!known) {
    // A body of unknown length is compressed from its first byte on, however short it is; one without any byte is not.
    http::BodyStart first;
    co_await http::read_start(inner, 0, first);
    if (first.bytes.empty()) {
      r.body =
          first.error ? http::with_start(std::move(first), std::move(inner)) : http::Body::text("");
      co_return;
    }
    inner = http::with_start(std::move(first), std::move(inner));
  }
  mark(r.headers, coding);
  auto source = std::make_unique<CompressedBody>(coding, std::move(inner));
  http::Body body = http::Body::stream(std::move(source), std::nullopt);
  if (!known) {
    r.body = std::move(body);
    co_return;
  }
  http::BodyStart start;
  const Instant deadline = x.env->scheduler.now() + known_length_wait;
  Task<bool> reading = http::read_start(body, known_length_bytes_max, start);
  co_await with_deadline<bool>(x.env->scheduler, deadline, std::move(reading));
  if (start.last) {
    r.body = http::Body::text(std::move(start.bytes));
  } else {
    r.body = http::with_start(std::move(start), std::move(body));
  }
}

Result<Types> media_types(const std::vector<std::string>& list, std::string_view what) {
  Types out;
  for (const std::string& text : list) {
    auto type = parse_media_type(text);
    if (!type) {
      return Error(
          Code::invalid, "parsing " + std::string(what) + " media type: " + type.error().message,
          SourceSpan(),
          "write media types such as text/html in `" + std::string(what) + "ContentTypes`");
    }
    out.push_back(std::move(*type));
  }
  return out;
}

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (!o.excluded_content_types.empty() && !o.included_content_types.empty()) {
    return Error(Code::invalid,
                 "excludedContentTypes and includedContentTypes options are mutually exclusive");
  }
  auto excluded = media_types(o.excluded_content_types, "excluded");
  if (!excluded) return excluded.error();
  auto included = media_types(o.included_content_types, "included");
  if (!included) return included.error();
  Settings s;
  s.excluded = std::move(*excluded);
  s.excluded.push_back("application/grpc");
  s.included = std::move(*included);
  if (o.min_response_body_bytes > 0) s.min_bytes = static_cast<uint64_t>(o.min_response_body_bytes);
  const std::vector<std::string> names = o.encodings.empty() ? Options().encodings : o.encodings;
  for (const std::string& name : names) {
    const auto coding = coding_by_name(name);
    if (!coding)
      return Error(Code::invalid, "unsupported encoding: " + name, SourceSpan(),
                   "write gzip, br and zstd in `encodings`");
    s.preference.push_back(*coding);
  }
  if (!o.default_encoding.empty()) {
    if (std::find(names.begin(), names.end(), o.default_encoding) == names.end()) {
      return Error(Code::invalid, "unsupported default encoding: " + o.default_encoding,
                   SourceSpan(), "write one of `encodings` in `defaultEncoding`");
    }
    s.default_coding = coding_by_name(o.default_encoding);
  }
  return std::unique_ptr<Middleware>(std::make_unique<Compress>(std::move(s)));
}

}  // namespace

MiddlewareSpec compress() { return {{"compress", &schema(), make_options<Options>, true}, build}; }

}  // namespace gateproof::middleware
