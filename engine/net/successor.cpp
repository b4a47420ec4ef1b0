#include "engine/net/successor.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "engine/net/handed_sockets.h"

namespace gateproof::net {
namespace {

// Frees what posix_spawn wants set up.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& t : texts) list.push_back(t.data());
  list.push_back(nullptr);
  return list;
}

bool of_hand_over(std::string_view name) {
  return name == "LISTEN_FDS" || name == "LISTEN_FDNAMES" || name == "LISTEN_PID" ||
         name == ready_variable;
}

std::vector<std::string> environment_of(
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::vector<NamedSocket>& sockets) {
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) {
    if (!of_hand_over(name)) out.push_back(name + "=" + value);
  }
  std::string names;
  for (const NamedSocket& s : sockets) names += (names.empty() ? "" : ":") + s.name;
  const size_t count = sockets.size();
  out.push_back("LISTEN_FDS=" + std::to_string(count));
  out.push_back("LISTEN_FDNAMES=" + names);
  std::string ready(ready_variable);
  ready += '=';
  ready += std::to_string(handed_first_fd + count);
  out.push_back(std::move(ready));
  return out;
}

}  // namespace

Result<std::unique_ptr<Successor>> Successor::start(
    EventLoop& loop, const std::string& program, const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::vector<NamedSocket>& sockets) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
    return Error(Code::io, errno_text("socketpair", errno));
  Fd ours(pair[0]);
  Fd theirs(pair[1]);
  SpawnPlan plan;
  std::vector<Fd> moved;  // out of the range that the successor's descriptors will have
  const int first_free = handed_first_fd + static_cast<int>(sockets.size()) + 1;
  int target = handed_first_fd;
  const auto give = [&](int fd) {
    moved.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, first_free));
    return moved.back() &&
           posix_spawn_file_actions_adddup2(&plan.actions, moved.back().get(), target++) == 0;
  };
  for (const NamedSocket& s : sockets) {
    if (!give(s.fd.get())) return Error(Code::io, errno_text("descriptor", errno));
  }
  if (!give(theirs.get())) return Error(Code::io, errno_text("descriptor", errno));
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment_of(environment, sockets);
  pid_t pid = 0;
  const int failure = ::posix_spawnp(&pid, program.c_str(), &plan.actions, &plan.attributes,
                                     pointers(words).data(), pointers(variables).data());
  if (failure != 0) return Error(Code::io, errno_text(program, failure));
  Result<std::unique_ptr<NetStream>> word =
      NetStream::adopt(loop, std::move(ours), {}, {}, NetStream::State::connected);
  if (!word) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return word.error();
  }
  return std::unique_ptr<Successor>(new Successor(pid, std::move(*word)));
}

Successor::~Successor() {
  if (ready_) return;
  ::kill(static_cast<pid_t>(pid_), SIGKILL);
  ::waitpid(static_cast<pid_t>(pid_), nullptr, 0);
}

Task<bool> Successor::ready() {
  std::array<char, 16> buffer;
  const Instant deadline = word_->scheduler().now() + start_time_max;
  const Result<size_t> n = co_await read_some(*word_, buffer, deadline);
  ready_ = n && *n > 0;
  co_return ready_;
}

}  // namespace gateproof::net
