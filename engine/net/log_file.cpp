#include "engine/net/log_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/middleware/compress_encoder.h"
#include "engine/net/files.h"

namespace gateproof::net {

namespace {

constexpr size_t compressed_at_once = 65536;
constexpr int names_tried_max = 1000;  // one a millisecond: files set aside at the same time

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Each that is not there; that it failed is told by what is opened in it.
void make_folders(const std::string& folder) {
  for (size_t end = folder.find('/', 1); end != std::string::npos; end = folder.find('/', end + 1))
    ::mkdir(folder.substr(0, end).c_str(), 0755);
}

// The whole of one file, compressed, to the end of another. False: it failed, or `ending` was set.
bool compress_file(int from, int to, const std::atomic<bool>& ending) {
  const auto encoder = middleware::make_encoder(middleware::Coding::gzip);
  std::string in(compressed_at_once, '\0'), out;
  for (;;) {
    const ssize_t n = ::read(from, in.data(), in.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || ending.load(std::memory_order_relaxed)) return false;
    using Mode = middleware::Encoder::Mode;
    out.clear();
    const std::string_view piece(in.data(), static_cast<size_t>(n));
    if (!encoder->write(piece, n == 0 ? Mode::finish : Mode::go_on, out)) return false;
    if (!write_whole(to, out)) return false;
    if (n == 0) return true;
  }
}

}  // namespace

LogFile::LogFile(LogFileOptions options, const Clock& clock)
    : options_(std::move(options)), path_(options_.path), clock_(clock) {}

LogFile::~LogFile() {
  ending_.store(true);
  if (tidying_.joinable()) tidying_.join();
}

Result<Fd> LogFile::open_file() const {
  make_folders(path_.folder);
  // O_NONBLOCK: a pipe that nobody reads must stop no event loop.
  Fd fd(
      ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!fd) return Error(Code::io, errno_text(options_.path, errno));
  return fd;
}

Result<void> LogFile::open_now() {
  Result<Fd> opened = open_file();
  if (!opened) return opened.error();
  struct stat told {};
  if (::fstat(opened->get(), &told) != 0) return Error(Code::io, errno_text(options_.path, errno));
  // Held while it is written to, so that another process (a successor) does not compress it meanwhile.
  ::flock(opened->get(), LOCK_SH | LOCK_NB);
  fd_ = std::move(*opened);
  regular_ = S_ISREG(told.st_mode);
  bytes_ = static_cast<uint64_t>(told.st_size);
  failed_.reset();
  return {};
}

Result<void> LogFile::reopen() {
  const std::lock_guard lock(mutex_);
  return open_now();
}

bool LogFile::ready() {
  if (fd_) return true;
  const Instant now = clock_.now();
  if (failed_ && now < *failed_ + retry_pause) return false;
  if (!open_now()) {
    failed_ = now;
    return false;
  }
  begin_tidying();
  return true;
}

bool LogFile::write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (!ready()) return false;
  if (regular_ && bytes_ > 0 && bytes_ + line.size() > options_.bytes_max) set_aside();
  if (!write_whole(fd_.get(), line)) return false;
  bytes_ += line.size();
  return true;
}

// Where it cannot be moved or made anew, what is open is gone on with: a log that is too large is better than none.
void LogFile::set_aside() {
  int64_t when = clock_.wall_ns();
  std::string aside;
  RealFiles files;
  for (int i = 0; i < names_tried_max; ++i, when += 1'000'000) {
    aside = path_.folder + path_.backup_name(when);
    const bool free = !files.stamp(aside) && !files.stamp(aside + std::string(compressed_suffix));
    if (free) break;
  }
  if (::rename(options_.path.c_str(), aside.c_str()) != 0 && errno != ENOENT) return;
  if (open_now()) begin_tidying();
}

void LogFile::begin_tidying() {
  if (!regular_ || !tidied_.exchange(false)) return;  // the next file that is set aside begins it
  if (tidying_.joinable()) tidying_.join();
  tidying_ = std::thread([this, now = clock_.wall_ns()] {
    tidy(now);
    tidied_.store(true);
  });
}

void LogFile::tidy(int64_t now_wall_ns) {
  RealFiles files;
  const Result<std::vector<std::string>> names =
      files.list(path_.folder.empty() ? "." : path_.folder);
  if (!names) return;
  const BackupPlan plan =
      plan_backups(path_, *names, options_.backups_max, options_.age_max_days, now_wall_ns);
  for (const std::string& name : plan.remove) ::unlink((path_.folder + name).c_str());
  for (const std::string& name : plan.compress) compress(path_.folder + name);
}

void LogFile::compress(const std::string& name) {
  const Fd from(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat told {};
  if (!from || ::fstat(from.get(), &told) != 0 || !S_ISREG(told.st_mode)) return;
  if (::flock(from.get(), LOCK_EX | LOCK_NB) != 0) return;  // somebody still writes to it
  const std::string target = name + std::string(compressed_suffix);
  const Fd to(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, told.st_mode & 0777));
  if (!to) return;
  ::unlink((compress_file(from.get(), to.get(), ending_) ? name : target).c_str());
}

void LogFile::wait_for_tidying() {
  const std::lock_guard lock(mutex_);
  if (tidying_.joinable()) tidying_.join();
}

}  // namespace gateproof::net
