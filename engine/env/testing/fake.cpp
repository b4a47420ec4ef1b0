#include "engine/env/testing/fake.h"

namespace gateproof::testing {

RandomStream FakeRandom::stream(std::string_view name) {
  uint64_t h = 1469598103934665603ull ^ seed_;
  for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return RandomStream(h);
}

Result<std::string> FakeFiles::read(const std::string& path, size_t bytes_max) {
  const auto it = files.find(path);
  if (it == files.end()) return Error(Code::not_found, "no such file: " + path);
  if (it->second.size() > bytes_max) return Error(Code::limit, "file too large: " + path);
  return it->second;
}

Result<std::vector<std::string>> FakeFiles::list(const std::string& directory) {
  const std::string prefix = directory.ends_with('/') ? directory : directory + "/";
  std::set<std::string> names;
  for (const auto& [path, text] : files) {
    if (!path.starts_with(prefix)) continue;
    const std::string rest = path.substr(prefix.size());
    const size_t slash = rest.find('/');
    names.insert(slash == std::string::npos ? rest : rest.substr(0, slash + 1));
  }
  if (names.empty()) return Error(Code::not_found, "no such directory: " + directory);
  return std::vector<std::string>(names.begin(), names.end());
}

Result<FileStamp> FakeFiles::stamp(const std::string& path) {
  const auto it = files.find(path);
  if (it == files.end()) return Error(Code::not_found, "no such file: " + path);
  return FileStamp{static_cast<int64_t>(std::hash<std::string>{}(it->second)),
                   static_cast<int64_t>(it->second.size()), 1};
}

Task<Result<std::unique_ptr<Stream>>> NoTransport::connect(SocketAddress, Instant) {
  co_return Error(Code::refused, Source::upstream, "connection refused");
}

Result<std::unique_ptr<Listener>> NoTransport::listen(SocketAddress) {
  return Error(Code::unsupported, "this world has no listeners");
}

Task<Result<std::vector<IpAddress>>> NoResolver::resolve(std::string host) {
  co_return Error(Code::not_found, "no such host: " + host);
}

void FakeWorld::run(Duration horizon, const std::function<bool()>& done) {
  const Instant end = clock.now() + horizon;
  for (;;) {
    scheduler.run_ready();
    const Instant next = scheduler.next_timer();
    if (next > end || (done && done())) return;
    if (next > clock.now()) clock.advance(next - clock.now());
    scheduler.fire_timers(clock.now());
  }
}

}  // namespace gateproof::testing
