#include "engine/base/shared_map.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof {
namespace {

using Plain = std::map<std::string, int>;

Plain plain(const SharedMap<int>& m) {
  Plain out;
  std::string last;
  for (const auto& [name, value] : m) {
    EXPECT_TRUE(out.empty() || last < name);
    last = name;
    out.emplace(name, value);
  }
  EXPECT_EQ(out.size(), m.size());
  return out;
}

TEST(SharedMap, ReadsLikeAMap) {
  SharedMap<int> m;
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.begin(), m.end());
  m["b"] = 2;
  m["a"] = 1;
  EXPECT_EQ(m.find("a")->second, 1);
  EXPECT_EQ(m.find("c"), m.end());
  EXPECT_EQ(m.lower_bound("aa")->first, "b");
  EXPECT_EQ(m.at("b"), 2);
  EXPECT_THROW(m.at("c"), std::out_of_range);
  EXPECT_THROW(m.edit("c"), std::out_of_range);
  EXPECT_FALSE(m.erase("c"));
}

TEST(SharedMap, ValuesAreSharedUntilOneIsChanged) {
  SharedMap<int> a;
  for (int i = 0; i < 1000; ++i) a["n" + std::to_string(i)] = i;
  SharedMap<int> b = a;
  b.edit("n7") = -7;
  EXPECT_EQ(a.at("n7"), 7);
  EXPECT_NE(a.find("n7").shared(), b.find("n7").shared());
  EXPECT_EQ(a.find("n8").shared(), b.find("n8").shared());
  a["n9"] = -9;
  EXPECT_EQ(b.at("n9"), 9);
  // In place from the second time on.
  const int* const at = &b.edit("n7");
  EXPECT_EQ(at, &b.edit("n7"));
}

// Whatever is done to maps and copies of maps, each is what a map of its own would be.
TEST(SharedMapProperty, CopiesAreApart) {
  const bool ok = rc::check("copies do not see each other's changes", [] {
    std::vector<std::pair<SharedMap<int>, Plain>> maps(1);
    const int steps = *rc::gen::inRange(0, 600);
    for (int s = 0; s < steps; ++s) {
      const size_t at = *rc::gen::inRange<size_t>(0, maps.size());
      const std::string name = std::to_string(*rc::gen::inRange(0, 400));
      switch (*rc::gen::inRange(0, 20)) {
        case 0:
          if (maps.size() < 6) maps.push_back(maps[at]);
          break;
        case 1:
          maps[at].first = maps[*rc::gen::inRange<size_t>(0, maps.size())].first;
          maps[at].second = plain(maps[at].first);
          break;
        case 2:
        case 3:
        case 4: RC_ASSERT(maps[at].first.erase(name) == (maps[at].second.erase(name) > 0)); break;
        case 5:
          maps[at].first.put(name, std::make_shared<int>(s));
          maps[at].second[name] = s;
          break;
        default: maps[at].first[name] = maps[at].second[name] = s;
      }
    }
    for (const auto& [shared, own] : maps) RC_ASSERT(plain(shared) == own);
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof
