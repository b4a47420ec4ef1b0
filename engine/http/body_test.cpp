// Bodies, header lists and messages.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/env/testing/fake.h"
#include "engine/http/message.h"

namespace gateproof::http {
namespace {

TEST(Body, ReadAllLimit) {
  testing::FakeWorld w;
  for (size_t max : {size_t{0}, size_t{4}, size_t{5}, size_t{6}}) {
    Body body = Body::text("hello");
    const auto r = w.run(read_all(body, max));
    ASSERT_TRUE(r);
    EXPECT_EQ(r->has_value(), max >= 5) << max;
  }
}

TEST(Body, MovesKeepTheirBytes) {
  Body a = Body::text("short");
  Body b = std::move(a);
  EXPECT_EQ(b.bytes(), "short");
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(b.length(), 5u);
}

TEST(Headers, CaseOrderAndRepeats) {
  Headers h{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(h.get("a"), "1");
  EXPECT_EQ(h.values("A"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_EQ(h.joined("A"), "1, 3");
  h.set("A", "4");
  EXPECT_EQ(h.size(), 2u);
  EXPECT_EQ(h.begin()->value, "4");
  const std::string_view kept = h.get("b");
  h.remove("B");
  EXPECT_EQ(kept, "2");
  EXPECT_TRUE(list_has_token({{"X", "a,  B ,c"}}, "x", "b"));
  EXPECT_FALSE(list_has_token({{"X", "ab"}}, "x", "b"));
  Headers c;
  c.add_canonical("x-fOO_bar", "1");
  EXPECT_EQ(c.begin()->name, "X-Foo_bar");
  EXPECT_TRUE(c.has("X-Foo_Bar"));
}

TEST(Headers, CanonicalNames) {  // Go's CanonicalMIMEHeaderKey
  const std::pair<const char*, const char*> rows[] = {
      {"a-b-c", "A-B-C"}, {"user-agent", "User-Agent"},   {"ETAG", "Etag"}, {"a b", "a b"},
      {"", ""},           {"foo-bar_baz", "Foo-Bar_baz"}, {"x:", "x:"},     {"-a", "-A"}};
  for (const auto& [in, out] : rows) EXPECT_EQ(canonical_name(in), out);
}

TEST(Headers, TokensOfEveryByteAtEveryPlace) {  // RFC 9110, 5.6.2
  EXPECT_FALSE(is_token(""));
  for (size_t place : {size_t{0}, size_t{7}, size_t{8}}) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string name = "x-Forw9rd";
      name[place] = static_cast<char>(byte);
      const bool alnum = byte < 128 && std::isalnum(byte);
      const bool mark =
          byte && std::string_view("!#$%&'*+-.^_`|~").find(name[place]) != std::string_view::npos;
      ASSERT_EQ(is_token(name), alnum || mark) << byte << " at " << place;
    }
  }
}

TEST(Headers, AgainstAList) {
  EXPECT_TRUE(
      rc::check("add, set, remove as on a list of pairs",
                [](const std::vector<std::tuple<uint8_t, uint8_t, std::string>>& steps) {
                  static constexpr std::string_view names[] = {"A", "a", "Bb", "bB", "C"};
                  Headers h;
                  std::vector<std::pair<std::string, std::string>> model;
                  for (const auto& [op, which, value] : steps) {
                    const std::string name(names[which % std::size(names)]);
                    const auto same = [&](const auto& p) { return text::iequals(p.first, name); };
                    if (op % 3 == 0) {
                      h.add(name, value);
                      model.emplace_back(name, value);
                    } else if (op % 3 == 1) {
                      h.remove(name);
                      std::erase_if(model, same);
                    } else {
                      h.set(name, value);
                      const auto first = std::find_if(model.begin(), model.end(), same);
                      if (first == model.end()) {
                        model.emplace_back(name, value);
                      } else {
                        *first = {name, value};
                        model.erase(std::remove_if(first + 1, model.end(), same), model.end());
                      }
                    }
                  }
                  const Headers copy = h;
                  RC_ASSERT(copy.size() == model.size());
                  size_t i = 0;
                  for (const auto& f : copy) {
                    RC_ASSERT(f.name == model[i].first && f.value == model[i].second);
                    ++i;
                  }
                }));
}

TEST(Message, TargetAndBodyRules) {
  Request r;
  EXPECT_EQ(r.target(), "/");
  r.url = *UrlPath::parse("/a%2Fb");
  r.has_query = true;
  EXPECT_EQ(r.target(), "/a%2Fb?");
  r.asterisk = true;
  EXPECT_EQ(r.target(), "*");
  EXPECT_FALSE(body_allowed(100) || body_allowed(204) || body_allowed(304));
  EXPECT_TRUE(body_allowed(200) && body_allowed(404));
  const Response answer = Response::make(404, "x", "text/plain");
  EXPECT_EQ(answer.body.bytes(), "x");
  EXPECT_EQ(answer.headers.get("content-type"), "text/plain");
}

}  // namespace
}  // namespace gateproof::http
