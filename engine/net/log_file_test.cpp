#include "engine/net/log_file.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/env/testing/fake.h"
#include "engine/http/inflate.h"
#include "engine/net/log.h"

namespace gateproof::net {
namespace {

class LogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string text(const std::string& name) const {
    std::ifstream in(path(name));
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  LogFileOptions options(uint64_t bytes_max = LogFileOptions::usual_bytes_max) const {
    LogFileOptions o;
    o.path = path("app.log");
    o.bytes_max = bytes_max;
    return o;
  }
  std::vector<std::string> backups() const {
    std::vector<std::string> names;
    for (const auto& e : std::filesystem::directory_iterator(folder_)) {
      const std::string name = e.path().filename().string();
      if (name != "app.log") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string backup() const { return LogPath("app.log").backup_name(clock_.wall_ns()); }

  std::string folder_;
  testing::FakeClock clock_;
};

TEST_F(LogFileTest, ItAndItsFoldersAreMadeAndAddedTo) {
  for (const char* line : {"one\n", "two\n"}) {
    LogFileOptions o;
    o.path = path("a/b/app.log");
    LogFile file(o, clock_);
    EXPECT_TRUE(file.write(line));
  }
  EXPECT_EQ(text("a/b/app.log"), "one\ntwo\n");
}

TEST_F(LogFileTest, WhoMovesItAwayGetsANewOneWhenItIsOpenedAgain) {
  LogFile file(options(), clock_);
  EXPECT_TRUE(file.write("one\n"));
  std::filesystem::rename(path("app.log"), path("moved"));
  EXPECT_TRUE(file.write("two\n"));
  EXPECT_TRUE(file.reopen());
  EXPECT_TRUE(file.write("three\n"));
  EXPECT_EQ(text("moved"), "one\ntwo\n");
  EXPECT_EQ(text("app.log"), "three\n");
}

TEST_F(LogFileTest, NoLineIsLostWhileItIsMovedAndOpenedAgain) {
  constexpr int lines = 2000, threads = 2, moves = 50;
  LogFile file(options(), clock_);
  std::vector<std::thread> writers;  // allowed: what is tested is that threads may write
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < lines; ++i) EXPECT_TRUE(file.write("a line\n"));
    });
  }
  for (int i = 0; i < moves; ++i) {
    if (std::filesystem::exists(path("app.log")))
      std::filesystem::rename(path("app.log"), path("moved" + std::to_string(i)));
    EXPECT_TRUE(file.reopen());
  }
  for (std::thread& w : writers) w.join();  // allowed: as above
  size_t bytes = 0;
  for (const auto& e : std::filesystem::directory_iterator(folder_)) bytes += e.file_size();
  EXPECT_EQ(bytes, size_t{lines * threads} * std::string_view("a line\n").size());
}

TEST_F(LogFileTest, WhatCannotBeOpenedIsTriedAgainAfterAPause) {
  std::filesystem::create_directory(path("app.log"));
  LogFile file(options(), clock_);
  EXPECT_EQ(file.reopen().error().code, Code::io);
  EXPECT_FALSE(file.write("one\n"));
  std::filesystem::remove(path("app.log"));
  clock_.advance(LogFile::retry_pause - std::chrono::nanoseconds(1));
  EXPECT_FALSE(file.write("two\n"));
  clock_.advance(std::chrono::nanoseconds(1));
  EXPECT_TRUE(file.write("three\n"));
  EXPECT_EQ(text("app.log"), "three\n");
}

TEST_F(LogFileTest, WhenItCannotBeOpenedAgainTheOpenOneIsKept) {
  LogFile file(options(), clock_);
  EXPECT_TRUE(file.write("one\n"));
  std::filesystem::rename(path("app.log"), path("moved"));
  std::filesystem::create_directory(path("app.log"));
  EXPECT_FALSE(file.reopen());
  EXPECT_TRUE(file.write("two\n"));
  EXPECT_EQ(text("moved"), "one\ntwo\n");
}

TEST_F(LogFileTest, ALineBeyondTheSizeBeginsANewFile) {
  LogFile file(options(10), clock_);
  EXPECT_TRUE(file.write("12345678901234\n")) << "the first line is taken, however long";
  EXPECT_TRUE(backups().empty());
  EXPECT_TRUE(file.write("1234\n"));
  EXPECT_TRUE(file.write("6789\n")) << "at the limit";
  file.wait_for_tidying();
  EXPECT_EQ(backups(), std::vector<std::string>{backup() + ".gz"});
  EXPECT_EQ(text("app.log"), "1234\n6789\n");
  EXPECT_TRUE(file.write("\n")) << "one over";
  EXPECT_EQ(text("app.log"), "\n");
  file.wait_for_tidying();
  EXPECT_EQ(backups().size(), 2u) << "at the same time, and neither takes the other's name";
}

TEST_F(LogFileTest, WhatWasThereBeforeCounts) {
  std::ofstream(path("app.log")) << "1234567890";
  LogFile file(options(10), clock_);
  EXPECT_TRUE(file.write("x\n"));
  EXPECT_EQ(text("app.log"), "x\n");
}

TEST_F(LogFileTest, WhatIsSetAsideIsCompressedAndThinnedOut) {
  LogFileOptions o = options(10);
  o.backups_max = 2;
  LogFile file(o, clock_);
  for (const char* line : {"first one\n", "second one\n", "third one\n", "fourth one\n"}) {
    EXPECT_TRUE(file.write(line));
    file.wait_for_tidying();
    clock_.advance(std::chrono::seconds(1));
  }
  const std::vector<std::string> names = backups();
  ASSERT_EQ(names.size(), 2u);
  testing::FakeWorld world;
  http::Body third = http::gunzip(http::Body::text(text(names[1])));
  const auto plain = world.run(http::read_all(third, 1000));
  ASSERT_TRUE(plain && *plain);
  EXPECT_EQ(**plain, "third one\n");
}

TEST_F(LogFileTest, WhatAnotherProcessStillWritesToIsNotCompressed) {
  const std::string name = LogPath("app.log").backup_name(clock_.wall_ns());
  std::ofstream(path(name)) << "from before\n";
  const Fd other(::open(path(name).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_SH), 0);
  LogFile file(options(), clock_);
  EXPECT_TRUE(file.write("x\n"));
  file.wait_for_tidying();
  EXPECT_EQ(backups(), std::vector<std::string>{name});
}

TEST_F(LogFileTest, APipeIsWrittenToAndNeverMoved) {
  ASSERT_EQ(::mkfifo(path("app.log").c_str(), 0600), 0);
  LogFile file(options(4), clock_);
  EXPECT_FALSE(file.write("nobody reads\n"));
  const Fd reader(::open(path("app.log").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  clock_.advance(LogFile::retry_pause);
  EXPECT_TRUE(file.write("one line\n"));
  EXPECT_TRUE(file.write("another\n"));
  EXPECT_TRUE(backups().empty());
}

TEST_F(LogFileTest, LinesOfALogGoToItElseToTheDescriptor) {
  const Fd fallback(::open(path("stderr").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Log log(fallback.get(), LogLevel::info);
  LogFile file(options(), clock_);
  log.set_file(&file);
  log.info("kept");
  log.debug("not shown");
  EXPECT_EQ(text("app.log").substr(19), "Z INF kept\n");
  EXPECT_EQ(text("stderr"), "");
  LogFileOptions nowhere;
  nowhere.path = "/proc/nowhere/app.log";
  LogFile none(nowhere, clock_);
  log.set_file(&none);
  log.error("told");
  EXPECT_EQ(text("stderr").substr(19), "Z ERR told\n");
}

TEST_F(LogFileTest, JsonIsOneObjectALine) {
  LogFile file(options(), clock_);
  Log log(2, LogLevel::info);
  log.set_file(&file);
  log.set_json(true);
  log.warn("a \"b\\c\"\nd\x01 \xff é");
  const std::string line = text("app.log");
  EXPECT_TRUE(line.starts_with(R"({"level":"warn","time":"20)")) << line;
  EXPECT_EQ(line.substr(line.find("\"message\"")),
            "\"message\":\"a \\\"b\\\\c\\\"\\nd\\u0001 \xEF\xBF\xBD é\"}\n");
}

}  // namespace
}  // namespace gateproof::net
