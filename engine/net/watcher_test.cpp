// inotify on real files: every way in which configuration files are replaced.
#include "engine/net/watcher.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateproof::net {
namespace {

using std::chrono::milliseconds;

class WatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/gp_watch_XXXXXX";
    ASSERT_NE(::mkdtemp(dir_.data()), nullptr);
  }
  void TearDown() override { EXPECT_EQ(::system(("rm -rf " + dir_).c_str()), 0); }

  void put(const std::string& name, std::string_view text) {
    std::ofstream(dir_ + "/" + name) << text;
  }
  void put_atomically(const std::string& name, std::string_view text) {
    put(name + ".tmp", text);
    ASSERT_EQ(::rename((dir_ + "/" + name + ".tmp").c_str(), (dir_ + "/" + name).c_str()), 0);
  }
  void make_dir(const std::string& name) {
    ASSERT_EQ(::mkdir((dir_ + "/" + name).c_str(), 0755), 0);
  }
  void link(const std::string& target, const std::string& name) {
    const std::string temporary = dir_ + "/" + name + ".new";
    ASSERT_EQ(::symlink(target.c_str(), temporary.c_str()), 0);
    ASSERT_EQ(::rename(temporary.c_str(), (dir_ + "/" + name).c_str()), 0);
  }
  void watch(const std::string& name) {
    ASSERT_TRUE(watcher_->watch(dir_ + (name.empty() ? "" : "/" + name)));
  }
  // Whether a change is reported soon.
  bool seen(Duration longest = milliseconds(300)) {
    Task<std::vector<std::string>> task = watcher_->changed();
    if (task.start_root(loop_->scheduler(), "watch")) return true;
    return loop_->run_until([&] { return task.done(); }, longest);
  }

  std::string dir_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
  std::unique_ptr<InotifyWatcher> watcher_ = std::move(*InotifyWatcher::make(*loop_));
};

TEST_F(WatcherTest, FileRewrittenInPlaceIsSeenAtTheTruncation) {
  put("a.yml", "1");
  watch("a.yml");
  EXPECT_FALSE(seen(milliseconds(30)));
  ASSERT_EQ(::truncate((dir_ + "/a.yml").c_str(), 0), 0);
  EXPECT_TRUE(seen());
  put("a.yml", "2");
  EXPECT_TRUE(seen());
}

TEST_F(WatcherTest, AtomicRenameIsSeenEachTime) {
  put("a.yml", "1");
  watch("a.yml");
  for (int i = 0; i < 3; ++i) {
    put_atomically("a.yml", "2");
    EXPECT_TRUE(seen()) << i;
    EXPECT_FALSE(seen(milliseconds(20))) << i;
  }
}

// A log beside the configuration that is written without pause: each wait takes its turn, and what is there is read in parts.
TEST_F(WatcherTest, WhoWritesWithoutPauseDoesNotKeepTheLoop) {
  watch("");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    std::ofstream log(dir_ + "/a.log");
    while (!stop) log << 'x' << std::flush;
  });
  const auto before = std::chrono::steady_clock::now();
  int seen_times = 0;
  while (std::chrono::steady_clock::now() - before < milliseconds(200)) seen_times += seen();
  stop = true;
  writer.join();
  EXPECT_GE(seen_times, 2);
  EXPECT_LE(seen_times, 25);  // one in a breath
}

TEST_F(WatcherTest, RemovalAndReturnAreSeen) {
  put("a.yml", "1");
  watch("a.yml");
  ::unlink((dir_ + "/a.yml").c_str());
  EXPECT_TRUE(seen());
  put("a.yml", "2");
  EXPECT_TRUE(seen());
}

TEST_F(WatcherTest, OtherFilesOfTheDirectoryDoNotMatterToAFileWatch) {
  put("a.yml", "1");
  watch("a.yml");
  put("b.yml", "1");
  EXPECT_FALSE(seen(milliseconds(50)));
}

TEST_F(WatcherTest, DirectorySeesNewChangedAndRemovedFiles) {
  watch("");
  put("a.yml", "1");
  EXPECT_TRUE(seen());
  put_atomically("a.yml", "2");
  EXPECT_TRUE(seen());
  ::unlink((dir_ + "/a.yml").c_str());
  EXPECT_TRUE(seen());
}

// A projected volume: dynamic.yml -> ..data/dynamic.yml, ..data -> ..1; an update swaps ..data.
TEST_F(WatcherTest, SwappedLinkOnTheWayIsSeenEachTime) {
  for (const char* version : {"..1", "..2", "..3"}) {
    make_dir(version);
    put(std::string(version) + "/dynamic.yml", version);
  }
  link("..1", "..data");
  link("..data/dynamic.yml", "dynamic.yml");
  watch("dynamic.yml");
  for (const char* version : {"..2", "..3"}) {
    link(version, "..data");
    EXPECT_TRUE(seen()) << version;
  }
}

TEST_F(WatcherTest, TargetOfALinkInAWatchedDirectoryIsSeen) {
  make_dir("conf");
  make_dir("elsewhere");
  put("elsewhere/real.yml", "1");
  link("../elsewhere/real.yml", "conf/a.yml");
  watch("conf");
  put("elsewhere/real.yml", "2");
  EXPECT_TRUE(seen());
}

TEST_F(WatcherTest, DirectoryThatIsReplacedIsWatchedAgain) {
  make_dir("conf");
  watch("conf");
  ASSERT_EQ(::rmdir((dir_ + "/conf").c_str()), 0);
  EXPECT_TRUE(seen());
  make_dir("conf");
  EXPECT_TRUE(seen(milliseconds(2500)));
  while (seen(milliseconds(50))) {
  }
  put("conf/a.yml", "1");
  EXPECT_TRUE(seen());
}

TEST_F(WatcherTest, MissingDirectoryIsAnError) {
  EXPECT_EQ(watcher_->watch(dir_ + "/none/a.yml").error().code, Code::not_found);
  EXPECT_EQ(watcher_->watch(dir_ + "/none/").error().code, Code::not_found);
}

TEST_F(WatcherTest, LinkCycleEnds) {
  link("b", "a");
  link("a", "b");
  EXPECT_TRUE(watcher_->watch(dir_ + "/a"));
}

}  // namespace
}  // namespace gateproof::net
