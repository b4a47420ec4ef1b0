// Texts are those that Traefik 3.7.15 sends for the same answers of a server.
#include <gtest/gtest.h>

#include "engine/base/crypto.h"
#include "engine/middleware/grpc_web_body.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using namespace std::string_literals;
using testing::lines_of;
using testing::Rig;

const std::string message = "\0\0\0\0\3abc"s;
const std::string frame = "\x80\0\0\0\x22grpc-message: ok\r\ngrpc-status: 0\r\n"s;
constexpr const char* options = "allowOrigins: ['https://a.test']";
const std::string binary = "Content-Type: application/grpc-web+proto";
const std::string base64_text = "Content-Type: application/grpc-web-text+proto";

class Streamed final : public http::BodySource {
 public:
  explicit Streamed(std::string text) : text_(std::move(text)) {
    trailers_.add("Grpc-Status", "0");
    trailers_.add("Grpc-Message", "ok");
  }
  std::optional<Result<http::Chunk>> try_read() override {
    return Result<http::Chunk>(http::Chunk{text_, true});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }
  const http::Headers* trailers() const override { return &trailers_; }

 private:
  std::string text_;
  http::Headers trailers_;
};

void answer_grpc(Rig& rig, std::vector<std::pair<std::string, std::string>> extra = {}) {
  rig.end->answer = [extra](Exchange& x) {
    x.response = http::Response::make(200);
    x.response.headers.add("Content-Type", "application/grpc+proto");
    x.response.headers.add("Trailer", "Grpc-Status, Grpc-Message");
    for (const auto& [name, value] : extra) x.response.headers.add(name, value);
    x.response.body = http::Body::stream(std::make_unique<Streamed>(message), std::nullopt);
  };
}

TEST(GrpcWeb, AnswerGetsItsTrailersAsAFrame) {
  for (bool text : {false, true}) {
    Rig rig;
    ASSERT_TRUE(rig.use("grpcWeb", options)) << rig.why;
    answer_grpc(rig);
    const auto x =
        rig.send("/s/m", {text ? base64_text : binary, "Origin: https://a.test"}, "POST");
    const http::Headers& h = x->response.headers;
    EXPECT_EQ(lines_of(rig.end->headers, "Content-Type"), "application/grpc+proto");
    EXPECT_EQ(h.get("Content-Type"),
              text ? "application/grpc-web-text+proto" : "application/grpc-web+proto");
    EXPECT_EQ(lines_of(h, "Vary"), "Origin");
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Origin"), "https://a.test");
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(lines_of(h, "Access-Control-Expose-Headers"),
              "Access-Control-Allow-Credentials, Access-Control-Allow-Origin, Content-Type, Vary, "
              "grpc-status, grpc-message");
    EXPECT_FALSE(h.has("Trailer"));
    EXPECT_FALSE(x->response.body.length()) << "chunked";
    EXPECT_EQ(rig.body_of(*x),
              text ? crypto::base64(message) + crypto::base64(frame) : message + frame);
    EXPECT_EQ(x->response.body.trailers(), nullptr);
  }
}

TEST(GrpcWeb, WhichRequests) {
  struct Row {
    const char *method, *type, *asked;
    bool translated;
  };
  const Row rows[] = {
      {"POST", "application/grpc-web", "", true},
      {"POST", "application/grpc-webX", "", true},
      {"POST", "application/grpc-web-text; a=b", "", true},
      {"POST", "Application/grpc-web", "", false},
      {"POST", "application/grpc", "", false},
      {"POST", "", "", false},
      {"GET", "application/grpc-web", "", false},
      {"OPTIONS", "application/grpc-web", "", false},
      {"OPTIONS", "", "no-X-GRPC-Webby", true},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("grpcWeb", options));
    answer_grpc(rig);
    std::vector<std::string> lines;
    if (*row.type) lines.push_back("Content-Type: " + std::string(row.type));
    if (*row.asked) lines.push_back("Access-Control-Request-Headers: " + std::string(row.asked));
    const auto x = rig.send("/", lines, row.method);
    EXPECT_EQ(x->response.headers.has("Access-Control-Expose-Headers"), row.translated)
        << row.method << " " << row.type;
    EXPECT_EQ(x->response.headers.has("Trailer"), !row.translated);
    EXPECT_EQ(rig.end->calls, 1);
  }
}

TEST(GrpcWeb, RequestBodies) {
  struct Row {
    const char *what, *body, *expected;  // nullptr: refused
  };
  const Row rows[] = {
      {"whole", "AAAAAAJoaQ==", "\0\0\0\0\2hi"},
      {"line breaks", "AAAA\r\nAAJo\naQ==\n", "\0\0\0\0\2hi"},
      {"bits left over", "AAAAAAJoaR==", "\0\0\0\0\2hi"},
      {"empty", "", ""},
      {"a second part", "AAAAAAJoaQ==YWJj", nullptr},
      {"no base64", "AAAA!AAA", nullptr},
      {"URL alphabet", "AAAAAAJo-Q==", nullptr},
      {"blank", "AAAA AAJo", nullptr},
      {"cut by two", "AAAAAAJoaQ", nullptr},
      {"cut by one", "AAAAAAJoaQ=", nullptr},
      {"one character", "A", nullptr},
      {"only padding", "====", nullptr},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("grpcWeb", options));
    auto x = rig.request("/", {base64_text, "Content-Length: 12"}, "POST");
    x->request.body = http::Body::text(row.body);
    rig.run(*x);
    EXPECT_FALSE(rig.end->headers.has("Content-Length")) << row.what;
    EXPECT_FALSE(x->request.body.length()) << row.what << ": chunked";
    const auto read = rig.world.run(http::read_all(x->request.body, 1000));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->has_value(), row.expected != nullptr) << row.what;
    if (!row.expected) {
      EXPECT_EQ(read->error().code, Code::invalid) << "answered with 500";
    } else if (**read != "") {
      EXPECT_EQ(**read, "\0\0\0\0\2hi"s) << row.what;
    }
  }
}

TEST(GrpcWeb, AnswersOfKnownLength) {
  for (bool text : {false, true}) {
    Rig rig;
    ASSERT_TRUE(rig.use("grpcWeb", options));
    rig.end->answer = [](Exchange& x) {
      x.response = http::Response::make(200, message, "application/grpc");
      x.response.headers.add("Content-Length", "8");
    };
    const auto x = rig.send("/", {text ? base64_text : binary}, "POST");
    EXPECT_EQ(lines_of(x->response.headers, "Content-Length"), text ? "-" : "8");
    const std::string empty_frame = "\x80\0\0\0\0"s;
    EXPECT_EQ(rig.body_of(*x),
              text ? crypto::base64(message) + crypto::base64(empty_frame) : message);
  }
}

// What middlewares answer is told in the same way, in one part.
TEST(GrpcWeb, AnswersMadeHere) {
  Rig rig;
  ASSERT_TRUE(rig.use("grpcWeb", options));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(502, "Bad Gateway"); };
  auto x = rig.send("/", {binary}, "POST");
  EXPECT_EQ(rig.body_of(*x), "Bad Gateway\x80\0\0\0\0"s);
  EXPECT_FALSE(x->response.headers.has("Content-Type"));
  EXPECT_EQ(lines_of(x->response.headers, "Access-Control-Expose-Headers"),
            "Content-Type, Vary, grpc-status, grpc-message");
  x = rig.send("/", {base64_text}, "POST");
  EXPECT_EQ(rig.body_of(*x), "QmFkIEdhdGV3YXmAAAAAAA==");
  rig.end->answer = [](Exchange& y) { y.response = http::Response::make(204); };
  x = rig.send("/", {binary}, "POST");
  EXPECT_EQ(rig.body_of(*x), "");
}

TEST(GrpcWeb, TheServersFieldsReplaceThoseOfCors) {
  Rig rig;
  ASSERT_TRUE(rig.use("grpcWeb", options));
  answer_grpc(rig, {{"Vary", "Accept"},
                    {"Access-Control-Expose-Headers", "X"},
                    {"Access-Control-Allow-Origin", "z"},
                    {"Grpc-Status", "1"}});
  const auto x = rig.send("/", {binary, "Origin: https://a.test"}, "POST");
  EXPECT_EQ(lines_of(x->response.headers, "Vary"), "Accept");
  EXPECT_EQ(lines_of(x->response.headers, "Access-Control-Allow-Origin"), "z");
  EXPECT_EQ(lines_of(x->response.headers, "Access-Control-Expose-Headers"),
            "Access-Control-Allow-Credentials, Access-Control-Allow-Origin, "
            "Access-Control-Expose-Headers, Content-Type, Grpc-Status, Vary, grpc-status, "
            "grpc-message");
  EXPECT_EQ(rig.body_of(*x), message + "\x80\0\0\0\x12grpc-message: ok\r\n"s)
      << "a trailer that was a field already is told once";
}

TEST(GrpcWeb, Frames) {
  http::Headers none, many;
  many.add("X-Tr", "a");
  many.add("Grpc-Status", " 5 ");
  many.add("X-Tr", "b\r\nc");
  many.add("Grpc-Message", "");
  EXPECT_EQ(trailers_frame(nullptr, none), "\x80\0\0\0\0"s);
  EXPECT_EQ(trailers_frame(&none, none), "\x80\0\0\0\0"s);
  const std::string text = "grpc-message: \r\ngrpc-status: 5\r\nx-tr: a\r\nx-tr: b  c\r\n";
  EXPECT_EQ(trailers_frame(&many, none), "\x80\0\0\0"s + static_cast<char>(text.size()) + text);
  EXPECT_EQ(trailers_frame(&many, many), "\x80\0\0\0\0"s);
  http::Headers large;
  large.add("a", std::string(66'000, 'x'));
  EXPECT_EQ(trailers_frame(&large, none).substr(0, 5), "\x80\0\1\1\xd5"s) << "a + 66000 + 4 bytes";
}

}  // namespace
}  // namespace gateproof::middleware
