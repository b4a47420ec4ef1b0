#include "engine/net/key_log.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace gateproof::net {
namespace {

class KeyLog : public testing::Test {
 protected:
  std::filesystem::path folder;
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string path(const char* name) const { return (folder / name).string(); }
  std::string problem(const char* name) const {
    const Result<Fd> file = open_key_log(path(name));
    return file ? "" : file.error().message;
  }
  mode_t mode(const char* name) const {
    struct stat told {};
    ::stat(path(name).c_str(), &told);
    return told.st_mode & 07777;
  }
};

TEST_F(KeyLog, K3_ANewFileIsTheOwnersAlone) {
  const mode_t before = ::umask(0);
  EXPECT_EQ(problem("new"), "");
  ::umask(before);
  EXPECT_EQ(mode("new"), 0600u);
  EXPECT_EQ(problem("new"), "") << "and is added to the next time";
}

TEST_F(KeyLog, K3_WhatOthersCanReachIsRefused) {
  for (const mode_t open : {0644u, 0620u, 0601u}) {
    std::ofstream(path("open")) << "here before\n";
    ::chmod(path("open").c_str(), open);
    EXPECT_EQ(problem("open"), "SSLKEYLOGFILE " + path("open") + ": others may read or write it");
    EXPECT_EQ(mode("open"), open);
  }
  ::chmod(path("open").c_str(), 0600);
  EXPECT_EQ(problem("open"), "");
}

TEST_F(KeyLog, K3_LinksAndOtherThingsAreRefused) {
  std::filesystem::create_symlink(path("target"), path("link"));
  EXPECT_NE(problem("link"), "");
  EXPECT_FALSE(std::filesystem::exists(path("target"))) << "nothing is made behind a link";
  std::filesystem::create_directory(path("folder"));
  EXPECT_NE(problem("folder"), "");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_NE(problem("pipe"), "") << "and is not waited for";
}

TEST_F(KeyLog, WhoMovesItAwayGetsANewOneWhenItIsOpenedAgain) {
  EXPECT_TRUE(reopen_key_log()) << "nothing is logged, nothing is opened";
  ASSERT_TRUE(log_tls_keys(path("keys")));
  std::filesystem::rename(path("keys"), path("moved"));
  EXPECT_TRUE(reopen_key_log());
  EXPECT_EQ(mode("keys"), 0600u);
  ::chmod(path("keys").c_str(), 0644);
  EXPECT_FALSE(reopen_key_log()) << "the same rules as at the start";
}

}  // namespace
}  // namespace gateproof::net
