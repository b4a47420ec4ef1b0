#include "engine/http/encoded_characters.h"

#include <gtest/gtest.h>

namespace gateproof::http {
namespace {

// Catalogue 1.5: each class by itself, in both cases of its digits.
TEST(EncodedCharacters, EachClass) {
  using E = EncodedCharacters;
  const std::pair<const char*, bool E::*> rows[] = {
      {"%2F", &E::slash},         {"%2f", &E::slash},          {"%5C", &E::back_slash},
      {"%5c", &E::back_slash},    {"%00", &E::null_character}, {"%3B", &E::semicolon},
      {"%3b", &E::semicolon},     {"%25", &E::percent},        {"%3F", &E::question_mark},
      {"%3f", &E::question_mark}, {"%23", &E::hash},
  };
  for (const auto& [triplet, member] : rows) {
    E one_denied;
    one_denied.*member = false;
    E one_allowed{false, false, false, false, false, false, false};
    one_allowed.*member = true;
    const std::string path = "/a" + std::string(triplet) + "b";
    EXPECT_EQ(denied_character(path, one_denied), triplet);
    EXPECT_EQ(denied_character(path, one_allowed), "") << triplet;
    EXPECT_EQ(denied_character(path, E()), "") << triplet;
    EXPECT_EQ(denied_character("/a/" + std::string(triplet), one_denied), triplet) << "at the end";
    EXPECT_EQ(denied_character("/" + std::string(triplet).substr(0, 2), one_denied), "") << "cut";
    EXPECT_FALSE(one_denied.all());
  }
  EXPECT_TRUE(E().all());
}

TEST(EncodedCharacters, OthersPass) {
  const EncodedCharacters none{false, false, false, false, false, false, false};
  for (const char* path : {"", "/", "/a;b", "/a%20b", "/%2E%2e", "/%01", "/%26", "/%c3%a9"})
    EXPECT_EQ(denied_character(path, none), "") << path;
  EXPECT_EQ(denied_character("/a%252F", none), "%25") << "decoded once only";
}

}  // namespace
}  // namespace gateproof::http
