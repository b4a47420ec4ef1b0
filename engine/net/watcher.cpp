#include "engine/net/watcher.h"

#include <cerrno>
#include <climits>
#include <cstring>

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/waiter_slot.h"

namespace gateproof::net {

namespace {

// What the reference's library asks for as well; IN_CLOSE_WRITE would only repeat IN_MODIFY.
constexpr uint32_t mask = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |
                          IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::optional<std::string> read_link(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
  if (n <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(n));
}

bool is_directory(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

std::string absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::array<char, PATH_MAX> here;
  return ::getcwd(here.data(), here.size()) ? std::string(here.data()) + "/" + path : path;
}

std::string join(const std::string& directory, std::string_view name) {
  return (directory == "/" ? directory : directory + "/") + std::string(name);
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  if (DIR* dir = ::opendir(directory.c_str())) {
    while (const dirent* entry = ::readdir(dir)) names.emplace_back(entry->d_name);
    ::closedir(dir);
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<InotifyWatcher>> InotifyWatcher::make(EventLoop& loop) {
  Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return Error(Code::io, errno_text("inotify_init1", errno));
  std::unique_ptr<InotifyWatcher> watcher(new InotifyWatcher(loop, std::move(fd)));
  const Result<void> added = loop.add(watcher->fd_.get(), *watcher);
  if (!added) return added.error();
  return watcher;
}

void InotifyWatcher::on_events(uint32_t) {
  ready_ = true;
  if (waiter_) waiter_->executor->post(*waiter_);
}

// Walks a path component by component, noting in each directory the names whose change would lead elsewhere.
void InotifyWatcher::add_way(const std::string& path, std::map<std::string, Interest>& wanted) {
  std::deque<std::string> left;
  const auto push_front = [&left](const std::string& text) {
    size_t end = text.size();
    while (end > 0) {
      const size_t slash = text.find_last_of('/', end - 1);
      const size_t begin = slash == std::string::npos ? 0 : slash + 1;
      if (end > begin) left.push_front(text.substr(begin, end - begin));
      end = slash == std::string::npos ? 0 : slash;
    }
  };
  push_front(path);
  std::string at = "/";
  for (int links = 0; !left.empty();) {
    const std::string name = left.front();
    left.pop_front();
    if (name == ".") continue;
    if (name == "..") {
      at = parent_of(at);
      continue;
    }
    const std::string next = join(at, name);
    const std::optional<std::string> target = read_link(next);
    if (target || left.empty()) wanted[at].names.insert(name);
    if (!target) {
      at = next;
      continue;
    }
    if (++links > links_followed_max) return;
    push_front(*target);
    if (target->starts_with('/')) at = "/";
  }
}

void InotifyWatcher::rebuild() {
  std::map<std::string, Interest> wanted;
  for (const std::string& root : roots_) {
    add_way(root, wanted);
    if (!is_directory(root)) continue;
    wanted[root].all = true;
    for (const std::string& name : names_in(root)) {
      const std::string entry = join(root, name);
      if (read_link(entry)) add_way(entry, wanted);
    }
  }
  incomplete_ = false;
  std::map<int, Watched> now;
  for (auto& [directory, interest] : wanted) {
    const int wd = inotify_add_watch(fd_.get(), directory.c_str(), mask);
    if (wd < 0) {
      incomplete_ = true;
      continue;
    }
    // Two names of one directory share a watch.
    Watched& watched = now[wd];
    watched.directory = directory;
    watched.interest.all |= interest.all;
    watched.interest.names.merge(interest.names);
  }
  for (const auto& [wd, watched] : watches_) {
    if (!now.contains(wd)) inotify_rm_watch(fd_.get(), wd);
  }
  watches_ = std::move(now);
}

Result<void> InotifyWatcher::watch(const std::string& path) {
  const std::string root = absolute(path);
  if (!is_directory(root) && !is_directory(parent_of(root))) {
    return Error(Code::not_found, errno_text("watch " + path, ENOENT));
  }
  roots_.push_back(root);
  rebuild();
  if (watches_.empty()) return Error(Code::io, errno_text("watch " + path, errno));
  return {};
}

// What is left in the queue stays for the next time: then ready_ stays set.
void InotifyWatcher::drain(std::set<std::string>& changed) {
  alignas(inotify_event) std::array<char, read_bytes> buffer;
  for (size_t reads = 0; reads < reads_max; ++reads) {
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      ready_ = false;
      return;
    }
    for (size_t at = 0; at < static_cast<size_t>(n);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = event.len ? buffer.data() + at + sizeof event : "";
      at += sizeof event + event.len;
      if (event.mask & IN_Q_OVERFLOW) changed.insert(roots_.begin(), roots_.end());
      const auto it = watches_.find(event.wd);
      if (it == watches_.end()) continue;
      const Watched& w = it->second;
      const bool gone = event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT);
      if (gone || w.interest.all || w.interest.names.contains(name)) {
        changed.insert(*name ? join(w.directory, name) : w.directory);
      }
    }
  }
}

Task<std::vector<std::string>> InotifyWatcher::changed() {
  Waiter& me = co_await ThisWaiter{};
  const WaiterSlot slot(waiter_, me);
  WakeTimer retry(loop_.scheduler(), &me);
  std::set<std::string> paths;
  for (;;) {
    if (ready_) {
      retry.expired = loop_.scheduler().now() >= drain_next_;
      if (!retry.expired) retry.arm(drain_next_);
      while (!retry.expired) co_await Suspend{"watch"};
      drain(paths);
      drain_next_ = loop_.scheduler().now() + breath;
    }
    const bool was_incomplete = incomplete_;
    if (!paths.empty() || was_incomplete) rebuild();
    // A directory that has come back may hold a new configuration already.
    if (was_incomplete && !incomplete_) paths.insert(roots_.begin(), roots_.end());
    if (!paths.empty()) co_return std::vector<std::string>(paths.begin(), paths.end());
    retry.expired = false;
    if (incomplete_) retry.arm(loop_.scheduler().now() + look_again);
    while (!ready_ && !retry.expired) co_await Suspend{"watch"};
  }
}

}  // namespace gateproof::net
