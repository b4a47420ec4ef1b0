// Each row was observed on Traefik 3.7.15 with the empty contentType middleware.
#include "engine/pipeline/content_detection.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::pipeline {
namespace {

using middleware::testing::lines_of;
using middleware::testing::Pieces;
using std::chrono::milliseconds;

struct World : gateproof::testing::FakeWorld {
  http::Exchange x{env};
  std::string detected() {
    run_void(detect_content_type(x));
    return lines_of(x.response.headers, "Content-Type");
  }
  std::string body() {
    const auto text = run(http::read_all(x.response.body, 1 << 20));
    return text && *text ? **text : "(broken)";
  }
};

TEST(ContentDetection, AnswersInMemory) {
  struct Row {
    const char* clause;
    int status;
    const char *body, *name, *value, *expected;
  };
  const char* plain = "text/plain; charset=utf-8";
  const Row rows[] = {
      {"9.32", 200, "hello", "X", "1", plain},
      {"any status", 404, "{\"a\":", "X", "1", plain},
      {"made here", 502, "Bad Gateway", "X", "1", plain},
      {"binary", 200, "\x01", "X", "1", "application/octet-stream"},
      {"empty", 200, "", "X", "1", "-"},
      {"no body", 204, "", "X", "1", "-"},
      {"no answer yet", 0, "", "X", "1", "-"},
      {"one is there", 200, "hello", "Content-Type", "a/b", "a/b"},
      {"an empty one is there", 200, "hello", "Content-Type", "", ""},
      {"coded", 200, "hello", "Content-Encoding", "custom", "-"},
      {"an empty coding is none", 200, "hello", "Content-Encoding", "", plain},
  };
  for (const Row& row : rows) {
    World w;
    w.x.response = http::Response::make(row.status, row.body);
    w.x.response.headers.add(row.name, row.value);
    EXPECT_EQ(w.detected(), row.expected) << row.clause;
    EXPECT_EQ(w.body(), row.body) << row.clause;
  }
}

// The length is told: what comes within 100 ms counts.
TEST(ContentDetection, StreamsOfKnownLength) {
  const std::tuple<const char*, std::vector<std::string>, Duration, const char*> rows[] = {
      {"at once", {"<html>abc"}, Duration(0), "text/html; charset=utf-8"},
      {"in pieces", {"<", "html>abc"}, milliseconds(40), "text/html; charset=utf-8"},
      {"the second piece is late",
       {"<", "html>abc"},
       milliseconds(60),
       "text/plain; charset=utf-8"},
      {"all is late", {"<html>abc"}, milliseconds(101), "-"},
  };
  for (const auto& [what, pieces, pause, expected] : rows) {
    World w;
    w.x.response = http::Response::make(200);
    w.x.response.body = http::Body::stream(std::make_unique<Pieces>(w.scheduler, pieces, pause), 9);
    const Instant before = w.clock.now();
    EXPECT_EQ(w.detected(), expected) << what;
    EXPECT_LE(w.clock.now() - before, detection_wait) << what;
    EXPECT_EQ(w.x.response.body.length(), 9u);
    EXPECT_EQ(w.body(), "<html>abc") << what;
  }
}

// Pieces that have come, an end that has come or not.
class Arrived final : public http::BodySource {
 public:
  Arrived(Scheduler& s, std::vector<http::Chunk> chunks) : s_(s), chunks_(std::move(chunks)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    if (at_ == chunks_.size()) return std::nullopt;
    return Result<http::Chunk>(chunks_[at_++]);
  }
  Task<Result<http::Chunk>> read() override {
    auto now = try_read();
    if (now) co_return std::move(*now);
    co_await sleep_for(s_, milliseconds(10));
    co_return http::Chunk{{}, true};
  }

 private:
  Scheduler& s_;
  std::vector<http::Chunk> chunks_;
  size_t at_ = 0;
};

// The length is not told: the head leaves at once, with the type of what has come, if the end has not come too.
TEST(ContentDetection, StreamsOfUnknownLength) {
  const std::tuple<const char*, std::vector<http::Chunk>, const char*> rows[] = {
      {"a piece", {{"<html>abc", false}}, "text/html; charset=utf-8"},
      {"two pieces", {{"<", false}, {"html>abc", false}}, "text/html; charset=utf-8"},
      {"nothing yet", {}, "-"},
      {"all and the end", {{"<html>abc", true}}, "-"},
      {"all, then the end", {{"<html>abc", false}, {"", true}}, "-"},
  };
  for (const auto& [what, chunks, expected] : rows) {
    World w;
    w.x.response = http::Response::make(200);
    w.x.response.body =
        http::Body::stream(std::make_unique<Arrived>(w.scheduler, chunks), std::nullopt);
    EXPECT_EQ(w.detected(), expected) << what;
    EXPECT_EQ(w.clock.now(), Instant{}) << "it waits for nothing";
    EXPECT_EQ(w.body(), chunks.empty() ? "" : "<html>abc") << what;
  }
}

TEST(ContentDetection, WhatIsReadAtOnce) {
  for (const auto& [size, expected] :
       {std::pair(first_read_bytes_max, "-"),
        std::pair(first_read_bytes_max + 1, "text/plain; charset=utf-8")}) {
    World w;
    w.x.response = http::Response::make(200);
    const std::string bytes(size, 'a');
    const std::vector<http::Chunk> chunks = {{bytes, false}, {"", true}};
    w.x.response.body =
        http::Body::stream(std::make_unique<Arrived>(w.scheduler, chunks), std::nullopt);
    EXPECT_EQ(w.detected(), expected) << size;
    EXPECT_EQ(w.body(), bytes);
  }
}

TEST(ContentDetection, ErrorsOfTheBodyReachTheReader) {
  World w;
  w.x.response = http::Response::make(200);
  auto pieces =
      std::make_unique<Pieces>(w.scheduler, std::vector<std::string>{"<html>"}, Duration(0));
  pieces->fail_at_end = Error(Code::reset, "gone");
  w.x.response.body = http::Body::stream(std::move(pieces), 100);
  EXPECT_EQ(w.detected(), "text/html; charset=utf-8");
  EXPECT_EQ(w.body(), "(broken)");
}

}  // namespace
}  // namespace gateproof::pipeline
