#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/api_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::ApiWorld;

constexpr const char* config_maps = "/api/v1/namespaces/default/configmaps";

// A watch whose lines are collected as they come.
class Watching {
 public:
  Watching(ApiWorld& w, std::string query, std::string accept = {}) : w_(w), x_(w.world.env) {
    w.fill(x_, "GET", std::string(config_maps) + "?watch=true" + query, {},
           {{"Accept", std::move(accept)}});
    started_ = w.world.run_void(w.api.handle(x_));
    if (x_.response.body.streaming()) w.world.scheduler.spawn("watch", collect());
  }
  // Whoever still reads the body goes before it.
  ~Watching() { w_.world.scheduler.cancel_all(); }
  void run(Duration d) { w_.world.run(d); }
  // Types and names, blank separated.
  std::string seen() const {
    std::string out;
    for (const Json& e : events) {
      out += (out.empty() ? "" : " ") + std::string(e["type"].str());
      const std::string_view name = e.at("object.metadata.name").str();
      if (!name.empty()) out += ":" + std::string(name);
    }
    return out;
  }
  int status() const { return x_.response.status; }
  std::vector<Json> events;
  bool ended = false;
  size_t largest = 0;  // bytes of one piece

 private:
  Task<void> collect() {
    for (;;) {
      const Result<http::Chunk> chunk = co_await x_.response.body.read();
      if (!chunk) co_return;
      std::string_view rest = chunk->data;
      largest = std::max(largest, rest.size());
      while (!rest.empty()) {
        const size_t line = rest.find('\n');
        auto parsed = parse_json(rest.substr(0, line));
        events.push_back(parsed ? std::move(*parsed) : Json("no JSON"));
        if (line == std::string_view::npos) break;
        rest.remove_prefix(line + 1);
      }
      if (chunk->last) break;
    }
    ended = true;
  }
  ApiWorld& w_;
  http::Exchange x_;
  bool started_ = false;
};

void make(ApiWorld& w, const std::string& name, const std::string& labels = "{}") {
  w.ask("POST", config_maps, R"({"metadata":{"name":")" + name + R"(","labels":)" + labels + "}}");
}

TEST(Watch, FromTheBeginningAndFromAVersion) {
  ApiWorld w;
  make(w, "a");
  const std::string version =
      std::string(w.get(config_maps).json.at("metadata.resourceVersion").str());
  Watching all(w, "&timeoutSeconds=60");
  Watching later(w, "&timeoutSeconds=60&resourceVersion=" + version);
  make(w, "b");
  w.ask("DELETE", std::string(config_maps) + "/a");
  all.run(std::chrono::seconds(1));
  EXPECT_EQ(all.seen(), "ADDED:a ADDED:b DELETED:a");
  EXPECT_EQ(later.seen(), "ADDED:b DELETED:a");
  EXPECT_EQ(w.api.watches(), 2u);
  all.run(std::chrono::seconds(60));
  EXPECT_TRUE(all.ended);
}

TEST(Watch, BookmarksWhenAskedFor) {
  ApiWorld w;
  Watching with(w, "&timeoutSeconds=150&allowWatchBookmarks=true");
  Watching without(w, "&timeoutSeconds=150");
  with.run(std::chrono::seconds(149));
  EXPECT_EQ(with.seen(), "BOOKMARK BOOKMARK");
  EXPECT_EQ(without.seen(), "");
  with.run(std::chrono::seconds(60));
  EXPECT_EQ(with.seen(), "BOOKMARK BOOKMARK BOOKMARK");
  EXPECT_TRUE(with.ended);
  EXPECT_TRUE(without.ended);
}

TEST(Watch, AStreamedListEndsWithABookmark) {
  ApiWorld w;
  make(w, "a");
  Watching watch(w,
                 "&timeoutSeconds=5&allowWatchBookmarks=true&sendInitialEvents=true"
                 "&resourceVersionMatch=NotOlderThan");
  watch.run(std::chrono::seconds(1));
  ASSERT_EQ(watch.seen(), "ADDED:a BOOKMARK");
  EXPECT_EQ(watch.events[1].at("object.metadata.annotations")["k8s.io/initial-events-end"].str(),
            "true");
}

TEST(Watch, SelectorsTablesAndOneName) {
  ApiWorld w;
  Watching labelled(w, "&timeoutSeconds=9&labelSelector=x%3Dy");
  Watching named(w, "&timeoutSeconds=9&fieldSelector=metadata.name%3Db");
  Watching table(w, "&timeoutSeconds=9", "application/json;as=Table;v=v1;g=meta.k8s.io");
  make(w, "a", R"({"x":"y"})");
  make(w, "b");
  table.run(std::chrono::seconds(1));
  EXPECT_EQ(labelled.seen(), "ADDED:a");
  EXPECT_EQ(named.seen(), "ADDED:b");
  ASSERT_EQ(table.events.size(), 2u);
  EXPECT_EQ(table.events[0].at("object.rows").items()[0]["cells"].items()[0].str(), "a");
}

TEST(Watch, WhatIsForgottenIsGone) {
  ApiWorld w;
  make(w, "a");
  make(w, "b");
  Watching old(w, "&timeoutSeconds=9&resourceVersion=99999999");
  old.run(std::chrono::seconds(1));
  EXPECT_NE(old.status(), 200);
  EXPECT_EQ(w.get(std::string(config_maps) + "?watch=true&resourceVersion=x").status, 400);
}

TEST(Watch, PiecesAreBoundedInBytesAndInEvents) {
  ApiWorld w;
  constexpr size_t each = watch_batch_bytes / 2;
  const auto large = [&](const std::string& name, size_t bytes) {
    w.ask("POST", config_maps,
          R"({"metadata":{"name":")" + name + R"("},"data":{"x":")" + std::string(bytes, 'x') +
              "\"}}");
  };
  for (int i = 0; i < 5; ++i) large("n" + std::to_string(i), each);
  Watching watch(w, "&timeoutSeconds=9");
  watch.run(std::chrono::seconds(1));
  EXPECT_EQ(watch.events.size(), 5u);
  // Two are a little more than the limit, and no third joins them.
  EXPECT_GT(watch.largest, watch_batch_bytes);
  EXPECT_LT(watch.largest, watch_batch_bytes + each);
  for (size_t i = 0; i < watch_batch_events + 1; ++i) make(w, "s" + std::to_string(i));
  Watching many(w, "&timeoutSeconds=9&labelSelector=!x");
  many.run(std::chrono::seconds(1));
  EXPECT_EQ(many.events.size(), 5 + watch_batch_events + 1);
}

TEST(Watch, OneThatIsDroppedLeavesTheList) {
  ApiWorld w;
  {
    Watching watch(w, "&timeoutSeconds=9");
    EXPECT_EQ(w.api.watches(), 1u);
    w.world.scheduler.cancel_all();
  }
  EXPECT_EQ(w.api.watches(), 0u);
  make(w, "a");  // wakes nobody who is gone
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
