#include "engine/kubernetes/cluster/json.h"

#include <gtest/gtest.h>

namespace gateproof::kubernetes::cluster {
namespace {

std::string again(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? to_text(*parsed) : "error: " + parsed.error().message;
}

TEST(Json, TextsComeBack) {
  for (const char* same : {"null", "true", "[]", "{}", "[1,-2,0.5]", "{\"a\":{\"b\":[null]}}",
                           "\"\\\"\\\\\\n\\u0001\xc3\xa4\"", "9223372036854775807", "1e+300"}) {
    EXPECT_EQ(again(same), same);
  }
  EXPECT_EQ(again(" { \"b\" : 1 , \"a\" : 2.0 , \"b\" : 3 } "), "{\"a\":2,\"b\":3}");
  EXPECT_EQ(again("18446744073709551616"), "18446744073709552000");
  EXPECT_EQ(again("1e20"), "100000000000000000000");
}

// A message may hold bytes of a request, or a text that was cut in the middle of a character: what is written is JSON all the same.
TEST(Json, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(to_text(Json("a\xff\xc3z\xc3\xa4")), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xc3\xa4\"");
  EXPECT_EQ(to_text(json_object({{"\xe2\x82", Json(1)}})), "{\"\xEF\xBF\xBD\xEF\xBF\xBD\":1}");
}

TEST(Json, TextsThatAreNone) {
  for (const char* bad : {"", "{", "[1,]", "{\"a\"}", "nul", "\"\xff\"", "1 2", "\"\n\"", "1e999"})
    EXPECT_FALSE(parse_json(bad)) << bad;
}

TEST(Json, LimitsAtTheLimitAndOneOver) {
  JsonLimits l;
  l.depth_max = 3;
  EXPECT_TRUE(parse_json("[[[1]]]", l));
  EXPECT_EQ(parse_json("[[[[1]]]]", l).error().code, Code::limit);
  l.nodes_max = 3;
  EXPECT_TRUE(parse_json("[1,2]", l));
  EXPECT_EQ(parse_json("[1,2,3]", l).error().code, Code::limit);
  l.bytes_max = 5;
  EXPECT_TRUE(parse_json("[1,2]", l));
  EXPECT_EQ(parse_json("[1,2] ", l).error().code, Code::limit);
  l.bytes_max = 0;
  EXPECT_EQ(parse_json("1", l).error().code, Code::limit);
}

TEST(Json, ACopyIsChangedAlone) {
  Json a = *parse_json(R"({"x":{"y":[1,2]},"z":"s"})");
  Json b = a;
  EXPECT_TRUE(a.same(b));
  b.make("x.y").item(0) = Json(5);
  EXPECT_EQ(to_text(a), R"({"x":{"y":[1,2]},"z":"s"})");
  EXPECT_EQ(to_text(b), R"({"x":{"y":[5,2]},"z":"s"})");
  EXPECT_TRUE(a["z"].same(b["z"]));
  EXPECT_FALSE(a == b);
}

TEST(Json, NumbersAreEqualByValue) {
  EXPECT_EQ(Json(1), Json(1.0));
  EXPECT_FALSE(Json(1) == Json(1.5));
  EXPECT_FALSE(Json(1) == Json("1"));
  EXPECT_FALSE(Json(false) == Json());
}

TEST(Json, PathsLeadInAndNowhere) {
  Json j = *parse_json(R"({"a":{"b":"c"}})");
  EXPECT_EQ(j.at("a.b").str(), "c");
  EXPECT_TRUE(j.at("a.b.c").is_null());
  EXPECT_TRUE(j.at("x.y").is_null());
  j.make("x.y") = Json(1);
  EXPECT_EQ(to_text(j), R"({"a":{"b":"c"},"x":{"y":1}})");
  EXPECT_TRUE(j.erase("a"));
  EXPECT_FALSE(j.erase("a"));
}

TEST(Json, WeightAndDepthAreBounded) {
  const Json j = *parse_json("[[\"abcdefgh\"]]");
  EXPECT_TRUE(j.within(j.weight(), 2));
  EXPECT_FALSE(j.within(j.weight() - 1, 2));
  EXPECT_FALSE(j.within(j.weight(), 1));
}

TEST(Json, OfMembersInAnyOrderTheLastWins) {
  EXPECT_EQ(to_text(Json::object_of({{"b", Json(1)}, {"a", Json(2)}, {"b", Json(3)}})),
            R"({"a":2,"b":3})");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
