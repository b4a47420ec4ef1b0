#include "engine/net/files.h"

#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/net/fd.h"

namespace gateproof::net {

namespace {
constexpr size_t chunk_bytes = 65536;  // where a file has more than it said

Error file_error(const std::string& path, int error_number) {
  return Error(code_of_errno(error_number), errno_text(path, error_number));
}
bool is_directory(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}
}  // namespace

Result<std::string> RealFiles::read(const std::string& path, size_t bytes_max) {
  // O_NONBLOCK: a FIFO under a configuration name must not stop the loop.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return file_error(path, errno);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return file_error(path, errno);
  if (S_ISDIR(st.st_mode)) return file_error(path, EISDIR);
  std::string text;
  // One byte more than there is finds the end, one more than allowed is enough to know.
  text.reserve(std::min(bytes_max, static_cast<size_t>(st.st_size)) + 1);
  for (size_t have = 0;;) {
    // What stat said is a guess: files of /proc have no size, and others grow.
    const size_t room = text.capacity() > have ? text.capacity() - have : chunk_bytes;
    const size_t want = std::min(bytes_max - have, room - 1) + 1;
    text.resize(have + want);
    const ssize_t n = ::read(fd.get(), text.data() + have, want);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error(path, errno);
    have += static_cast<size_t>(n);
    text.resize(have);
    if (have > bytes_max) {
      return Error(Code::limit, path + ": larger than " + std::to_string(bytes_max) + " bytes");
    }
    if (n == 0) return text;
  }
}

Result<std::vector<std::string>> RealFiles::list(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (!dir) return file_error(directory, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    // A link to a directory counts as one, as it does for whoever reads through it.
    if (is_directory(directory + "/" + name)) name += '/';
    names.push_back(std::move(name));
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

Result<FileStamp> RealFiles::stamp(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return file_error(path, errno);
  FileStamp stamp;
  stamp.modified_ns = static_cast<int64_t>(st.st_mtim.tv_sec) * 1'000'000'000 + st.st_mtim.tv_nsec;
  stamp.size = static_cast<int64_t>(st.st_size);
  stamp.inode = static_cast<uint64_t>(st.st_ino);
  return stamp;
}

}  // namespace gateproof::net
