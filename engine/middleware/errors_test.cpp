#include <gtest/gtest.h>

#include "engine/middleware/replay.h"
#include "engine/middleware/rig_test.h"
#include "engine/upstream/forbidden_body.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;

struct PageRig : testing::Rig {
  std::shared_ptr<testing::ScriptedEnd> page = std::make_shared<testing::ScriptedEnd>();
  http::Body next_body;
  PageRig() {
    service = [this](const std::string& name) -> Result<std::shared_ptr<http::Handler>> {
      if (name != "page")
        return Error(Code::invalid, "the service \"" + name + "@file\" does not exist");
      return std::shared_ptr<http::Handler>(page);
    };
    page->answer = [](Exchange& x) {
      x.server = "http://page";
      x.response = http::Response::make(200, "sorry", "text/html");
    };
  }
  void fails_with(int status, std::optional<std::vector<std::string>> pieces = std::nullopt,
                  bool cut = false) {
    end->answer = [=, this](Exchange& x) {
      x.response = http::Response::make(status, "own");
      x.response.headers.add("X-Own", "1");
      if (!pieces) return;
      auto source =
          std::make_unique<testing::Pieces>(world.scheduler, *pieces, std::chrono::milliseconds(1));
      if (cut) source->fail_at_end = Error(Code::reset, "cut");
      x.response.body = http::Body::stream(std::move(source), std::nullopt);
    };
  }
};

constexpr const char* options =
    "{status: ['500-599', '404'], service: page, query: '/{status}/{originalStatus}?{url}', "
    "statusRewrites: {'503': 418, '502': 204, '501': 2000}}";

TEST(Errors, ThePageUnderTheCaughtCode) {
  struct Row {
    const char* clause;
    int from, to;
    const char *body, *target;
  };
  const Row rows[] = {
      {"3.2 in a range", 500, 500, "sorry", "/500/500?http%3A%2F%2Fx.test%2Fp%3Fq"},
      {"3.2 one code", 404, 404, "sorry", "/404/404?http%3A%2F%2Fx.test%2Fp%3Fq"},
      {"3.2 rewritten", 503, 418, "sorry", "/418/503?http%3A%2F%2Fx.test%2Fp%3Fq"},
      {"3.2 not in the list", 403, 403, "own", ""},
      {"3.2 no body where the page has one", 502, 204, "", "/204/502?http%3A%2F%2Fx.test%2Fp%3Fq"},
      {"3.2 no code at all", 501, 0, "", "/2000/501?http%3A%2F%2Fx.test%2Fp%3Fq"},
  };
  for (const Row& row : rows) {
    PageRig rig;
    ASSERT_TRUE(rig.use("errors", options)) << rig.why;
    rig.fails_with(row.from);
    const auto x = rig.send("/p?q", {"X-A: 1", "Content-Length: 3"}, "POST");
    EXPECT_EQ(x->response.status, row.to) << row.clause;
    // Whoever is outermost answers nothing then.
    EXPECT_EQ(upstream::is_forbidden(x->response), row.to == 204) << row.clause;
    EXPECT_EQ(rig.body_of(*x), row.body) << row.clause;
    EXPECT_EQ(rig.page->target, row.target) << row.clause;
    EXPECT_EQ(lines_of(x->response.headers, "X-Own"), row.to == 403 ? "1" : "-") << row.clause;
    if (rig.page->calls == 0) continue;
    EXPECT_EQ(lines_of(rig.page->headers, "X-A"), "1") << row.clause;
    EXPECT_EQ(lines_of(rig.page->headers, "Content-Length"), "-") << row.clause;
  }
}

TEST(Errors, APageThatNoServerSentIsDroppedWhereTheCodeHasNoBody) {
  PageRig rig;
  ASSERT_TRUE(rig.use("errors", options)) << rig.why;
  rig.page->answer = [](Exchange& x) { x.response = http::Response::make(503, "none"); };
  rig.fails_with(502);
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 204);
  EXPECT_TRUE(x->response.body.empty());
}

TEST(Errors, OnlyTheListedRequestHeaders) {
  PageRig rig;
  ASSERT_TRUE(
      rig.use("errors", "{status: ['500'], service: page, query: /x, errorRequestHeaders: [x-a]}"));
  rig.fails_with(500);
  rig.send("/", {"X-A: 1", "X-A: 2", "X-B: 3"});
  EXPECT_EQ(lines_of(rig.page->headers, "X-A"), "1 | 2");
  EXPECT_EQ(rig.page->headers.size(), 2u);
}

// A streamed page is not read ahead, and lives as long as the answer.
TEST(Errors, ThePageStreams) {
  PageRig rig;
  ASSERT_TRUE(rig.use("errors", options));
  rig.fails_with(500, std::vector<std::string>{"a", "b"});
  rig.page->answer = [&](Exchange& x) {
    x.response = http::Response::make(200);
    x.response.body =
        http::Body::stream(std::make_unique<testing::Pieces>(rig.world.scheduler,
                                                             std::vector<std::string>{"so", "rry"},
                                                             std::chrono::milliseconds(5)),
                           std::nullopt);
  };
  auto x = rig.send("/");
  EXPECT_TRUE(x->response.body.streaming());
  EXPECT_FALSE(x->response.body.length().has_value());
  EXPECT_EQ(rig.body_of(*x), "sorry");
}

TEST(Errors, AnAnswerThatPassesIsNotTouched) {
  PageRig rig;
  ASSERT_TRUE(rig.use("errors", options));
  rig.fails_with(403, std::vector<std::string>{"a", "b"});
  const Instant before = rig.world.clock.now();
  auto x = rig.send("/");
  EXPECT_EQ(rig.world.clock.now(), before);  // nothing was read of it
  EXPECT_EQ(rig.body_of(*x), "ab");
}

TEST(Errors, TheReplacedBody) {
  struct Row {
    const char* clause;
    std::vector<std::string> pieces;
    bool cut;
    int status;
  };
  constexpr size_t limit = replaced_body_bytes_max;
  const Row rows[] = {
      {"empty", {}, false, 500},
      {"at the limit", {std::string(limit, 'x')}, false, 500},
      {"one over is left alone", {std::string(limit, 'x'), "x", "never read"}, true, 500},
      {"cut short: Traefik's recovery answers", {"x"}, true, 500},
  };
  for (const Row& row : rows) {
    PageRig rig;
    ASSERT_TRUE(rig.use("errors", options));
    rig.fails_with(500, row.pieces, row.cut);
    auto x = rig.send("/");
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    const bool broken = row.cut && row.pieces.size() == 1;
    EXPECT_EQ(rig.body_of(*x), broken ? "Internal Server Error\n" : "sorry") << row.clause;
    EXPECT_EQ(rig.page->calls, broken ? 0 : 1) << row.clause;
  }
}

TEST(Errors, AQueryThatIsNoUrl) {
  PageRig rig;
  ASSERT_TRUE(rig.use("errors", "{status: ['500'], service: page, query: '/%zz'}"));
  rig.fails_with(500);
  auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 500);
  EXPECT_EQ(rig.body_of(*x), "Internal Server Error\n");
  EXPECT_EQ(rig.page->calls, 0);
}

TEST(Errors, Building) {
  PageRig rig;
  const std::pair<const char*, const char*> rows[] = {
      {"{status: ['5xx'], service: page}", "strconv.Atoi: parsing \"5xx\": invalid syntax"},
      {"{status: ['500'], service: nope}", "the service \"nope@file\" does not exist"},
      {"{status: ['500'], service: page, statusRewrites: {'x': 200}}",
       "strconv.Atoi: parsing \"x\": invalid syntax"},
      {"{service: page}", ""},
  };
  for (const auto& [yaml, want] : rows) EXPECT_EQ(rig.build_error("errors", yaml), want) << yaml;
  EXPECT_NE(rig.build_error("errors", "{service: page, statusRewrites: {'500': abc}}"), "");
  rig.service = nullptr;
  const auto made = rig.build("errors", "{service: page}");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unsupported);
}

}  // namespace
}  // namespace gateproof::middleware
