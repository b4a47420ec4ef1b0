#include "engine/middleware/htpasswd.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/crypto.h"

namespace gateproof::middleware {
namespace {

constexpr const char* bcrypt = "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm";
constexpr const char* md5 = "$1$abcdefgh$G//4keteveJp0qb8z2DxG/";
constexpr const char* apr1 = "$apr1$lZL6Vci0$Idx0zekuXAbMeZL1IsxfP0";
constexpr const char* sha = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

TEST(Htpasswd, Hashes) {
  struct Row {
    const char *clause, *hash;
    HashKind kind;
  };
  const Row rows[] = {
      {"3.2 SHA", sha, HashKind::sha1},
      {"3.2 bcrypt", bcrypt, HashKind::bcrypt},
      {"3.2 md5-crypt", md5, HashKind::md5_crypt},
      {"3.2 apr1", apr1, HashKind::md5_crypt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(kind_of_hash(row.hash), row.kind) << row.clause;
    EXPECT_TRUE(password_matches("password", row.hash)) << row.clause;
    EXPECT_FALSE(password_matches("passwore", row.hash)) << row.clause;
    EXPECT_FALSE(password_matches("", row.hash)) << row.clause;
    EXPECT_FALSE(password_matches(std::string_view("password\0x", 10), row.hash)) << row.clause;
  }
  std::string y = bcrypt;
  for (char c : {'a', 'y'}) {
    y[2] = c;
    EXPECT_TRUE(password_matches("password", y)) << c;
  }
}

TEST(Htpasswd, NothingElseMatches) {  // 9.24
  for (const char* hash : {"", "password", "$", "$$", "$2", "$2b$", "$2z$04$x", "{SHA}", "{sha}W6p",
                           "$apr1$", "$apr1$salt", "$apr1$salt$", "$5$x$y"}) {
    EXPECT_FALSE(password_matches("password", hash)) << hash;
    EXPECT_FALSE(password_matches("", hash)) << hash;
  }
}

TEST(Htpasswd, Entries) {
  Users users;
  EXPECT_TRUE(add_user(users, "a:b"));
  EXPECT_TRUE(add_user(users, "a:c"));
  EXPECT_TRUE(add_user(users, " s : h "));
  EXPECT_TRUE(add_user(users, ":"));
  EXPECT_EQ(users, (Users{{"", ""}, {" s ", " h "}, {"a", "c"}}));
  for (const char* bad : {"", "noc", "a:b:c"}) {
    const auto added = add_user(users, bad);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().message, "error parsing BasicUser: " + std::string(bad));
  }
}

TEST(Htpasswd, Lines) {
  Users users;
  EXPECT_TRUE(add_user_lines(users, "  a:1  \n\t#x\n  \nb:2 # no comment\r\nc:3\r\n#"));
  EXPECT_EQ(users, (Users{{"a", "1"}, {"b", "2 # no comment"}, {"c", "3"}}));
  EXPECT_FALSE(add_user_lines(users, "d:4\nbad\n"));
}

// The made hash always matches its own password, and never another.
TEST(Htpasswd, RoundTrip) {
  EXPECT_TRUE(rc::check("round trip", [](const std::string& password, const std::string& other) {
    const std::string salt = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
    const std::string cut = salt.substr(0, 8);
    const std::string made = "$apr1$" + cut + "$" + crypto::md5_crypt(password, cut, "apr1");
    RC_ASSERT(password_matches(password, made));
    RC_ASSERT(password_matches(other, made) == (other == password));
    const std::string sha = "{SHA}" + crypto::base64(crypto::sha1(password));
    RC_ASSERT(password_matches(password, sha));
    RC_ASSERT(password_matches(other, sha) == (other == password));
  }));
}

}  // namespace
}  // namespace gateproof::middleware
