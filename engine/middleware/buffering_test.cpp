#include <gtest/gtest.h>

#include "engine/middleware/replay.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

http::Body pieces(Rig& rig, std::vector<std::string> texts, std::optional<uint64_t> length = {}) {
  return http::Body::stream(
      std::make_unique<testing::Pieces>(rig.world.scheduler, std::move(texts), Duration(0)),
      length);
}

TEST(Buffering, RequestLimits) {
  struct Row {
    const char *clause, *options;
    std::vector<std::string> body;
    bool known;
    int status;
  };
  const Row rows[] = {
      {"known, at the limit", "maxRequestBodyBytes: 4", {"abcd"}, true, 200},
      {"known, one over", "maxRequestBodyBytes: 4", {"abcde"}, true, 413},
      {"chunked, at the limit", "maxRequestBodyBytes: 4", {"ab", "cd"}, false, 200},
      {"chunked, one over", "maxRequestBodyBytes: 4", {"ab", "cd", "e"}, false, 413},
      {"zero is none", "maxRequestBodyBytes: 0", {"ab", "cd", "e"}, false, 200},
      {"memory is no limit",
       "{maxRequestBodyBytes: 5, memRequestBodyBytes: 1}",
       {"abcde"},
       true,
       200},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("buffering", row.options)) << rig.why;
    std::string whole, got;
    for (const auto& p : row.body) whole += p;
    std::optional<uint64_t> length;
    rig.end->answer = [&](Exchange& x) {
      length = x.request.body.length();
      got = **rig.world.run(http::read_all(x.request.body, 1000));
      x.response = http::Response::make(200, "ok");
    };
    auto x = rig.request("/", {}, "POST");
    std::optional<uint64_t> known;
    if (row.known) known = whole.size();
    x->request.body = pieces(rig, row.body, known);
    rig.run(*x);
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(rig.end->calls, row.status == 200) << row.clause;
    if (row.status == 200) {
      EXPECT_EQ(got, whole) << row.clause;
      EXPECT_EQ(length, whole.size()) << row.clause << ": the length is known afterwards";
    } else {
      EXPECT_EQ(rig.body_of(*x), "Request Entity Too Large") << row.clause;
    }
  }
}

TEST(Buffering, RequestsThatBreakOff) {
  for (const auto& [code, status] : {std::pair(Code::protocol, 500), std::pair(Code::timeout, 504),
                                     std::pair(Code::canceled, 499)}) {
    Rig rig;
    ASSERT_TRUE(rig.use("buffering", "maxRequestBodyBytes: 100"));
    auto source = std::make_unique<testing::Pieces>(rig.world.scheduler,
                                                    std::vector<std::string>{"ab"}, Duration(0));
    source->fail_at_end = Error(code, Source::downstream, "broken");
    auto x = rig.request("/", {}, "POST");
    x->request.body = http::Body::stream(std::move(source), 5);
    rig.run(*x);
    EXPECT_EQ(x->response.status, status);
    EXPECT_EQ(rig.end->calls, 0);
  }
}

TEST(Buffering, KeptBytesAreBounded) {
  // The bound itself, without reading so much: a body that says it is larger is refused by its length.
  Rig rig;
  ASSERT_TRUE(rig.use("buffering", "maxRequestBodyBytes: 0"));
  const auto ask = [&](uint64_t length) {
    auto x = rig.request("/", {}, "POST");
    x->request.body = pieces(rig, {"a"}, length);
    rig.run(*x);
    return x->response.status;
  };
  EXPECT_EQ(kept_body_bytes_max, 256u << 20);
  EXPECT_EQ(ask(kept_body_bytes_max), 200);
  EXPECT_EQ(ask(kept_body_bytes_max + 1), 413);
}

TEST(Buffering, AnswerLimits) {
  struct Row {
    const char* clause;
    std::vector<std::string> body;
    std::optional<uint64_t> length;
    int status;
  };
  const Row rows[] = {
      {"at the limit", {"ab", "cd"}, 4, 200},
      {"one over", {"ab", "cde"}, 5, 500},
      {"length unknown, at the limit", {"ab", "cd"}, std::nullopt, 200},
      {"length unknown, one over", {"ab", "cde"}, std::nullopt, 500},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("buffering", "maxResponseBodyBytes: 4"));
    rig.end->answer = [&](Exchange& x) {
      x.response = http::Response::make(200);
      x.response.headers.add("X-A", "1");
      x.response.body = pieces(rig, row.body, row.length);
    };
    const auto x = rig.send("/");
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(rig.body_of(*x), row.status == 200 ? "abcd" : "Internal Server Error") << row.clause;
    EXPECT_EQ(x->response.headers.has("X-A"), row.status == 200) << row.clause;
  }
}

TEST(Buffering, AnswersWithoutBody) {
  for (const auto& [method, status, header] :
       {std::tuple("HEAD", 200, ""), std::tuple("GET", 204, ""), std::tuple("GET", 304, ""),
        std::tuple("GET", 200, "Grpc-Status")}) {
    Rig rig;
    ASSERT_TRUE(rig.use("buffering", "maxResponseBodyBytes: 4"));
    rig.end->answer = [&](Exchange& x) {
      x.response = http::Response::make(status);
      x.response.headers.add("X-A", "1");
      if (*header) x.response.headers.add(header, "7");
      if (*header) x.response.body = http::Body::text("much too long");
    };
    const auto x = rig.send("/", {}, method);
    EXPECT_EQ(x->response.status, status);
    EXPECT_TRUE(x->response.headers.has("X-A"));
    EXPECT_TRUE(x->response.body.empty());
  }
}

TEST(Buffering, LengthOfAnAnswer) {
  Rig rig;
  ASSERT_TRUE(rig.use("buffering", "maxResponseBodyBytes: 100000"));
  const auto length_of = [&](size_t size, bool trailers,
                             http::Version version = http::Version::http11) {
    rig.end->answer = [&](Exchange& x) {
      x.response = http::Response::make(200);
      x.response.body = pieces(rig, {std::string(size, 'x')});
      if (!trailers) return;
      x.response.headers.add("Trailer", "X-T");
      x.response.trailers = std::make_unique<http::Headers>();
      x.response.trailers->add("X-T", "v");
    };
    const auto x = rig.request("/");
    x->request.version = version;
    rig.run(*x);
    EXPECT_EQ(testing::lines_of(x->response.headers, "X-T"), trailers ? "v" : "-");
    // Announced ones are in the head now, from where the server repeats them (pipeline/announced_trailers.h).
    EXPECT_EQ(x->response.body.trailers(), nullptr);
    return x->response.body.length();
  };
  EXPECT_EQ(length_of(2048, false), 2048u) << "what Go's server holds back whole";
  EXPECT_EQ(length_of(2049, false), std::nullopt);
  EXPECT_EQ(length_of(3, true), std::nullopt);
  EXPECT_EQ(length_of(4096, false, http::Version::http2), 4096u);
  EXPECT_EQ(length_of(4097, false, http::Version::http2), std::nullopt);
  EXPECT_EQ(length_of(4096, true, http::Version::http2), 4096u) << "both have their place there";
  EXPECT_EQ(length_of(4097, true, http::Version::http2), std::nullopt);
}

TEST(Buffering, ServersThatBreakOff) {
  Rig rig;
  ASSERT_TRUE(rig.use("buffering", "maxResponseBodyBytes: 100"));
  rig.end->answer = [&](Exchange& x) {
    auto source = std::make_unique<testing::Pieces>(rig.world.scheduler,
                                                    std::vector<std::string>{"ab"}, Duration(0));
    source->fail_at_end = Error(Code::reset, Source::upstream, "cut short");
    x.response = http::Response::make(200);
    x.response.body = http::Body::stream(std::move(source), 5);
  };
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 500);
  EXPECT_EQ(rig.body_of(*x), "Internal Server Error\n");
}

TEST(Buffering, AsksAgain) {
  struct Row {
    const char *clause, *expression, *method, *body;
    std::vector<int> statuses;
    int status, calls;
  };
  const Row rows[] = {
      {"status", "ResponseCode() == 503", "POST", "x", {503, 503, 200}, 200, 3},
      {"9.25 not without a body", "ResponseCode() == 503", "GET", "", {503, 200}, 503, 1},
      {"attempts", "ResponseCode() == 503 && Attempts() < 2", "POST", "x", {503}, 503, 2},
      {"network errors", "IsNetworkError()", "POST", "x", {502, 504, 500}, 500, 3},
      {"method", "RequestMethod() == \"PUT\"", "POST", "x", {503}, 503, 1},
      {"ten times at most", "Attempts() > 0", "POST", "x", {200}, 200, 11},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("buffering", "retryExpression: '" + std::string(row.expression) + "'"))
        << rig.why;
    std::vector<std::string> bodies;
    rig.end->answer = [&](Exchange& x) {
      bodies.push_back(**rig.world.run(http::read_all(x.request.body, 1000)));
      const size_t i = std::min(bodies.size() - 1, row.statuses.size() - 1);
      x.request.method = "CHANGED";
      x.response = http::Response::make(row.statuses[i], "try " + std::to_string(bodies.size()));
    };
    auto x = rig.request("/", {}, row.method);
    x->request.body = http::Body::text(row.body);
    rig.run(*x);
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(rig.end->calls, row.calls) << row.clause;
    EXPECT_EQ(rig.body_of(*x), "try " + std::to_string(row.calls)) << row.clause;
    EXPECT_EQ(bodies, std::vector<std::string>(static_cast<size_t>(row.calls), row.body));
  }
}

TEST(Buffering, StepsAsideForTunnels) {
  Rig rig;
  ASSERT_TRUE(rig.use("buffering", "retryExpression: 'ResponseCode() == 101'"));
  rig.end->answer = [](Exchange& x) {
    x.response = http::Response::make(101);
    x.tunnel = std::make_unique<http::Tunnel>();
  };
  auto x = rig.request("/", {}, "POST");
  x->request.body = http::Body::text("x");
  rig.run(*x);
  EXPECT_EQ(x->response.status, 101);
  EXPECT_EQ(rig.end->calls, 1);
}

TEST(Buffering, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("buffering", yaml); };
  EXPECT_EQ(error("maxRequestBodyBytes: -1"), "max bytes should be >= 0 got -1");
  EXPECT_EQ(error("{memRequestBodyBytes: -1, maxRequestBodyBytes: -2}"),
            "mem bytes should be >= 0 got -1");
  EXPECT_EQ(error("memResponseBodyBytes: -3"), "mem bytes should be >= 0 got -3");
  EXPECT_EQ(error("maxResponseBodyBytes: -4"), "max bytes should be >= 0 got -4");
  const auto made = rig.build("buffering", "retryExpression: Attempts() < 2 && Bogus()");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "unsupported function: Bogus");
  EXPECT_EQ(made.error().span.to_string(), "t.yml:1:36");
  EXPECT_EQ(made.error().remedy.substr(0, 34), "`retryExpression`: column 19: use ");
}

TEST(Buffering, Traces) {
  Rig rig;
  ASSERT_TRUE(rig.use("buffering", "retryExpression: 'ResponseCode() == 503 && Attempts() < 2'"));
  rig.end->answer = [](Exchange& x) { x.response = http::Response::make(503, "busy"); };
  http::ExchangeTrace trace;
  auto x = rig.request("/", {}, "POST");
  x->request.body = pieces(rig, {"ab"});
  x->trace = &trace;
  rig.run(*x);
  std::vector<std::string> lines;
  for (const auto& t : trace) lines.push_back(t.action + ": " + t.detail);
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "request body: 2 bytes buffered, sent on with Content-Length instead of chunked",
                "response body: 4 bytes buffered",
                "retry: ResponseCode() is 503, Attempts() is 1: asked again, try 2",
                "response body: 4 bytes buffered",
                "decide: not asked again: ResponseCode() is 503, Attempts() is 2", "answer: 503"}));
}

}  // namespace
}  // namespace gateproof::middleware
