// Byte streams and how they are made. Readiness, not completion: try_read and try_write never wait and never keep a buffer,
// readable() and writable() suspend. Destroying a suspended coroutine therefore leaves nothing behind in the system.
#pragma once
#include <span>

#include "engine/base/address.h"
#include "engine/base/error.h"
#include "engine/env/scheduler.h"

namespace gateproof {

struct IoResult {
  enum Kind : uint8_t { bytes, eof, would_block, failed };
  Kind kind = would_block;
  size_t n = 0;
  Code code = Code::io;  // of a failure: reset, refused, io ...
};

enum class Wake : uint8_t { ready, timeout };

// Who hears of a stream's changes before its waiters do: the stream that is spoken inside it (TLS), which has bytes of its own
// to write when there is room again. Called by the event loop, so it must not destroy the stream.
class StreamObserver {
 public:
  virtual void carrier_readable() = 0;
  virtual void carrier_writable() = 0;

 protected:
  ~StreamObserver() = default;
};

class Stream {
 public:
  explicit Stream(Scheduler& s) : scheduler_(s), read_timer_(s), write_timer_(s) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  virtual IoResult try_read(std::span<char> into) = 0;
  // Writes as much of the pieces, in order, as the peer takes now.
  virtual IoResult try_write(std::span<const std::string_view> pieces) = 0;
  // Sends the end of our direction; reading goes on.
  virtual void shutdown_write() = 0;
  virtual void close() = 0;
  // Probes a silent peer after `period`, and then in that rhythm; negative: never. Nothing to do where there is no network.
  virtual void set_keep_alive(Duration period) {}

  virtual SocketAddress peer() const = 0;
  virtual SocketAddress local() const = 0;
  // The peer's end or a failure has been seen, though perhaps not read yet.
  virtual bool ended() const = 0;
  // The stream that carries this one's bytes in the end: itself, or what a TLS stream stands on.
  virtual Stream& carrier() { return *this; }

  // Suspends until try_read may get further (bytes, end or failure) or the deadline has passed.
  Task<Wake> readable(Instant deadline);
  Task<Wake> writable(Instant deadline);
  // The same without a coroutine of its own, for whoever waits for nothing else meanwhile: a request waits so on both sides. It
  // may return early, with Wake::ready; try_read or try_write then says that there is nothing yet.
  class Until;
  Until until_readable(Instant deadline);
  Until until_writable(Instant deadline);
  class ReadWatch;
  // Asked before suspending: whether try_read or try_write would not block.
  virtual bool read_ready() const = 0;
  virtual bool write_ready() const = 0;

  Scheduler& scheduler() { return scheduler_; }
  // Null: nobody. It outlives the stream, or takes itself out.
  void set_observer(StreamObserver* observer) { observer_ = observer; }

 protected:
  // Implementations call these when the state may have changed.
  void notify_readable();
  void notify_writable();

 private:
  // One lazy timer per direction: it stays armed between waits, and looks at the deadline in force when it fires, so that
  // moving a deadline at every request costs a store, not a heap operation.
  struct DeadlineTimer final : Timer {
    using Timer::Timer;
    Waiter* waiter = nullptr;
    Instant deadline = instant_max;
    bool expired = false;
    void fired() override;
  };
  Scheduler& scheduler_;
  StreamObserver* observer_ = nullptr;
  DeadlineTimer read_timer_;
  DeadlineTimer write_timer_;
};

// To be awaited where it was made. Destroyed while it waits, it is forgotten by the stream.
class Stream::Until {
 public:
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;
  ~Until() {
    if (waiting_) timer_.waiter = nullptr;
  }
  bool await_ready() const { return ready(); }
  template <class P>
  void await_suspend(std::coroutine_handle<P> h) {
    suspend(h.promise());
  }
  Wake await_resume() {
    if (std::exchange(waiting_, false)) timer_.waiter = nullptr;
    return timer_.expired && !ready() ? Wake::timeout : Wake::ready;
  }

 private:
  friend class Stream;
  Until(Stream& s, bool for_read, Instant deadline)
      : stream_(s),
        timer_(for_read ? s.read_timer_ : s.write_timer_),
        deadline_(deadline),
        for_read_(for_read) {
    timer_.expired = false;
  }
  bool ready() const { return for_read_ ? stream_.read_ready() : stream_.write_ready(); }
  void suspend(Waiter& w);

  Stream& stream_;
  DeadlineTimer& timer_;
  const Instant deadline_;
  const bool for_read_;
  bool waiting_ = false;
};

// While it lives, `w` is queued when the stream becomes readable; nobody else may wait for that then.
class Stream::ReadWatch {
 public:
  ReadWatch(Stream& s, Waiter& w) : timer_(s.read_timer_) {
    timer_.waiter = &w;
    timer_.deadline = instant_max;
  }
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;
  ~ReadWatch() { timer_.waiter = nullptr; }

 private:
  DeadlineTimer& timer_;
};

inline Stream::Until Stream::until_readable(Instant deadline) { return {*this, true, deadline}; }
inline Stream::Until Stream::until_writable(Instant deadline) { return {*this, false, deadline}; }

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Task<Result<std::unique_ptr<Stream>>> accept() = 0;
  virtual SocketAddress local() const = 0;
};

// Datagrams, best effort as they are: what cannot be sent now is lost.
class DatagramSocket {
 public:
  // The largest datagram of UDP over IPv4, rounded up to what a length field can say.
  static constexpr size_t bytes_max = 65535;

  DatagramSocket() = default;
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;
  virtual ~DatagramSocket() = default;

  // One datagram (n may be 0). failed: the socket is closed, or its peer refuses.
  virtual IoResult try_receive(std::span<char> into, SocketAddress& from) = 0;
  // False: it was lost here.
  virtual bool try_send(std::string_view bytes, const SocketAddress& to) = 0;
  virtual void close() = 0;
  virtual SocketAddress local() const = 0;

  // Suspends until try_receive may get further. One waiting caller at a time.
  Task<void> readable();

 protected:
  virtual bool read_ready() const = 0;
  void notify_readable();

 private:
  Waiter* waiter_ = nullptr;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress to, Instant deadline) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(SocketAddress at) = 0;
  // A socket of its own port that speaks to one peer alone.
  virtual Result<std::unique_ptr<DatagramSocket>> datagram_to(SocketAddress peer);
};

// A CNAME record.
struct CanonicalName {
  std::string name;  // as the server wrote it, without the dot at the end
  Duration ttl{0};
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string host) = 0;
  // The CNAME record of `host` by the name servers of `config_file` (resolv.conf), the one with the longest life if they
  // differ. nullopt: no server told of one. Code::io, Code::malformed: the file cannot be used.
  virtual Task<Result<std::optional<CanonicalName>>> canonical_name(std::string host,
                                                                    std::string config_file) = 0;
};

// Reads at least one byte, or the end (n = 0), or an error; `deadline` passes as Code::timeout.
Task<Result<size_t>> read_some(Stream& s, std::span<char> into, Instant deadline);
// Writes what the stream takes without waiting, and makes `left` what is still to be written.
Result<void> write_now(Stream& s, std::span<std::string_view>& left);
// Writes all pieces.
Task<Result<void>> write_all(Stream& s, std::vector<std::string_view> pieces, Instant deadline);

}  // namespace gateproof
