// The throttle's law and the file provider's, in virtual time.
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/env/testing/fake_watcher.h"
#include "engine/providers/file_provider.h"

namespace gateproof::providers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A configuration whose only router is called `name`; "" has none.
Message message(const std::string& name) {
  Message m;
  if (!name.empty()) m.objects.routers[name] = {};
  m.digest = "digest of " + name;
  return m;
}

class Recorder {
 public:
  explicit Recorder(testing::FakeWorld& w) : world_(w) {}
  Throttle::Deliver deliver() {
    return [this](config::DynamicConfig c) {
      const auto ms =
          std::chrono::duration_cast<milliseconds>(world_.clock.now().time_since_epoch()).count();
      lines.push_back(std::to_string(ms) + " " +
                      (c.routers.empty() ? "-" : c.routers.begin()->first));
    };
  }
  std::vector<std::string> lines;  // "ms router"

 private:
  testing::FakeWorld& world_;
};

using Lines = std::vector<std::string>;

class ThrottleTest : public ::testing::Test {
 protected:
  testing::FakeWorld world_;
  Recorder recorder_{world_};
  // Messages at times (ms), then what was delivered when.
  Lines run(Duration duration, const std::vector<std::pair<int, std::string>>& offers) {
    Throttle throttle(world_.scheduler, duration, recorder_.deliver());
    for (const auto& [at, name] : offers) {
      world_.run(Instant(milliseconds(at)) - world_.clock.now());
      world_.clock.advance(Instant(milliseconds(at)) - world_.clock.now());
      throttle.offer(message(name));
    }
    world_.run(seconds(60));
    return recorder_.lines;
  }
};

TEST_F(ThrottleTest, FirstAtOnceThenTheNewestAfterTheDuration) {
  EXPECT_EQ(run(seconds(2), {{0, "a"}, {100, "b"}, {200, "c"}, {1999, "d"}}),
            (Lines{"0 a", "2000 d"}));
}

TEST_F(ThrottleTest, EachDeliveryOpensANewPause) {
  EXPECT_EQ(run(seconds(2), {{0, "a"}, {100, "b"}, {2100, "c"}, {9000, "d"}}),
            (Lines{"0 a", "2000 b", "4000 c", "9000 d"}));
}

TEST_F(ThrottleTest, IdenticalIsSkippedButTakesItsSlot) {
  EXPECT_EQ(run(seconds(2), {{0, "a"}, {5000, "a"}, {5300, "b"}}), (Lines{"0 a", "7000 b"}));
}

TEST_F(ThrottleTest, AChangeAndItsTakingBackWithinAPauseIsNoChange) {
  EXPECT_EQ(run(seconds(2), {{0, "a"}, {100, "b"}, {200, "a"}}), (Lines{"0 a"}));
}

TEST_F(ThrottleTest, ZeroMeansNoThrottle) {
  EXPECT_EQ(run(seconds(0), {{0, "a"}, {1, "b"}, {2, "b"}, {3, "c"}}),
            (Lines{"0 a", "1 b", "3 c"}));
}

TEST_F(ThrottleTest, AtTheDurationAndOneBefore) {
  EXPECT_EQ(run(seconds(2), {{0, "a"}, {2000, "b"}}), (Lines{"0 a", "2000 b"}));
}

TEST_F(ThrottleTest, UnknownDigestsAreNeverEqual) {
  Throttle throttle(world_.scheduler, seconds(0), recorder_.deliver());
  for (int i = 0; i < 2; ++i) {
    Message m = message("a");
    m.digest.clear();
    throttle.offer(std::move(m));
  }
  EXPECT_EQ(recorder_.lines.size(), 2u);
}

TEST_F(ThrottleTest, WhatIsDearIsMadeInItsTurnOnly) {
  Throttle throttle(world_.scheduler, seconds(2), {});
  int made = 0;
  const auto offer = [&](const std::string& name) {
    throttle.take_turn(name, [&made, name, deliver = recorder_.deliver()] {
      ++made;
      deliver(message(name).objects);
    });
  };
  for (const char* name : {"a", "b", "c"}) offer(name);
  world_.run(seconds(10));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a", "2000 c"}));
  EXPECT_EQ(made, 2);
  offer("c");
  EXPECT_EQ(made, 2) << "nothing new";
}

// A provider over fake files: a file's text names its router, "bad" cannot be decoded.
class FileProviderTest : public ::testing::Test {
 protected:
  // The provider's task holds the provider: it goes first.
  void TearDown() override { world_.scheduler.cancel_all(); }

  testing::FakeWorld world_;
  testing::FakeFiles files_;
  testing::FakeWatcher watcher_;
  Recorder recorder_{world_};
  std::vector<std::string> reports_, errors_;
  std::unique_ptr<FileProvider> provider_;

  Loaded load() {
    Loaded loaded;
    const Result<std::string> text = files_.read("/conf/a.yml", 1000);
    if (!text || *text == "bad") {
      config::Finding f;
      f.message = text ? "field not found, node: bad" : text.error().message;
      loaded.findings.add(std::move(f));
      return loaded;
    }
    loaded.message = message(*text);
    return loaded;
  }
  bool start(Duration throttle = seconds(2), bool watch = true, bool directory = false) {
    config::FileProviderConfig config;
    (directory ? config.directory : config.filename).value = directory ? "/conf" : "/conf/a.yml";
    config.watch = watch;
    FileProvider::Hooks hooks;
    hooks.load = [this] { return load(); };
    hooks.apply = recorder_.deliver();
    hooks.report = [this](const config::Findings& f) {
      reports_.push_back(f.list().front().message);
    };
    hooks.log_error = [this](const std::string& line) { errors_.push_back(line); };
    world_.scheduler.cancel_all();
    provider_ = std::make_unique<FileProvider>(world_.scheduler, files_, &watcher_, config,
                                               throttle, std::move(hooks));
    const bool started = provider_->start();
    world_.scheduler.spawn("provider", provider_->run());
    return started;
  }
  void write(const std::string& text) {
    files_.files["/conf/a.yml"] = text;
    watcher_.touch("/conf/a.yml");
    world_.scheduler.run_ready();
  }
  void pass(Duration d) {
    const Instant end = world_.clock.now() + d;
    world_.run(d);
    if (world_.clock.now() < end) world_.clock.advance(end - world_.clock.now());
  }
};

TEST_F(FileProviderTest, FirstConfigurationIsInForceWhenStartReturns) {
  files_.files["/conf/a.yml"] = "a";
  EXPECT_TRUE(start());
  EXPECT_EQ(recorder_.lines, (Lines{"0 a"}));
  EXPECT_EQ(watcher_.watched, (std::vector<std::string>{"/conf/a.yml"}));
}

TEST_F(FileProviderTest, ChangesAreThrottled) {
  files_.files["/conf/a.yml"] = "a";
  start();
  pass(milliseconds(100));
  write("b");
  write("c");
  pass(seconds(10));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a", "2000 c"}));
}

// Surprise 46, first half: the empty state of a truncating write is applied, and bad text keeps it.
TEST_F(FileProviderTest, TruncatingWriteWipesTheRoutes) {
  files_.files["/conf/a.yml"] = "a";
  start();
  pass(seconds(5));
  write("");
  write("bad");
  pass(seconds(5));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a", "5000 -"}));
  EXPECT_EQ(reports_, (std::vector<std::string>{"field not found, node: bad"}));
  write("b");
  pass(seconds(5));
  EXPECT_EQ(recorder_.lines.back(), "10000 b");
}

// Surprise 46, second half: with an atomic rename an invalid file leaves the previous configuration in force.
TEST_F(FileProviderTest, BadTextKeepsThePreviousConfiguration) {
  files_.files["/conf/a.yml"] = "a";
  start();
  pass(seconds(5));
  write("bad");
  pass(seconds(5));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a"}));
}

TEST_F(FileProviderTest, BadTextAtStartIsReportedAndMendedLater) {
  files_.files["/conf/a.yml"] = "bad";
  EXPECT_TRUE(start());
  EXPECT_EQ(reports_.size(), 1u);
  pass(seconds(1));
  write("a");
  EXPECT_EQ(recorder_.lines, (Lines{"1000 a"}));
}

TEST_F(FileProviderTest, MissingFileOrDirectoryMeansNotStarted) {
  for (const bool directory : {false, true}) {
    EXPECT_FALSE(start(seconds(2), true, directory));
    EXPECT_EQ(errors_.size(), directory ? 2u : 1u);
    write("a");  // its appearance is not noticed (as measured on the reference) ...
    pass(seconds(5));
    EXPECT_TRUE(recorder_.lines.empty());
    files_.files.clear();
  }
  write("a");
  provider_->reload();  // ... but SIGHUP starts it
  EXPECT_EQ(recorder_.lines.size(), 1u);
  pass(seconds(5));
  write("b");
  EXPECT_EQ(recorder_.lines.size(), 2u);
}

TEST_F(FileProviderTest, MissingWatchDirectoryMeansNotStarted) {
  files_.files["/conf/a.yml"] = "a";
  watcher_.missing = {"/conf/a.yml"};
  EXPECT_FALSE(start());
  EXPECT_TRUE(recorder_.lines.empty());
}

TEST_F(FileProviderTest, WithoutWatchOnlyReloadReads) {
  files_.files["/conf/a.yml"] = "a";
  EXPECT_TRUE(start(seconds(2), false));
  EXPECT_TRUE(watcher_.watched.empty());
  pass(seconds(5));
  write("b");
  pass(seconds(5));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a"}));
  provider_->reload();
  EXPECT_EQ(recorder_.lines.back(), "10000 b");
}

TEST_F(FileProviderTest, ReloadWithoutAChangeTakesASlot) {
  files_.files["/conf/a.yml"] = "a";
  start();
  pass(seconds(5));
  provider_->reload();
  pass(milliseconds(300));
  write("b");
  pass(seconds(5));
  EXPECT_EQ(recorder_.lines, (Lines{"0 a", "7000 b"}));
}

TEST_F(FileProviderTest, NoPathIsAnError) {
  FileProvider::Hooks hooks;
  hooks.log_error = [this](const std::string& line) { errors_.push_back(line); };
  FileProvider provider(world_.scheduler, files_, &watcher_, {}, seconds(2), std::move(hooks));
  EXPECT_FALSE(provider.start());
  EXPECT_EQ(errors_.size(), 1u);
}

}  // namespace
}  // namespace gateproof::providers
