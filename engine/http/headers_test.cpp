#include "engine/http/headers.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/h1_writer.h"

namespace gateproof::http {
namespace {

TEST(Headers, WhatIsSound) {
  const std::pair<std::string, bool> rows[] = {
      {"", true},        {"a b", true},           {"a\tb", true},        {"\xff", true},
      {" a", false},     {"a\t", false},          {"a\nb", false},       {"\x7f", false},
      {"abcd\r", false}, {"abcdefgh\x01", false}, {"abc", true},         {"abcd", true},
      {"abcdefg", true}, {"ab\x01", false},       {"abcde\x01g", false},
  };
  for (const auto& [value, sound] : rows) {
    EXPECT_EQ(Headers::named("X", value).sound, sound) << value;
    EXPECT_EQ(Headers::checked("X", value).sound, sound) << value;
  }
  EXPECT_TRUE(Headers::checked("X_!~", "a").sound);
  for (const std::string name : {"", "a b", "a:", "a\n", "\x80", "abcd(f", "abcd e", "ab cdefgh"})
    EXPECT_FALSE(Headers::checked(name, "a").sound) << name;
}

TEST(Headers, ACopyIsAsSound) {
  Headers h;
  h.add_field(Headers::named("A", "1"));
  h.add("B", "2");
  h.add_sound_canonical("c-d", "3");
  const Headers copy = h;
  std::string sound;
  for (const Headers::Field& f : copy) sound.append(f.name).append(f.sound ? "+" : "-");
  EXPECT_EQ(sound, "A+B-C-D+");
}

// Whatever was not found sound is looked at where it is written.
TEST(Headers, WhatIsNotSoundIsMendedOnItsWayOut) {
  Headers h;
  h.add("A", " x\r\ny ");
  h.add("B c", "1");
  h.add_field(Headers::named("C", "a\rb"));
  std::string out;
  write_request_head(out, "GET", "/", "h", h, 0, false);
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: h\r\nA: xy\r\nC: ab\r\n\r\n");
}

// Lines are gathered, and long ones are not.
TEST(Headers, LongLinesKeepTheirOrder) {
  std::string want = "GET / HTTP/1.1\r\nHost: h\r\n";
  Headers h;
  for (const size_t n : {10, 1000, 1018, 1019, 1020, 1021, 5000, 1, 500, 500, 500}) {
    const std::string value(n, 'x');
    h.add_field(Headers::named("X", h.keep(value)));
    want += "X: " + value + "\r\n";
  }
  std::string out;
  write_request_head(out, "GET", "/", "h", h, 0, false);
  EXPECT_EQ(out, want + "\r\n");
}

using Model = std::vector<std::pair<std::string, std::string>>;

size_t drop(Model& m, const std::string& name, size_t from = 0) {
  const auto gone = std::remove_if(m.begin() + static_cast<ptrdiff_t>(from), m.end(),
                                   [&](const auto& f) { return text::iequals(f.first, name); });
  const auto n = static_cast<size_t>(m.end() - gone);
  m.erase(gone, m.end());
  return n;
}

void put(Model& m, const std::string& name, const std::string& value) {
  for (size_t i = 0; i < m.size(); ++i) {
    if (!text::iequals(m[i].first, name)) continue;
    m[i] = {name, value};
    drop(m, name, i + 1);
    return;
  }
  m.emplace_back(name, value);
}

// A list that is searched from its front is the definition.
TEST(Headers, IsAListOfLines) {
  EXPECT_TRUE(rc::check([] {
    Headers h;
    Model m;
    const std::vector<std::string> names = {"A", "a", "Bc", "bC", "X-Forwarded-For", "Host", ""};
    const int steps = *rc::gen::inRange(0, 40);
    for (int i = 0; i < steps; ++i) {
      const std::string name = *rc::gen::elementOf(names), value = std::to_string(i);
      switch (*rc::gen::inRange(0, 7)) {
        case 0: h.add(name, value), m.emplace_back(name, value); break;
        case 1: h.add_first(name, value), m.emplace(m.begin(), name, value); break;
        case 2: h.set(name, value), put(m, name, value); break;
        case 3: RC_ASSERT(h.remove(name) == drop(m, name)); break;
        case 4: h = Headers(h); break;
        case 5: h = Headers(std::move(h)); break;
        default:
          if (*rc::gen::inRange(0, 8) == 0) h.clear(), m.clear();
      }
      for (const std::string& asked : names) {
        const auto found = std::find_if(
            m.begin(), m.end(), [&](const auto& f) { return text::iequals(f.first, asked); });
        RC_ASSERT(h.has(asked) == (found != m.end()));
        RC_ASSERT(h.get(asked) == (found != m.end() ? found->second : ""));
      }
    }
    Model said;
    for (const Headers::Field& f : h) said.emplace_back(f.name, f.value);
    RC_ASSERT(said == m);
  }));
}

}  // namespace
}  // namespace gateproof::http
