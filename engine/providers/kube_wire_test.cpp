// Pages of lists and events of watches, however their bytes are cut, and the law of the ledger.
#include "engine/providers/kube_wire.h"

#include <gtest/gtest.h>

#include "engine/providers/kube_json.h"
#include "engine/providers/kube_ledger.h"

namespace gateproof::providers {
namespace {

using std::chrono::seconds;
using Effect = KubeLedger::Effect;

TEST(KubePage, IsTakenApart) {
  const auto page = read_page(
      R"( {"kind":"L" , "metadata":{"resourceVersion":"7","continue":"abc"},"items":[ {"a":"]}\"{"} ,{"b":[1,-2.5e+3,{}]}, null] } )");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->resource_version, "7");
  EXPECT_EQ(page->next, "abc");
  ASSERT_EQ(page->items.size(), 3u);
  EXPECT_EQ(page->items[0], R"({"a":"]}\"{"})");
  EXPECT_EQ(page->items[1], R"({"b":[1,-2.5e+3,{}]})");
  EXPECT_TRUE(read_page(R"({"items":[]})")->items.empty());
  EXPECT_TRUE(read_page(R"({"items":null,"metadata":{}})")->items.empty());
}

TEST(KubePage, WhatIsCutShortIsNone) {
  const std::string whole =
      R"({"metadata":{"resourceVersion":"7"},"items":[{"a":"x\\"},{"b":[]}]})";
  ASSERT_TRUE(read_page(whole));
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_FALSE(read_page(std::string_view(whole).substr(0, n))) << whole.substr(0, n);
  for (const char* bad : {"[]", "{}", "{\"items\":[]} x", "{\"items\":[}", "{\"items\":[1 2]}",
                          "nonsense", "{\"metadata\":[,\"items\":[]}"})
    EXPECT_FALSE(read_page(bad)) << bad;
}

std::string read_events(std::string_view bytes, size_t piece, size_t limit = 64) {
  KubeEventReader reader(limit);
  std::string out;
  for (;;) {
    while (auto event = reader.next()) {
      if (*event) {
        out += std::to_string(static_cast<int>((*event)->type)) + json_of((*event)->object) + " ";
      } else {
        out += event->error().code == Code::limit ? "long " : "bad ";
      }
    }
    if (bytes.empty()) break;
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return out + std::to_string(reader.pending());
}

TEST(KubeEvents, AreTheSameHoweverTheyAreCut) {
  const std::string bytes =
      "{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n\n{\"type\":\"DELETED\",\"object\":{}}\r\n"
      "{\"type\":\"WHAT\"}\n{\"type\":\nrest\n" +
      std::string(65, 'x') + "\n" +
      "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n{\"type\":\"half";
  const std::string want = "0{\"a\":1} 2{} bad bad bad long 3{\"metadata\":{}} 13";
  for (size_t piece = 1; piece < bytes.size() + 2; ++piece)
    EXPECT_EQ(read_events(bytes, piece), want) << piece;
}

TEST(KubeEvents, LinesAreBounded) {
  const std::string shell = R"({"type":"ADDED","object":""})";
  const std::string fits =
      R"({"type":"ADDED","object":")" + std::string(64 - shell.size(), 'x') + "\"}";
  ASSERT_EQ(fits.size(), 64u);
  EXPECT_EQ(read_events(fits + "\n", 7).substr(0, 2), "0\"");
  EXPECT_EQ(read_events(" " + fits + "\n", 7), "long 0") << "one over";
  KubeEventReader reader(64);
  for (int i = 0; i < 1000; ++i) {
    reader.feed("xxxxxxxxxx");
    (void)reader.next();
    EXPECT_LE(reader.pending(), 64u);
  }
}

const KubeResource things{"example.com", {"v1"}, "Thing", "things"};

KubeObject object(const std::string& name, uint64_t version, int value,
                  const std::string& uid = "u", const std::string& extra = "") {
  const std::string text = R"({"metadata":{"namespace":"a","name":")" + name + R"(","uid":")" +
                           uid + R"(","resourceVersion":")" + std::to_string(version) +
                           R"(","managedFields":[1]},"spec":)" + std::to_string(value) + extra +
                           "}";
  Result<config::Value> v = read_kube_json(text, "test");
  Result<KubeObject> o = take_object(std::move(*v), things, "v1");
  EXPECT_TRUE(o);
  return std::move(*o);
}

TEST(KubeObject, IsCompletedAndNamed) {
  const KubeObject o = object("x", 5, 1);
  EXPECT_EQ(o.key.label(), "Thing a/x");
  EXPECT_EQ(
      json_of(o.document.root),
      R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"a","name":"x","uid":"u","resourceVersion":"5"},"spec":1})");
  EXPECT_EQ(o.document.root.at("spec")->span.to_string(), "Thing a/x");
  EXPECT_EQ(json_with_status(o.document.root, "{}").substr(0, 20),
            json_of(o.document.root).substr(0, 20));
}

TEST(KubeObject, ReadFromItsTextIsTheSame) {
  const std::string text =
      R"({"metadata":{"namespace":"a","name":"x","uid":"u","resourceVersion":"5","managedFields":[{"a":"b"}]},"spec":[1,"t"],"status":{"s":1}})";
  const Result<KubeObject> read = read_object(text, things, "v1");
  const Result<KubeObject> taken = take_object(*read_kube_json(text, "t"), things, "v1");
  ASSERT_TRUE(read && taken);
  EXPECT_EQ(read->key, taken->key);
  EXPECT_EQ(read->content, taken->content);
  EXPECT_EQ(read->status, taken->status);
  EXPECT_EQ(json_of(read->document.root), json_of(taken->document.root));
  EXPECT_EQ(read->document.root.at("spec")->items[1].span.to_string(), "Thing a/x");
  EXPECT_FALSE(read_object("{", things, "v1"));
  EXPECT_FALSE(read_object("", things, "v1"));
}

TEST(KubeObject, WhatCountsAsAChange) {
  const uint64_t base = object("x", 5, 1).content;
  EXPECT_EQ(object("x", 6, 1).content, base);
  EXPECT_EQ(object("x", 6, 1, "u", R"(,"status":{"a":1})").content, base);
  EXPECT_NE(object("x", 5, 2).content, base);
  EXPECT_NE(object("x", 5, 1, "v").content, base);
  KubeResource counts = things;
  counts.status_counts = true;
  const auto with = [&](const char* status) {
    Result<config::Value> v =
        read_kube_json(std::string(R"({"metadata":{"name":"x"},"status":)") + status + "}", "t");
    return take_object(std::move(*v), counts, "v1")->content;
  };
  EXPECT_NE(with("1"), with("2"));
  EXPECT_NE(with("1"), with("\"1\"")) << "a text is no number";
}

TEST(KubeObject, WhatIsNone) {
  for (const char* bad :
       {"1", "[]", "{}", R"({"metadata":{}})", R"({"metadata":{"name":""}})",
        R"({"kind":"Other","metadata":{"name":"x"}})", R"({"metadata":{"name":["x"]}})"}) {
    Result<config::Value> v = read_kube_json(bad, "test");
    ASSERT_TRUE(v);
    EXPECT_FALSE(take_object(std::move(*v), things, "v1")) << bad;
  }
}

TEST(KubeObject, NestingIsBounded) {
  const auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(read_kube_json(nested(kube_object_depth_max), "t"));
  EXPECT_EQ(read_kube_json(nested(kube_object_depth_max + 1), "t").error().code, Code::limit);
}

class Ledger : public ::testing::Test {
 protected:
  KubeLedger ledger{"example.com", "Thing", 3};
  KubeChange change;
  Instant now{};
  Effect put(const std::string& name, uint64_t version, int value = 0,
             const std::string& uid = "u") {
    return ledger.put(object(name, version, value, uid), now, change);
  }
  Effect remove(const std::string& name, uint64_t version) {
    return ledger.remove(object(name, version, 0), now, change);
  }
};

TEST_F(Ledger, OlderAndRepeatedEventsAreNothing) {
  EXPECT_EQ(put("x", 5, 1), Effect::change);
  EXPECT_EQ(put("x", 5, 1), Effect::nothing);
  EXPECT_EQ(put("x", 4, 2), Effect::nothing);
  EXPECT_EQ(put("x", 6, 2), Effect::change);
  EXPECT_TRUE(change.content_changed());
  EXPECT_EQ(put("x", 7, 2), Effect::change);
  EXPECT_FALSE(change.content_changed());
  EXPECT_EQ(remove("x", 6), Effect::nothing) << "of an earlier life";
  EXPECT_EQ(remove("x", 8), Effect::change);
  EXPECT_FALSE(change.object);
  EXPECT_EQ(put("x", 7, 3), Effect::nothing) << "overtaken by the deletion";
  EXPECT_EQ(remove("x", 8), Effect::nothing);
  EXPECT_EQ(put("x", 9, 3, "v"), Effect::change);
}

TEST_F(Ledger, ADeletionThatOvertakesTheFirstEventHolds) {
  EXPECT_EQ(remove("x", 8), Effect::nothing);
  EXPECT_EQ(put("x", 7), Effect::nothing);
  EXPECT_EQ(ledger.size(), 0u);
}

TEST_F(Ledger, AListIsTheTruth) {
  put("x", 50, 1);
  put("y", 51, 1);
  std::vector<KubeObject> objects;
  objects.push_back(object("x", 3, 1));
  objects.push_back(object("z", 4, 1));
  const std::vector<KubeChange> changes = ledger.listed(std::move(objects), "9");
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].key.name, "z");
  EXPECT_EQ(changes[1].key.name, "y");
  EXPECT_FALSE(changes[1].object);
  EXPECT_EQ(ledger.resume(now), "9");
  EXPECT_EQ(put("x", 10, 2), Effect::change) << "versions of before do not count any more";
}

TEST_F(Ledger, ObjectsAreBounded) {
  for (uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(put("n" + std::to_string(i), i), Effect::change);
  EXPECT_EQ(put("n4", 4), Effect::full);
  EXPECT_EQ(put("n3", 5), Effect::change) << "one that is known is no more";
  KubeLedger none("example.com", "Thing", 0);
  EXPECT_EQ(none.put(object("x", 1, 1), now, change), Effect::full);
}

TEST_F(Ledger, TombstonesAreBounded) {
  for (size_t i = 0; i < kube_tombstones_max + 10; ++i) remove("n" + std::to_string(i), i + 1);
  EXPECT_EQ(ledger.tombstones(), kube_tombstones_max);
}

TEST_F(Ledger, AWatchIsResumedBeforeWhatMayHaveBeenOvertaken) {
  (void)ledger.listed({}, "100");
  for (uint64_t v = 101; v <= 100 + kube_overtaken_max; ++v) ledger.mark(std::to_string(v), now);
  EXPECT_EQ(ledger.resume(now), "100");
  ledger.mark("1000", now);
  EXPECT_EQ(ledger.resume(now), "101");
  EXPECT_EQ(ledger.resume(now + kube_overtaken_time), "101");
  EXPECT_EQ(ledger.resume(now + kube_overtaken_time + Duration(1)), "1000");
  (void)ledger.listed({}, "opaque");
  ledger.mark("later", now);
  EXPECT_EQ(ledger.resume(now), "later");
}

TEST_F(Ledger, AnotherServerIsTold) {
  std::vector<KubeObject> objects;
  objects.push_back(object("x", 3, 1));
  (void)ledger.listed(std::move(objects), "9");
  const KubeObject same = object("x", 3, 1), other = object("x", 3, 1, "v"),
                   unknown = object("w", 3, 1);
  EXPECT_TRUE(ledger.plausible("9", &same));
  EXPECT_TRUE(ledger.plausible("12", &same));
  EXPECT_FALSE(ledger.plausible("8", &same));
  EXPECT_FALSE(ledger.plausible("12", &other));
  EXPECT_FALSE(ledger.plausible("12", &unknown));
  EXPECT_FALSE(ledger.plausible("12", nullptr));
  EXPECT_TRUE(KubeLedger::before("9", "9"));
  EXPECT_FALSE(KubeLedger::before("10", "9"));
  EXPECT_FALSE(KubeLedger::before("x", "9"));
}

}  // namespace
}  // namespace gateproof::providers
