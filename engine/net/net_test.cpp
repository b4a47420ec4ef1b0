// The real world's parts on loopback: streams, dialling, accepting, files, names, time.
#include <csignal>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/net/files.h"
#include "engine/net/listener.h"
#include "engine/net/log.h"
#include "engine/net/random.h"
#include "engine/net/resolver.h"
#include "engine/net/signals.h"
#include "engine/net/socket.h"
#include "engine/net/stream.h"
#include "engine/net/transport.h"

namespace gateproof::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SocketAddress loopback(uint16_t port = 0) { return {IpAddress::v4(127, 0, 0, 1), port}; }

class NetTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
  NetTransport transport_{*loop_};

  Scheduler& scheduler() { return loop_->scheduler(); }
  // Runs a task on the loop to its end.
  template <class T>
  std::optional<T> run(Task<T> task, Duration longest = seconds(5)) {
    if (!task.start_root(scheduler(), "test")) {
      loop_->run_until([&] { return task.done(); }, longest);
    }
    if (!task.done()) return std::nullopt;
    return task.take();
  }
  struct Pair {
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Stream> client, server;
  };
  Pair connected() {
    Pair p;
    p.listener = std::move(*transport_.listen(loopback()));
    auto client = run(transport_.connect(p.listener->local(), instant_max));
    p.client = std::move(**client);
    auto server = run(p.listener->accept());
    p.server = std::move(**server);
    return p;
  }
  Result<size_t> read(Stream& s, std::string& into, Duration wait = seconds(2)) {
    into.resize(4096);
    std::optional<Result<size_t>> r = run(read_some(s, into, scheduler().now() + wait));
    EXPECT_TRUE(r.has_value());
    into.resize(r && *r ? **r : 0);
    return r ? *r : Result<size_t>(Error(Code::timeout, "test"));
  }
  Result<void> write(Stream& s, std::string_view text) {
    return *run(write_all(s, {text}, scheduler().now() + seconds(2)));
  }
};

TEST_F(NetTest, BytesGoBothWays) {
  Pair p = connected();
  ASSERT_TRUE(write(*p.client, "hello"));
  std::string got;
  ASSERT_TRUE(read(*p.server, got));
  EXPECT_EQ(got, "hello");
  const std::vector<std::string_view> pieces = {"a", "", "bc"};
  ASSERT_TRUE(*run(write_all(*p.server, pieces, instant_max)));
  ASSERT_TRUE(read(*p.client, got));
  EXPECT_EQ(got, "abc");
  EXPECT_EQ(p.client->peer(), p.server->local());
  EXPECT_EQ(p.client->local(), p.server->peer());
}

TEST_F(NetTest, EmptyReadsAndWritesAreNoEnd) {
  Pair p = connected();
  char c;
  EXPECT_EQ(p.client->try_read({&c, 0}).kind, IoResult::bytes);
  EXPECT_EQ(p.client->try_write({}).kind, IoResult::bytes);
  EXPECT_FALSE(p.client->ended());
}

TEST_F(NetTest, EndIsSeenBehindBytes) {
  Pair p = connected();
  ASSERT_TRUE(write(*p.client, "last"));
  p.client->shutdown_write();
  std::string got;
  ASSERT_TRUE(read(*p.server, got));
  EXPECT_EQ(got, "last");
  EXPECT_EQ(*read(*p.server, got), 0u);
  EXPECT_TRUE(p.server->ended());
  ASSERT_TRUE(write(*p.server, "still"));  // the other direction goes on
  ASSERT_TRUE(read(*p.client, got));
  EXPECT_EQ(got, "still");
}

// A short read clears the readiness; an end that came with the bytes must not be lost by that.
TEST_F(NetTest, EndThatCameWithTheBytesIsNotLost) {
  Pair p = connected();
  ASSERT_TRUE(write(*p.client, "x"));
  p.client->close();
  std::this_thread::sleep_for(milliseconds(20));
  std::string got;
  ASSERT_TRUE(read(*p.server, got));
  EXPECT_EQ(*read(*p.server, got), 0u);
}

TEST_F(NetTest, ReadDeadlinePasses) {
  Pair p = connected();
  std::string got;
  const Result<size_t> r = read(*p.server, got, milliseconds(20));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::timeout);
  ASSERT_TRUE(write(*p.client, "late"));  // and the stream is still good
  ASSERT_TRUE(read(*p.server, got));
  EXPECT_EQ(got, "late");
}

TEST_F(NetTest, WritingBlocksWhenThePeerDoesNotReadAndGoesOnWhenItDoes) {
  Pair p = connected();
  const std::string block(1 << 20, 'x');
  const std::string_view piece(block);
  size_t sent = 0;
  IoResult r;
  while ((r = p.client->try_write({&piece, 1})).kind == IoResult::bytes) sent += r.n;
  ASSERT_EQ(r.kind, IoResult::would_block);
  Task<Wake> waiting = p.client->writable(scheduler().now() + seconds(5));
  ASSERT_FALSE(waiting.start_root(scheduler(), "writable"));
  std::string buffer(1 << 16, '\0');
  size_t received = 0;
  while (received < sent)
    received += **run(read_some(*p.server, buffer, scheduler().now() + seconds(2)));
  EXPECT_EQ(received, sent);
  ASSERT_TRUE(loop_->run_until([&] { return waiting.done(); }, seconds(2)));
  EXPECT_EQ(waiting.take(), Wake::ready);
}

TEST_F(NetTest, ResetIsAnErrorOfItsOwn) {
  Pair p = connected();
  ASSERT_TRUE(write(*p.client, "unread"));
  std::this_thread::sleep_for(milliseconds(10));
  p.server->close();  // with unread bytes: the kernel answers with a reset
  std::string got;
  const Result<size_t> r = read(*p.client, got);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::reset);
  EXPECT_TRUE(p.client->ended());
}

TEST_F(NetTest, ClosedStreamFailsInsteadOfWaiting) {
  Pair p = connected();
  p.client->close();
  char c;
  EXPECT_EQ(p.client->try_read({&c, 1}).code, Code::canceled);
  EXPECT_EQ(*run(p.client->readable(instant_max)), Wake::ready);
}

TEST_F(NetTest, DestroyedWaiterLeavesNothingBehind) {
  Pair p = connected();
  char c;
  ASSERT_EQ(p.server->try_read({&c, 1}).kind, IoResult::would_block);
  {
    Task<Wake> waiting = p.server->readable(instant_max);
    ASSERT_FALSE(waiting.start_root(scheduler(), "dropped"));
  }
  ASSERT_TRUE(write(*p.client, "x"));
  loop_->run_once(milliseconds(50));
  std::string got;
  ASSERT_TRUE(read(*p.server, got));
  EXPECT_EQ(got, "x");
}

TEST_F(NetTest, RefusedConnection) {
  const SocketAddress free_port = transport_.listen(loopback()).value()->local();
  const auto r = run(transport_.connect(free_port, instant_max));
  ASSERT_FALSE(*r);
  EXPECT_EQ(r->error().code, Code::refused);
  EXPECT_EQ(r->error().source, Source::upstream);
}

TEST_F(NetTest, ConnectDeadlinePasses) {
  // A full backlog drops further handshakes, which looks like a host that never answers.
  Fd fd = std::move(*open_listener(loopback(), {}));
  ::listen(fd.get(), 0);
  const SocketAddress at = local_address(fd.get());
  std::vector<std::unique_ptr<Stream>> filling;
  for (int i = 0; i < 8; ++i) {
    auto r = run(transport_.connect(at, scheduler().now() + milliseconds(100)));
    ASSERT_TRUE(r.has_value());
    if (*r) {
      filling.push_back(std::move(**r));
      continue;
    }
    EXPECT_EQ(r->error().code, Code::timeout);
    return;
  }
  FAIL() << "the backlog took everything";
}

TEST_F(NetTest, ListeningTwiceSaysSoWithARemedy) {
  auto first = transport_.listen(loopback());
  ASSERT_TRUE(first);
  auto second = transport_.listen((*first)->local());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("already in use"), std::string::npos);
  EXPECT_FALSE(second.error().remedy.empty());
}

// Several loops share a port, but a foreign holder of the port is still an error.
TEST_F(NetTest, SharedListenersJoinOneAnotherOnly) {
  Result<Fd> first = open_listener(loopback(), {.share = true});
  ASSERT_TRUE(first);
  const SocketAddress at = local_address(first->get());
  EXPECT_TRUE(open_listener(at, {.join = true}));
  EXPECT_FALSE(open_listener(at, {.share = true}));
  EXPECT_FALSE(open_listener(at, {}));
}

TEST_F(NetTest, WildcardListensOnBothFamilies) {
  auto listener = transport_.listen({IpAddress::v4(0, 0, 0, 0), 0});
  ASSERT_TRUE(listener);
  auto client = run(transport_.connect(loopback((*listener)->local().port), instant_max));
  ASSERT_TRUE(*client);
  auto server = run((*listener)->accept());
  ASSERT_TRUE(*server);
  EXPECT_EQ((**server)->peer().ip, IpAddress::v4(127, 0, 0, 1));
  EXPECT_EQ((**server)->local().ip, IpAddress::v4(127, 0, 0, 1));
}

// At the descriptor limit accepting rests instead of spinning or giving up, and goes on when one is free again.
TEST_F(NetTest, AcceptRestsAtTheDescriptorLimitAndRecovers) {
  auto listener = std::move(*transport_.listen(loopback()));
  auto client = std::move(**run(transport_.connect(listener->local(), instant_max)));
  // The sanitizer opens a pipe to check a type that it has not seen before: it must have seen a timer by now.
  loop_->run_until([] { return false; }, milliseconds(1));
  Task<void> nap = sleep_for(scheduler(), milliseconds(1));
  nap.start_root(scheduler(), "nap");
  loop_->run_until([&] { return nap.done(); }, seconds(1));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next_fd = ::dup(0);
  ::close(next_fd);
  const rlimit tight{static_cast<rlim_t>(next_fd), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  auto accepting = listener->accept();
  EXPECT_FALSE(accepting.start_root(scheduler(), "accept"));
  loop_->run_until([] { return false; }, milliseconds(120));
  EXPECT_FALSE(accepting.done());
  const uint64_t pauses = static_cast<NetListener&>(*listener).pauses();
  EXPECT_GE(pauses, 1u);
  EXPECT_LE(pauses, 4u);  // rests, does not spin
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(loop_->run_until([&] { return accepting.done(); }, seconds(2)));
  EXPECT_TRUE(accepting.take());
}

// What a drain does before it closes the socket, which would reset them.
TEST_F(NetTest, WhatIsQueuedIsTakenWithoutWaiting) {
  auto listener = std::move(*transport_.listen(loopback()));
  auto& net = static_cast<NetListener&>(*listener);
  EXPECT_FALSE(net.try_accept().has_value());
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 3; ++i) {
    auto client = run(transport_.connect(listener->local(), instant_max));
    clients.push_back(std::move(**client));
  }
  std::vector<std::unique_ptr<Stream>> taken;
  while (auto queued = net.try_accept()) taken.push_back(std::move(**queued));
  EXPECT_EQ(taken.size(), 3u);
  net.close();
  auto after_close = net.try_accept();
  ASSERT_TRUE(after_close.has_value());
  EXPECT_EQ(after_close->error().code, Code::canceled);
  std::string bytes;
  EXPECT_FALSE(read(*clients.back(), bytes, milliseconds(50))) << "it is open, and silent";
}

TEST_F(NetTest, ClosedListenerEndsAccept) {
  auto listener = std::move(*transport_.listen(loopback()));
  auto accepting = listener->accept();
  ASSERT_FALSE(accepting.start_root(scheduler(), "accept"));
  static_cast<NetListener&>(*listener).close();
  ASSERT_TRUE(loop_->run_until([&] { return accepting.done(); }, seconds(1)));
  EXPECT_EQ(accepting.take().error().code, Code::canceled);
}

TEST_F(NetTest, TimersFireNotBeforeTheirTime) {
  RealClock clock;
  const Instant start = clock.now();
  Task<void> sleep = sleep_for(scheduler(), milliseconds(15));
  ASSERT_FALSE(sleep.start_root(scheduler(), "sleep"));
  ASSERT_TRUE(loop_->run_until([&] { return sleep.done(); }, seconds(2)));
  EXPECT_GE(clock.now() - start, milliseconds(14));
}

TEST_F(NetTest, PostedWorkRunsOnTheLoopAndALateOneIsDropped) {
  std::thread::id ran;
  std::thread other([&] { loop_->post([&] { ran = std::this_thread::get_id(); }); });
  other.join();
  loop_->run_until([&] { return ran != std::thread::id(); }, seconds(2));
  EXPECT_EQ(ran, std::this_thread::get_id());
  const std::shared_ptr<Mailbox> mailbox = loop_->mailbox();
  loop_.reset();
  EXPECT_FALSE(mailbox->post([] {}));
}

TEST_F(NetTest, StopFromAnotherThread) {
  std::thread other([&] { loop_->stop(); });
  loop_->run();
  other.join();
}

TEST_F(NetTest, ResolverKnowsLocalhostLiteralsAndUnknownNames) {
  RealResolver resolver(*loop_);
  const auto literal = run(resolver.resolve("192.0.2.7"));
  EXPECT_EQ((*literal)->at(0).to_string(), "192.0.2.7");
  const auto local = run(resolver.resolve("localhost"), seconds(20));
  ASSERT_TRUE(local.has_value());
  ASSERT_TRUE(*local);
  EXPECT_FALSE((*local)->empty());
  const auto none = run(resolver.resolve("no-such-name.invalid"), seconds(20));
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(*none);
}

TEST_F(NetTest, AbandonedLookupIsHarmless) {
  auto resolver = std::make_unique<RealResolver>(*loop_);
  {
    auto lookup = resolver->resolve("localhost");
    lookup.start_root(scheduler(), "abandoned");
  }
  resolver.reset();
  loop_->run_until([] { return false; }, milliseconds(50));
}

TEST_F(NetTest, SignalsAreAwaited) {
  auto signals = std::move(*Signals::make(*loop_, {SIGUSR2}));
  auto next = signals->next();
  ASSERT_FALSE(next.start_root(scheduler(), "signal"));
  ::kill(::getpid(), SIGUSR2);
  ASSERT_TRUE(loop_->run_until([&] { return next.done(); }, seconds(2)));
  EXPECT_EQ(next.take(), SIGUSR2);
}

TEST(RealRandom, SameSeedSameStreamOtherNameOtherStream) {
  EXPECT_EQ(RealRandom(7).stream("a").next(), RealRandom(7).stream("a").next());
  EXPECT_NE(RealRandom(7).stream("a").next(), RealRandom(7).stream("b").next());
  EXPECT_NE(RealRandom(0).seed(), RealRandom(0).seed());
}

TEST(RealFiles, ReadsListsAndStamps) {
  const std::string dir = ::testing::TempDir() + "/gp_files_" + std::to_string(::getpid());
  ASSERT_EQ(::system(("mkdir -p " + dir + "/sub").c_str()), 0);
  std::ofstream(dir + "/b.yml") << "12345";
  std::ofstream(dir + "/a.yml") << "";
  RealFiles files;
  EXPECT_EQ(*files.read(dir + "/b.yml", 5), "12345");                  // at the limit
  EXPECT_EQ(files.read(dir + "/b.yml", 4).error().code, Code::limit);  // one over
  EXPECT_EQ(files.read(dir + "/b.yml", 0).error().code, Code::limit);  // zero
  EXPECT_EQ(*files.read(dir + "/a.yml", 0), "");
  EXPECT_EQ(files.read(dir + "/none", 5).error().code, Code::not_found);
  EXPECT_EQ(files.read(dir, 5).error().code, Code::io);
  EXPECT_EQ(*files.list(dir), (std::vector<std::string>{"a.yml", "b.yml", "sub/"}));
  EXPECT_EQ(files.list(dir + "/none").error().code, Code::not_found);
  EXPECT_EQ(files.stamp(dir + "/b.yml")->size, 5);
}

TEST(RealFiles, ATextTakesItsSizeAndAFileMayHaveMoreThanItSays) {
  const std::string path = ::testing::TempDir() + "/gp_file_" + std::to_string(::getpid());
  RealFiles files;
  const std::string large(200'000, 'x');
  std::ofstream(path) << large;
  EXPECT_EQ(*files.read(path, 1 << 20), large);
  EXPECT_EQ(files.read(path, large.size() - 1).error().code, Code::limit);
  EXPECT_LT(files.read(path, 1 << 20)->capacity(), large.size() + 100);
  EXPECT_NE(files.read("/proc/self/status", 1 << 20)->find("VmRSS"), std::string::npos) << "size 0";
  EXPECT_EQ(files.read("/proc/self/status", 100).error().code, Code::limit);
  EXPECT_EQ(files.read(path, SIZE_MAX)->size(), large.size());
  std::remove(path.c_str());
}

TEST(Log, LevelsAndLayout) {
  struct Row {
    std::string_view name;
    LogLevel level;
  };
  for (const Row& r :
       {Row{"DEBUG", LogLevel::debug}, Row{"info", LogLevel::info}, Row{"Warn", LogLevel::warn},
        Row{"nonsense", LogLevel::error}, Row{"", LogLevel::error}}) {
    EXPECT_EQ(log_level(r.name), r.level) << r.name;
  }
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const Log log(pipe_fds[1], LogLevel::warn);
  log.info("not shown");
  log.error("shown");
  ::close(pipe_fds[1]);
  std::string text(200, '\0');
  text.resize(
      static_cast<size_t>(std::max<ssize_t>(0, ::read(pipe_fds[0], text.data(), text.size()))));
  ::close(pipe_fds[0]);
  EXPECT_EQ(text.substr(10, 1), "T");
  EXPECT_EQ(text.substr(19), "Z ERR shown\n");
}

TEST(Fd, ErrnoBecomesTheReaction) {
  EXPECT_EQ(code_of_errno(ECONNREFUSED), Code::refused);
  EXPECT_EQ(code_of_errno(EHOSTUNREACH), Code::refused);
  EXPECT_EQ(code_of_errno(EPIPE), Code::reset);
  EXPECT_EQ(code_of_errno(ETIMEDOUT), Code::timeout);
  EXPECT_EQ(code_of_errno(EACCES), Code::io);
  EXPECT_TRUE(out_of_resources(EMFILE));
  EXPECT_FALSE(out_of_resources(EAGAIN));
}

}  // namespace
}  // namespace gateproof::net
