#include "engine/middleware/users_file.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::middleware {
namespace {

TEST(UsersFile, IsReadOrSaysWhyNotInGosWords) {
  testing::FakeWorld world;
  testing::FakeFiles files;
  files.files["/users"] = "u:hash\n";
  const BuildContext here{"m@file", "r@file", world.clock, world.random, false, &files};
  const auto text = read_users_file("/users", here);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "u:hash\n");
  EXPECT_EQ(read_users_file("/nope", here).error().message,
            "open /nope: no such file or directory");
  const BuildContext nowhere{"m@file", "r@file", world.clock, world.random};
  const auto refused = read_users_file("/users", nowhere);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
}

TEST(UsersFile, BytesMax) {
  testing::FakeWorld world;
  testing::FakeFiles files;
  const BuildContext here{"m@file", "r@file", world.clock, world.random, false, &files};
  files.files["/users"] = std::string(users_file_bytes_max, 'x');
  EXPECT_TRUE(read_users_file("/users", here));
  files.files["/users"] += 'x';
  EXPECT_EQ(read_users_file("/users", here).error().code, Code::limit);
  files.files["/users"].clear();
  EXPECT_TRUE(read_users_file("/users", here));
}

}  // namespace
}  // namespace gateproof::middleware
