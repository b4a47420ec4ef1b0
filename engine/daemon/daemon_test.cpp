// The command line, and the program as a whole: exit codes, a port in use, reload by signal, graceful end.
#include "engine/daemon/daemon.h"

#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/daemon/command_line.h"
#include "engine/env/testing/fake.h"
#include "engine/net/event_loop.h"
#include "engine/net/transport.h"

namespace gateproof::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(CommandLine, WhatIsAskedFor) {
  struct Row {
    std::vector<std::string> arguments;
    Command command;
    size_t left;
  };
  for (Row& r : std::vector<Row>{{{}, Command::serve, 0},
                                 {{"--help"}, Command::help, 1},
                                 {{"-h"}, Command::help, 1},
                                 {{"--configFile=x", "--version"}, Command::version, 2},
                                 {{"version"}, Command::version, 1},
                                 {{"healthcheck", "--ping=true"}, Command::health_check, 1},
                                 {{"--configFile=version"}, Command::serve, 1},
                                 {{"--entryPoints.web.address=:80"}, Command::serve, 1}}) {
    EXPECT_EQ(take_command(r.arguments), r.command);
    EXPECT_EQ(r.arguments.size(), r.left);
  }
}

TEST(CommandLine, DefaultPlacesInTraefiksOrder) {
  const std::vector<std::string> files =
      default_files({{"HOME", "/home/u"}, {"XDG_CONFIG_HOME", "/xdg"}});
  ASSERT_EQ(files.size(), 12u);
  EXPECT_EQ(files[0], "/etc/traefik/traefik.toml");
  EXPECT_EQ(files[3], "/xdg/traefik.toml");
  EXPECT_EQ(files[7], "/home/u/.config/traefik.yaml");
  EXPECT_EQ(files[11], "./traefik.yml");
}

// Surprise 49: static sources do not merge.
TEST(CommandLine, AFileShutsOutFlags) {
  testing::FakeFiles files;
  files.files["/t.yml"] = "entryPoints: {web: {address: ':80'}}";
  config::Findings findings;
  CommandLine line;
  line.arguments = {"--configFile=/t.yml", "--entryPoints.other.address=:81",
                    "--gateproof.workers=3"};
  const auto statics = load(line, files, findings);
  ASSERT_NE(statics, nullptr);
  EXPECT_TRUE(statics->entry_points.contains("web"));
  EXPECT_FALSE(statics->entry_points.contains("other"));
  EXPECT_EQ(statics->gateproof.workers, 3);
}

TEST(CommandLine, NothingSaidGivesAnEntryPointOnPort80) {
  testing::FakeFiles files;
  config::Findings findings;
  const auto statics = load({}, files, findings);
  ASSERT_NE(statics, nullptr);
  ASSERT_TRUE(statics->entry_points.contains("http"));
  EXPECT_EQ(statics->entry_points.at("http").address.value, ":80");
}

// The program in a process of its own.
class Program {
 public:
  Program(std::vector<std::string> arguments, const std::string& output,
          std::string successor = {}) {
    pid_ = ::fork();  // allowed: the program must be a process
    if (pid_ != 0) return;
    ::dup2(::creat(output.c_str(), 0600), 2);
    CommandLine line;
    line.program = std::move(successor);
    line.arguments = std::move(arguments);
    ::_exit(run(std::move(line)));
  }
  void signal(int s) { ::kill(pid_, s); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/gp_daemon_XXXXXX";
    ASSERT_NE(::mkdtemp(dir_.data()), nullptr);
    choose_port();
  }
  void choose_port() {
    const auto probe = transport_.listen({IpAddress::v4(127, 0, 0, 1), 0});
    port_ = (*probe)->local().port;
  }
  std::string address() { return "127.0.0.1:" + std::to_string(port_); }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(dir_ + "/" + name + ".new") << text;
    ::rename((dir_ + "/" + name + ".new").c_str(), (dir_ + "/" + name).c_str());
  }
  std::string output() { return text("out"); }
  std::string text(const std::string& name) {
    std::ifstream in(dir_ + "/" + name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  bool has(const std::string& name, const std::string& part) {
    for (int i = 0; i < 250 && text(name).find(part) == std::string::npos; ++i)
      loop_->run_until([] { return false; }, milliseconds(20));
    return text(name).find(part) != std::string::npos;
  }
  Task<Result<std::string>> ask(std::string path, Instant deadline) {
    const SocketAddress to{IpAddress::v4(127, 0, 0, 1), port_};
    Result<std::unique_ptr<Stream>> s = co_await transport_.connect(to, deadline);
    if (!s) co_return s.error();
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    std::vector<std::string_view> pieces = {request};
    const Result<void> sent = co_await write_all(**s, std::move(pieces), deadline);
    if (!sent) co_return sent.error();
    std::array<char, 1024> buffer;
    const Result<size_t> n = co_await read_some(**s, buffer, deadline);
    if (!n) co_return n.error();
    co_return std::string(buffer.data(), *n);
  }
  // The status of an answer; 0 when there is none.
  int get(const std::string& path) {
    auto asking = ask(path, loop_->clock().now() + seconds(2));
    if (!asking.start_root(loop_->scheduler(), "get"))
      loop_->run_until([&] { return asking.done(); }, seconds(3));
    const Result<std::string> answer = asking.take();
    return answer && answer->size() > 12 ? std::atoi(answer->c_str() + 9) : 0;
  }
  bool becomes(const std::string& path, int status) {
    for (int i = 0; i < 250; ++i) {
      if (get(path) == status) return true;
      loop_->run_until([] { return false; }, milliseconds(20));
    }
    return false;
  }
  static std::string router(const std::string& path) {
    return "http:\n  routers: {r: {rule: 'Path(`" + path +
           "`)', service: s}}\n  services: {s: {loadBalancer: {servers: [{url: "
           "'http://127.0.0.1:1'}]}}}\n";
  }

  std::string dir_;
  uint16_t port_ = 0;
  std::unique_ptr<net::EventLoop> loop_ = std::move(*net::EventLoop::make());
  net::NetTransport transport_{*loop_};
};

TEST_F(ProgramTest, ServesReloadsAndEnds) {
  put("d.yml", router("/one"));
  Program program({"--entryPoints.web.address=" + address(), "--ping=true", "--ping.entryPoint=web",
                   "--providers.file.filename=" + dir_ + "/d.yml",
                   "--providers.providersThrottleDuration=50ms", "--gateproof.workers=2"},
                  dir_ + "/out");
  EXPECT_TRUE(becomes("/one", 502));  // nobody listens on port 1
  EXPECT_EQ(get("/ping"), 200);
  put("d.yml", router("/two"));
  EXPECT_TRUE(becomes("/two", 502));
  EXPECT_EQ(get("/one"), 404);
  put("d.yml", "http:\n  nope: 1\n");
  loop_->run_until([] { return false; }, milliseconds(200));
  EXPECT_EQ(get("/two"), 502);  // the previous configuration is kept
  EXPECT_NE(output().find("d.yml:2:3"), std::string::npos) << output();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), exit_ok);
}

TEST_F(ProgramTest, MissingDirectoryKeepsTheProcessUpAndSighupStartsIt) {
  Program program(
      {"--entryPoints.web.address=" + address(), "--providers.file.directory=" + dir_ + "/later"},
      dir_ + "/out");
  EXPECT_TRUE(becomes("/one", 404));
  ASSERT_EQ(::system(("mkdir " + dir_ + "/later").c_str()), 0);
  put("later/a.yml", router("/one"));
  program.signal(SIGHUP);
  EXPECT_TRUE(becomes("/one", 502));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), exit_ok);
  EXPECT_NE(output().find("Cannot start the file provider"), std::string::npos);
}

TEST_F(ProgramTest, LogFilesThatWereMovedAwayAreOpenedAgain) {
  put("d.yml", router("/one"));
  Program program(
      {"--entryPoints.web.address=" + address(), "--log.level=INFO",
       "--log.filePath=" + dir_ + "/logs/app.log", "--providers.file.filename=" + dir_ + "/d.yml",
       "--providers.providersThrottleDuration=50ms"},
      dir_ + "/out");
  EXPECT_TRUE(becomes("/one", 502));
  EXPECT_TRUE(has("logs/app.log", "configuration 2 is in force")) << text("logs/app.log");
  ::rename((dir_ + "/logs/app.log").c_str(), (dir_ + "/logs/moved").c_str());
  program.signal(SIGUSR1);
  EXPECT_TRUE(has("logs/app.log", "SIGUSR1: log files are opened again"));
  put("d.yml", "http:\n  nope: 1\n");
  EXPECT_TRUE(has("logs/app.log", "d.yml:2:3")) << "findings are lines of it, too";
  const std::string before = text("logs/moved");
  EXPECT_EQ(before.find("SIGUSR1"), std::string::npos);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), exit_ok);
  EXPECT_NE(text("logs/app.log").find("stopping gracefully"), std::string::npos);
  EXPECT_EQ(text("logs/moved"), before);
  EXPECT_EQ(output(), "");
}

TEST_F(ProgramTest, ALogFileThatCannotBeOpenedStopsNothing) {
  Program program({"--entryPoints.web.address=" + address(), "--log.level=INFO",
                   "--log.filePath=/proc/nowhere/app.log"},
                  dir_ + "/out");
  EXPECT_TRUE(becomes("/one", 404));
  program.signal(SIGUSR1);
  EXPECT_TRUE(has("out", "SIGUSR1: /proc/nowhere/app.log: "));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), exit_ok);
  EXPECT_NE(output().find("lines go to the standard error"), std::string::npos) << output();
  EXPECT_NE(output().find("stopping gracefully"), std::string::npos) << output();
}

// The restart that succeeds is bench/reload_under_load.py --restarts, under load.
TEST_F(ProgramTest, GoesOnWhenASuccessorCannotServe) {
  put("d.yml", router("/one"));
  for (const char* successor : {"/bin/false", "/nowhere/gateproofd"}) {
    choose_port();
    Program program({"--entryPoints.web.address=" + address(), "--log.level=INFO",
                     "--providers.file.filename=" + dir_ + "/d.yml"},
                    dir_ + "/out", successor);
    EXPECT_TRUE(becomes("/one", 502));
    for (int time = 0; time < 2; ++time) {
      program.signal(SIGUSR2);
      loop_->run_until([] { return false; }, milliseconds(200));
      EXPECT_EQ(get("/one"), 502);
    }
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), exit_ok);
    EXPECT_NE(output().find("the successor does not serve, this process goes on"),
              std::string::npos)
        << output();
  }
}

TEST_F(ProgramTest, PortInUseIsExitCode1WithARemedy) {
  const auto holder = transport_.listen({IpAddress::v4(127, 0, 0, 1), port_});
  ASSERT_TRUE(holder);
  Program program({"--entryPoints.web.address=" + address()}, dir_ + "/out");
  EXPECT_EQ(program.wait(), exit_failed);
  EXPECT_NE(output().find("entryPoint web: listen tcp"), std::string::npos) << output();
  EXPECT_NE(output().find("help: "), std::string::npos) << output();
}

TEST_F(ProgramTest, BadStaticConfigurationIsExitCode2WithAPlace) {
  put("t.yml", "entryPoints:\n  web:\n    adress: ':80'\n");
  Program program({"--configFile=" + dir_ + "/t.yml"}, dir_ + "/out");
  EXPECT_EQ(program.wait(), exit_usage);
  EXPECT_NE(output().find("t.yml:3:5"), std::string::npos) << output();
}

}  // namespace
}  // namespace gateproof::daemon
