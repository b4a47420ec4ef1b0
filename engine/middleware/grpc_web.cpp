// grpcWeb: gRPC-Web from browsers becomes gRPC for the server, and the server's trailers a frame of the answer's body
// (catalogue 3.2; PROTOCOL-WEB.md of gRPC). Behaviour is that of the library that Traefik uses, traefik/grpc-web.
#include "engine/middleware/answers.h"
#include "engine/middleware/grpc_web_body.h"
#include "engine/middleware/grpc_web_cors.h"

namespace gateproof::middleware {
namespace {

constexpr std::string_view grpc = "application/grpc";
constexpr std::string_view web = "application/grpc-web";
constexpr std::string_view web_text = "application/grpc-web-text";

struct Options {
  std::vector<std::string> allow_origins;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>().field("allowOrigins", &Options::allow_origins, "list of strings");
  return s;
}

std::string replace_first(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  const size_t at = out.find(what);
  if (at != std::string::npos) out.replace(at, what.size(), with);
  return out;
}

// By its Content-Type, in this case of letters, with anything behind it.
bool is_grpc_web(const http::Request& r) {
  return r.method == "POST" && r.headers.get("Content-Type").starts_with(web);
}

class GrpcWeb final : public WaitingMiddleware {
 public:
  explicit GrpcWeb(std::vector<std::string> origins) : cors_(std::move(origins)) {}

  Task<void> handle(Exchange& x, Next next) override {
    if (GrpcWebCors::is_preflight(x.request)) {
      cors_.answer_preflight(x);
      co_return;
    }
    if (!GrpcWebCors::concerns(x.request) && !is_grpc_web(x.request)) {
      if (x.trace) x.note(stage, "pass", "no gRPC-Web request: nothing changed");
      co_await next(x);
      co_return;
    }
    http::Headers fields = cors_.fields_for(x.request);
    const bool text = translate_request(x);
    // Guessing is asked for here, outside of the fields that are collected.
    const bool detects = x.detect_content_type;
    const FieldsApart apart(x, FieldsApart::Fields::replacing);
    co_await next(x);
    translate_answer(x, std::move(fields), text, detects);
  }

 private:
  bool translate_request(Exchange& x) const {
    const std::string type(x.request.headers.get("Content-Type"));
    const bool text = type.starts_with(web_text);
    const std::string inner = replace_first(type, text ? web_text : web, grpc);
    x.request.headers.set("Content-Type", inner);
    x.request.headers.remove("Content-Length");
    if (x.request.method != "POST" && x.request.body.empty()) {
      // OPTIONS without a body is sent without one.
    } else if (text) {
      x.request.body = decode_text(std::move(x.request.body));
    } else {
      x.request.body = unsized(std::move(x.request.body));
    }
    if (x.trace) {
      x.note(stage, "request",
             type + " -> " + inner + (text ? ", the body decoded from base64" : ""));
    }
    return text;
  }

  // The same bytes, their number not told: frames of HTTP/2 have no sum.
  static http::Body unsized(http::Body body) {
    if (body.streaming()) return http::Body::stream(body.take_source(), std::nullopt);
    class InMemory final : public http::BodySource {
     public:
      explicit InMemory(http::Body b) : body_(std::move(b)) {}
      std::optional<Result<http::Chunk>> try_read() override { return body_.try_read(); }
      Task<Result<http::Chunk>> read() override { return body_.read(); }

     private:
      http::Body body_;
    };
    return http::Body::stream(std::make_unique<InMemory>(std::move(body)), std::nullopt);
  }

  void translate_answer(Exchange& x, http::Headers fields, bool text, bool detects) const {
    http::Response& r = x.response;
    const std::string_view web_type = text ? web_text : web;
    r.headers.remove("Trailer");
    const bool told = r.headers.has("Content-Length");
    // Traefik sends the plain body's length with the longer base64 text, and cuts it off there.
    if (text && told) r.headers.remove("Content-Length");
    merge_fields(r.headers, fields, web_type, !detects);
    if (!http::body_allowed(r.status)) return;
    if (told && !text) {
      if (x.trace) x.note(stage, "answer", "of known length: no frame for trailers fits in");
      return;
    }
    GrpcWebAnswer answer{text, !r.body.streaming() && !told, r.headers};
    r.body = with_trailers_frame(std::move(r.body), std::move(r.trailers), std::move(answer));
    if (x.trace) {
      x.note(stage, "answer",
             std::to_string(r.status) + " " + std::string(r.headers.get("Content-Type")) +
                 ", the trailers as the body's last frame");
    }
  }

  // The answer's own fields replace those of CORS, name by name; the names of all are told to the browser. Content-Type is
  // among them even when there is none, unless it may be guessed.
  static void merge_fields(http::Headers& h, const http::Headers& cors, std::string_view web_type,
                           bool knows_type) {
    std::vector<std::pair<std::string, std::string>> types;
    for (std::string_view v : h.values("Content-Type"))
      types.emplace_back("Content-Type", replace_first(v, grpc, web_type));
    if (!types.empty()) {
      h.remove("Content-Type");
      for (const auto& [name, value] : types) h.add(name, value);
    }
    for (const auto& f : cors) {
      if (!h.has(f.name)) h.add(f.name, f.value);
    }
    std::set<std::string> names;
    for (const auto& f : h) names.emplace(f.name);
    if (knows_type) names.emplace("Content-Type");
    std::vector<std::string> list(names.begin(), names.end());
    list.insert(list.end(), {"grpc-status", "grpc-message"});
    h.set("Access-Control-Expose-Headers", text::join(list, ", "));
  }

  GrpcWebCors cors_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  return std::unique_ptr<Middleware>(std::make_unique<GrpcWeb>(o.allow_origins));
}

}  // namespace

MiddlewareSpec grpc_web() { return {{"grpcWeb", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
