#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/backoff.h"
#include "engine/middleware/replay.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Rig;

// The end of a chain as the proxy stage behaves: a script of statuses; 0 is a dial that failed, -1 a connection that broke
// after the request was written.
struct Script {
  std::vector<int> statuses;
  std::vector<std::string> bodies{};  // what each try sent
  std::vector<Instant> at{};
  size_t next = 0;
};

void play(Rig& rig, Script& s) {
  rig.end->answer = [&rig, &s](Exchange& x) {
    const int status = s.statuses[std::min(s.next++, s.statuses.size() - 1)];
    s.at.push_back(rig.world.clock.now());
    ++x.attempts;
    if (status > 0) {
      auto body = rig.world.run(http::read_all(x.request.body, 1u << 20));
      s.bodies.push_back(body && *body ? **body : "(error)");
      x.response = http::Response::make(status, "answer " + std::to_string(s.next));
      return;
    }
    Error e(Code::refused, Source::upstream, "connection refused");
    if (status == 0) e.retry = gateproof::Retry::yes;
    x.failure = e;
    x.response = http::Response::make(502, "Bad Gateway");
    x.response.headers.add("Set-Cookie", "from=try" + std::to_string(s.next));
  };
}

struct Seen {
  int status, calls;
  std::string body;
};
Seen ask(Rig& rig, Script& s, std::string_view method = "GET", std::string_view body = "") {
  s.next = 0;
  play(rig, s);
  rig.end->calls = 0;
  auto x = rig.request("/", {}, method);
  if (!body.empty()) x->request.body = http::Body::text(std::string(body));
  rig.run(*x);
  EXPECT_EQ(x->attempts, rig.end->calls);
  return {x->response.status, rig.end->calls, rig.body_of(*x)};
}

TEST(Retry, WhenItAsksAgain) {
  struct Row {
    const char *clause, *options, *method, *body;
    std::vector<int> statuses;
    int status, calls;
  };
  const Row rows[] = {
      {"a dial that fails", "attempts: 3", "GET", "", {0, 0, 200}, 200, 3},
      {"9.26 POST too", "attempts: 3", "POST", "x", {0, 200}, 200, 2},
      {"the last failure stays", "attempts: 3", "GET", "", {0}, 502, 3},
      {"9.26 not after the request was written", "attempts: 3", "GET", "", {-1, 200}, 502, 1},
      {"attempts 1", "attempts: 1", "GET", "", {0, 200}, 502, 1},
      {"a status that is not listed", "attempts: 3", "GET", "", {503, 200}, 503, 1},
      {"a listed status", "{attempts: 3, status: ['503']}", "GET", "", {503, 200}, 200, 2},
      {"first of a range", "{attempts: 3, status: ['500-502']}", "GET", "", {500, 200}, 200, 2},
      {"last of a range", "{attempts: 3, status: ['500-502']}", "GET", "", {502, 200}, 200, 2},
      {"one over a range", "{attempts: 3, status: ['500-502']}", "GET", "", {503, 200}, 503, 1},
      {"POST", "{attempts: 3, status: ['503']}", "POST", "x", {503, 200}, 503, 1},
      {"LOCK", "{attempts: 3, status: ['503']}", "LOCK", "x", {503, 200}, 503, 1},
      {"PUT", "{attempts: 3, status: ['503']}", "PUT", "x", {503, 200}, 200, 2},
      {"retryNonIdempotentMethod",
       "{attempts: 3, status: ['503'], retryNonIdempotentMethod: true}",
       "POST",
       "x",
       {503, 200},
       200,
       2},
      {"disableRetryOnNetworkError",
       "{attempts: 3, status: ['503'], disableRetryOnNetworkError: true}",
       "GET",
       "",
       {0, 200},
       502,
       1},
      {"a failure is a status too",
       "{attempts: 3, status: ['502'], disableRetryOnNetworkError: true}",
       "GET",
       "",
       {-1, 200},
       200,
       2},
      {"body at the limit",
       "{attempts: 2, status: ['503'], maxRequestBodyBytes: 4}",
       "PUT",
       "abcd",
       {503, 200},
       200,
       2},
      {"body one over",
       "{attempts: 2, status: ['503'], maxRequestBodyBytes: 4}",
       "PUT",
       "abcde",
       {503, 200},
       503,
       1},
      {"a limit of zero, no body",
       "{attempts: 2, status: ['503'], maxRequestBodyBytes: 0}",
       "PUT",
       "",
       {503, 200},
       200,
       2},
      {"a limit of zero, a body",
       "{attempts: 2, status: ['503'], maxRequestBodyBytes: 0}",
       "PUT",
       "a",
       {503, 200},
       503,
       1},
      {"below zero: no limit",
       "{attempts: 2, status: ['503'], maxRequestBodyBytes: -1}",
       "PUT",
       "abcde",
       {503, 200},
       200,
       2},
      {"a body too large is still sent again after a dial",
       "{attempts: 3, status: ['503'], maxRequestBodyBytes: 4}",
       "PUT",
       "abcde",
       {0, 200},
       200,
       2},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("retry", row.options)) << rig.why;
    Script s{row.statuses};
    const Seen seen = ask(rig, s, row.method, row.body);
    EXPECT_EQ(seen.status, row.status) << row.clause;
    EXPECT_EQ(seen.calls, row.calls) << row.clause;
    for (const std::string& b : s.bodies) EXPECT_EQ(b, row.body) << row.clause;
  }
}

// What an earlier try left behind is gone; each try starts from the request as it came.
TEST(Retry, TriesBeginAnew) {
  Rig rig;
  std::vector<std::unique_ptr<Middleware>> steps;
  for (const auto& [type, yaml] :
       {std::pair("retry", "attempts: 3"), std::pair("addPrefix", "prefix: /p"),
        std::pair("headers", "customRequestHeaders: {X-A: b, Host: inner.test, X-Gone: ''}")}) {
    auto made = rig.build(type, yaml);
    ASSERT_TRUE(made) << type;
    steps.push_back(std::move(*made));
  }
  rig.chain = std::make_unique<Chain>(std::move(steps), rig.end);
  std::vector<std::string> seen;
  rig.end->answer = [&](Exchange& x) {
    seen.push_back(x.request.host + x.request.target() + " " +
                   testing::lines_of(x.request.headers, "X-A"));
    x.request.headers.add("X-A", "left behind");
    x.response = http::Response::make(seen.size() < 3 ? 502 : 200);
    x.response.headers.add("X-Try", std::to_string(seen.size()));
    if (seen.size() < 3) {
      x.failure.emplace(Code::refused, Source::upstream, "refused");
      x.failure->retry = gateproof::Retry::yes;
    }
  };
  const auto x = rig.send("/x?q", {"X-Gone: 1", "X-A: a"});
  EXPECT_EQ(seen, std::vector<std::string>(3, "inner.test/p/x?q b"));
  EXPECT_EQ(testing::lines_of(x->response.headers, "X-Try"), "3");
  EXPECT_FALSE(x->failure);
}

TEST(Retry, StreamedBodies) {
  Rig rig;
  ASSERT_TRUE(rig.use("retry", "{attempts: 3, status: ['503'], maxRequestBodyBytes: 6}"));
  const auto streamed = [&](std::vector<std::string> pieces) {
    auto x = rig.request("/", {}, "PUT");
    x->request.body = http::Body::stream(
        std::make_unique<testing::Pieces>(rig.world.scheduler, std::move(pieces), Duration(0)),
        std::nullopt);
    return x;
  };
  Script s{{503, 503, 200}};
  play(rig, s);
  auto x = streamed({"abc", "def"});
  std::vector<std::optional<uint64_t>> lengths;
  rig.run(*x);
  EXPECT_EQ(s.bodies, std::vector<std::string>(3, "abcdef"));
  EXPECT_EQ(x->request.body.length(), std::nullopt) << "chunked stays chunked";

  Script over{{503, 200}};
  play(rig, over);
  x = streamed({"abc", "def", "g", "hi"});
  rig.run(*x);
  EXPECT_EQ(x->response.status, 503);
  EXPECT_EQ(over.bodies, std::vector<std::string>{"abcdefghi"}) << "nothing read ahead is lost";
}

// Only the last try is not looked at before it is sent: its fields are the answer's own.
TEST(Retry, FieldsOfTheLastTry) {
  struct Row {
    std::vector<int> statuses;
    std::vector<bool> apart;
    bool detects;
  };
  const Row rows[] = {
      {{200}, {true}, false},
      {{503, 200}, {true, true}, false},
      {{503, 503, 200}, {true, true, false}, true},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("retry", "{attempts: 3, status: ['503']}"));
    std::vector<bool> apart;
    std::vector<int> lines;
    rig.end->answer = [&](Exchange& x) {
      apart.push_back(x.fields_apart);
      lines.push_back(x.vary_lines);
      x.detect_content_type = true;
      x.response = http::Response::make(row.statuses[apart.size() - 1], "ok");
    };
    auto x = rig.request("/");
    x->vary_lines = 1;
    rig.run(*x);
    EXPECT_EQ(apart, row.apart);
    EXPECT_EQ(lines.front(), 0) << "not seen from inside";
    EXPECT_EQ(x->detect_content_type, row.detects);
    EXPECT_EQ(testing::lines_of(x->response.headers, "Vary"), "Accept-Encoding");
  }
}

// What is thrown away is read first, so that a breaker further inside has counted it when it is asked again.
TEST(Retry, AnswersThrownAwayAreReadToTheirEnd) {
  Rig rig;
  auto retry = rig.build("retry", "{attempts: 3, status: ['503']}");
  auto breaker =
      rig.build("circuitBreaker", "expression: 'ResponseCodeRatio(500, 600, 0, 600) > 0.5'");
  ASSERT_TRUE(retry && breaker);
  std::vector<std::unique_ptr<Middleware>> steps;
  steps.push_back(std::move(*retry));
  steps.push_back(std::move(*breaker));
  rig.chain = std::make_unique<Chain>(std::move(steps), rig.end);
  rig.end->answer = [&rig](Exchange& x) {
    x.response = http::Response::make(503);
    x.response.body = http::Body::stream(
        std::make_unique<testing::Pieces>(rig.world.scheduler, std::vector<std::string>{"bu", "sy"},
                                          std::chrono::milliseconds(1)),
        4);
  };
  const auto x = rig.send("/");
  EXPECT_EQ(rig.end->calls, 1) << "the breaker is open for the second try";
  EXPECT_EQ(rig.body_of(*x), "Service Unavailable");
}

TEST(Retry, BodiesThatBreakOff) {
  for (const auto& [code, status, text] :
       {std::tuple(Code::protocol, 500, "Internal Server Error\n"),
        std::tuple(Code::timeout, 500, "Internal Server Error\n"),
        std::tuple(Code::canceled, 499, "Client Closed Request")}) {
    Rig rig;
    ASSERT_TRUE(rig.use("retry", "{attempts: 2, status: ['503']}"));
    auto pieces = std::make_unique<testing::Pieces>(rig.world.scheduler,
                                                    std::vector<std::string>{"ab"}, Duration(0));
    pieces->fail_at_end = Error(code, Source::downstream, "broken");
    auto x = rig.request("/", {}, "PUT");
    x->request.body = http::Body::stream(std::move(pieces), 5);
    rig.run(*x);
    EXPECT_EQ(x->response.status, status);
    EXPECT_EQ(rig.body_of(*x), text);
    EXPECT_EQ(rig.end->calls, 0);
  }
}

TEST(Retry, TimeoutIsAskedWhenAnAnswerIsThere) {
  Rig rig;
  ASSERT_TRUE(rig.use("retry", "{attempts: 9, timeout: 1s}"));
  int calls = 0;
  rig.end->answer = [&](Exchange& x) {
    ++calls;
    rig.world.clock.advance(calls == 3 ? milliseconds(200) : milliseconds(400));
    x.failure.emplace(Code::refused, Source::upstream, "refused");
    x.failure->retry = gateproof::Retry::yes;
    x.response = http::Response::make(502);
  };
  const auto x = rig.send("/");
  EXPECT_EQ(calls, 3) << "at the limit there is no other try";
  EXPECT_EQ(x->response.status, 502);
}

TEST(Retry, WaitsGrowAndAreSpread) {
  Rig rig;
  ASSERT_TRUE(rig.use("retry", "{attempts: 5, initialInterval: 100ms}"));
  Script s{{0}};
  EXPECT_EQ(ask(rig, s).calls, 5);
  ASSERT_EQ(s.at.size(), 5u);
  double middle = 100;
  for (size_t i = 1; i < s.at.size(); ++i) {
    const double ms = static_cast<double>((s.at[i] - s.at[i - 1]).count()) / 1e6;
    EXPECT_GE(ms, 0.5 * middle - 0.01) << i;
    EXPECT_LE(ms, 1.5 * middle + 0.01) << i;
    middle *= std::pow(2.0, 0.25);
  }
  Rig at_once;
  ASSERT_TRUE(at_once.use("retry", "attempts: 5"));
  Script none{{0}};
  ask(at_once, none);
  EXPECT_EQ(none.at.front(), none.at.back()) << "without initialInterval";
}

TEST(Retry, SameSeedSameWaits) {
  std::vector<Instant> first;
  for (int i = 0; i < 2; ++i) {
    Rig rig;
    ASSERT_TRUE(rig.use("retry", "{attempts: 5, initialInterval: 100ms}"));
    Script s{{0}};
    ask(rig, s);
    if (i == 0) first = s.at;
    EXPECT_EQ(s.at, first);
  }
}

TEST(Retry, WaitsThatAreTooLongGiveUp) {
  Rig rig;
  ASSERT_TRUE(rig.use("retry", "{attempts: 2, initialInterval: 31m}"));
  Script s{{0}};
  play(rig, s);
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 200) << "Traefik answers nothing, which is an empty 200";
  EXPECT_EQ(rig.body_of(*x), "");
  EXPECT_FALSE(x->response.headers.has("Set-Cookie"));
  EXPECT_EQ(rig.end->calls, 1);
}

TEST(Retry, StrictKeepsTheLastAnswer) {
  Rig rig;
  const MiddlewareSpec& spec = *find_middleware("retry");
  auto doc =
      config::parse_document("{attempts: 2, initialInterval: 31m}", "t.yml", config::Format::yaml);
  ASSERT_TRUE(doc);
  config::Findings findings;
  config::DecodeContext context{findings, "middleware m@file"};
  const std::shared_ptr<void> options = spec.schema.make();
  spec.schema.schema->decode(doc->root, options.get(), context);
  const BuildContext build{"m@file", "r@file", rig.world.clock, rig.world.random, true};
  auto made = spec.build(options.get(), build);
  ASSERT_TRUE(made);
  std::vector<std::unique_ptr<Middleware>> steps;
  steps.push_back(std::move(*made));
  rig.chain = std::make_unique<Chain>(std::move(steps), rig.end);
  Script s{{0}};
  play(rig, s);
  EXPECT_EQ(rig.send("/")->response.status, 502);
}

TEST(Retry, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("retry", yaml); };
  EXPECT_EQ(error("initialInterval: 1s"), "incorrect (or empty) value for attempt (0)");
  EXPECT_EQ(error("attempts: -1"), "incorrect (or empty) value for attempt (-1)");
  EXPECT_EQ(error("{attempts: 0, disableRetryOnNetworkError: true}"),
            "retry middleware requires at least HTTP status codes or retry on TCP");
  EXPECT_EQ(error("{attempts: 2, status: ['5xx']}"),
            "creating HTTP code ranges: strconv.Atoi: parsing \"5xx\": invalid syntax");
  EXPECT_EQ(error("{attempts: 2, status: ['500-']}"),
            "creating HTTP code ranges: strconv.Atoi: parsing \"\": invalid syntax");
}

TEST(Retry, Traces) {
  Rig rig;
  ASSERT_TRUE(rig.use("retry", "{attempts: 2, status: ['503']}"));
  Script s{{503, 200}};
  play(rig, s);
  http::ExchangeTrace trace;
  auto x = rig.request("/");
  x->trace = &trace;
  rig.run(*x);
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0].detail, "status 503; try 2 of 2");
  EXPECT_EQ(trace[1].detail, "200");
}

TEST(Backoff, Bounds) {
  EXPECT_TRUE(rc::check("each wait is within its half and one and a half", [] {
    const auto initial = milliseconds(*rc::gen::inRange(1, 200'000));
    const auto attempts = *rc::gen::inRange<int64_t>(2, 20);
    RandomStream random(*rc::gen::arbitrary<uint64_t>());
    Backoff b(initial, attempts, Instant{});
    RC_ASSERT(b.multiplier() > 1.0);
    RC_ASSERT(b.multiplier() <= 2.0);
    double middle = static_cast<double>(Duration(initial).count());
    for (int64_t i = 1; i < attempts; ++i) {
      const auto wait = b.next(Instant{}, random);
      RC_ASSERT(wait.has_value());
      const auto ns = static_cast<double>(wait->count());
      RC_ASSERT(ns >= 0.5 * middle - static_cast<double>(i));
      RC_ASSERT(ns <= 1.5 * middle + static_cast<double>(i));
      const auto longest = static_cast<double>(backoff_interval_max.count());
      middle = middle >= longest / b.multiplier() ? longest : middle * b.multiplier();
    }
  }));
}

TEST(Backoff, NoSeriesOutlastsTheTotal) {
  RandomStream random(1);
  Backoff b(minutes(1), 3, Instant{});
  EXPECT_TRUE(b.next(Instant(backoff_total_max - seconds(90)), random));
  EXPECT_FALSE(b.next(Instant(backoff_total_max - seconds(29)), random))
      << "half a minute at least";
  Backoff none(Duration(0), 3, Instant{});
  EXPECT_EQ(none.next(Instant(std::chrono::hours(1)), random), Duration(0));
  Backoff negative(-seconds(1), 3, Instant{});
  EXPECT_EQ(negative.next(Instant{}, random), Duration(0));
}

}  // namespace
}  // namespace gateproof::middleware
