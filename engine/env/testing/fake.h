// Fakes for unit tests: a clock moved by hand, seeded random streams, an in-memory stream pair.
#pragma once
#include <deque>

#include "engine/env/env.h"
#include "engine/env/files.h"

namespace gateproof::testing {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  int64_t wall_ns() const override { return wall_ns_; }
  void advance(Duration d) {
    now_ += d;
    wall_ns_ += d.count();
  }

 private:
  Instant now_{};
  int64_t wall_ns_ = 1'700'000'000'000'000'000;
};

class FakeRandom final : public Random {
 public:
  explicit FakeRandom(uint64_t seed = 1) : seed_(seed) {}
  RandomStream stream(std::string_view name) override;

 private:
  uint64_t seed_;
};

class FakeFiles final : public Files {
 public:
  std::map<std::string, std::string> files;
  Result<std::string> read(const std::string& path, size_t bytes_max) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<FileStamp> stamp(const std::string& path) override;
};

// Refuses every connection.
class NoTransport final : public Transport {
 public:
  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress, Instant) override;
  Result<std::unique_ptr<Listener>> listen(SocketAddress) override;
};
class NoResolver final : public Resolver {
 public:
  Task<Result<std::vector<IpAddress>>> resolve(std::string host) override;
  Task<Result<std::optional<CanonicalName>>> canonical_name(std::string, std::string) override {
    co_return std::optional<CanonicalName>();
  }
};

// An Env over the fakes, and a loop that runs until nothing is left to do, moving the clock to each timer.
class FakeWorld {
 public:
  FakeClock clock;
  FakeRandom random;
  NoTransport transport;
  NoResolver resolver;
  Scheduler scheduler{clock};
  Env env{scheduler, clock, random, transport, resolver, "fake-host"};

  // Runs ready tasks and due timers; moves the clock from timer to timer up to `horizon` from now, or until nothing is left to
  // do at the instant when `done` says so.
  void run(Duration horizon = std::chrono::hours(1), const std::function<bool()>& done = {});
  // Runs a task to its end and gives its value; nullopt if it still waits after the horizon.
  template <class T>
  std::optional<T> run(Task<T> task, Duration horizon = std::chrono::hours(1)) {
    if (!task.start_root(scheduler, "test")) run(horizon, [&] { return task.done(); });
    if (!task.done()) return std::nullopt;
    return task.take();
  }
  bool run_void(Task<void> task, Duration horizon = std::chrono::hours(1)) {
    if (!task.start_root(scheduler, "test")) run(horizon, [&] { return task.done(); });
    return task.done();
  }
};

}  // namespace gateproof::testing
