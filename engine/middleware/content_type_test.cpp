// What becomes of an answer's type stands in engine/pipeline/content_detection_test.cpp: here, who asks for it.
#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(ContentType, AsksForDetection) {
  const std::pair<const char*, bool> rows[] = {
      {"{}", true}, {"autoDetect: true", true}, {"autoDetect: false", false}};
  for (const auto& [options, detects] : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("contentType", options)) << rig.why;
    auto x = rig.request("/");
    EXPECT_FALSE(x->detect_content_type);
    rig.run(*x);
    EXPECT_EQ(rig.end->calls, 1);
    EXPECT_EQ(x->detect_content_type, detects) << "3.2 " << options;
    x->reset();
    EXPECT_FALSE(x->detect_content_type);
  }
}

TEST(ContentType, TheTraceSaysSo) {
  Rig rig;
  ASSERT_TRUE(rig.use("contentType", "{}"));
  auto x = rig.request("/");
  http::ExchangeTrace trace;
  x->trace = &trace;
  rig.run(*x);
  ASSERT_EQ(trace.size(), 1u);
  EXPECT_EQ(trace[0].stage + ": " + trace[0].action, "middleware m@file: detect");
}

// 3.3: a custom header that takes the type away lets it be guessed, too.
TEST(ContentType, HeadersThatRemoveItAskForItToo) {
  Rig rig;
  ASSERT_TRUE(rig.use("headers", "customResponseHeaders: {content-type: '', X-A: ''}"));
  EXPECT_TRUE(rig.send("/")->detect_content_type);
  ASSERT_TRUE(rig.use("headers", "customResponseHeaders: {Content-Type: a/b, X-A: ''}"));
  EXPECT_FALSE(rig.send("/")->detect_content_type);
}

// What asks inside a middleware that collects the answer's fields itself does not reach the answer; what asks outside does.
TEST(ContentType, NotThroughMiddlewaresThatCollectFields) {
  const std::pair<const char*, const char*> rows[] = {
      {"buffering", "{maxResponseBodyBytes: 9}"},
      {"retry", "{attempts: 2}"},
      {"errors", "{status: ['599'], service: page}"},
  };
  for (const auto& [type, options] : rows) {
    for (bool outside : {false, true}) {
      Rig rig;
      rig.service = [&rig](const std::string&) {
        return Result<std::shared_ptr<http::Handler>>(rig.end);
      };
      ASSERT_TRUE(rig.use(type, options)) << rig.why;
      bool apart = false;
      rig.end->answer = [&apart](Exchange& x) {
        apart = x.fields_apart;
        x.detect_content_type = true;
        x.response = http::Response::make(200, "ok");
      };
      auto x = rig.request("/");
      x->detect_content_type = outside;
      rig.run(*x);
      EXPECT_TRUE(apart) << type;
      EXPECT_FALSE(x->fields_apart) << type;
      EXPECT_EQ(x->detect_content_type, outside) << type;
    }
  }
}

// 9.31: the gzip stage writes the type that it has found, the other one leaves it out.
TEST(ContentType, CompressTellsIt) {
  for (const char* coding : {"gzip", "br"}) {
    for (bool detects : {true, false}) {
      Rig rig;
      ASSERT_TRUE(rig.use("compress", "{}"));
      rig.end->answer = [](Exchange& x) {
        x.response = http::Response::make(200, std::string(2000, 'a'));
      };
      auto x = rig.request("/", {"Accept-Encoding: " + std::string(coding)});
      x->detect_content_type = detects;
      rig.run(*x);
      EXPECT_EQ(x->response.headers.get("Content-Encoding"), coding);
      EXPECT_EQ(x->response.headers.get("Content-Type"),
                detects && std::string_view(coding) == "gzip" ? "text/plain; charset=utf-8" : "");
    }
  }
}

TEST(ContentType, CompressTellsItOfStreams) {
  for (const std::optional<uint64_t> length : {std::optional<uint64_t>(2000), {}}) {
    Rig rig;
    ASSERT_TRUE(rig.use("compress", "{}"));
    rig.end->answer = [&rig, length](Exchange& x) {
      x.response = http::Response::make(200);
      std::vector<std::string> pieces = {"<html>", std::string(994, 'a'), std::string(1000, 'b')};
      x.response.body = http::Body::stream(
          std::make_unique<testing::Pieces>(rig.world.scheduler, pieces, Duration(0)), length);
    };
    auto x = rig.request("/", {"Accept-Encoding: gzip"});
    x->detect_content_type = true;
    rig.run(*x);
    EXPECT_EQ(x->response.headers.get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(x->response.headers.get("Content-Encoding"), "gzip");
    EXPECT_GT(rig.body_of(*x).size(), 20u);
  }
}

}  // namespace
}  // namespace gateproof::middleware
