#include "engine/daemon/process_log.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::daemon {
namespace {

class ProcessLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/gp_process_log_XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    config_.level = "WARN";
    config_.file_path = folder_ + "/app.log";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::vector<std::string> lines() const {
    std::ifstream in(config_.file_path);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  std::string folder_;
  config::LogConfig config_;
  testing::FakeClock clock_;
  testing::FakeFiles files_;
};

TEST_F(ProcessLogTest, FindingsAreALineEach) {
  config::Findings findings;
  SourceSpan span;
  findings.add("GP0210", span, "router a@file", "something is wrong", "write it right");
  findings.add("GP1104", span, "", "only a note", "");
  ProcessLog(config_, clock_).report(findings, files_);
  ASSERT_EQ(lines().size(), 1u) << "a note is none at WARN";
  EXPECT_EQ(lines()[0].substr(20),
            " WRN GP0210: router a@file: something is wrong (help: write it right)");
}

TEST_F(ProcessLogTest, JsonAndSizes) {
  config_.json = true;
  config_.max_size = 1;
  std::ofstream(config_.file_path) << std::string(1 << 20, 'x');
  ProcessLog(config_, clock_).log().error("told");
  ASSERT_EQ(lines().size(), 1u) << "a megabyte was there: set aside";
  EXPECT_TRUE(lines()[0].ends_with(R"("message":"told"})")) << lines()[0];
}

}  // namespace
}  // namespace gateproof::daemon
