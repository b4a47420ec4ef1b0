// TlsStream: TLS inside another stream, either side. It is a stream like any other, so that whatever speaks over plain streams
// speaks over it, on real sockets and in virtual time alike.
#pragma once
#include "engine/tls/session.h"

namespace gateproof::tls {

// Plain text that one try_write takes: what it makes of it leaves in one write, and waits here if the carrier is full.
inline constexpr size_t write_batch_bytes = 65536;
// How long records that the carrier did not take before close() may go on leaving.
inline constexpr Duration farewell_time = std::chrono::seconds(5);

class TlsStream final : public Stream, private StreamObserver, private Ciphertext {
 public:
  // Server. `early`: bytes that were read of `carrier` already. `identity` null: see Session.
  TlsStream(std::unique_ptr<Stream> carrier, std::string early,
            std::shared_ptr<const ServerContext> context, const Identity* identity,
            int64_t wall_ns);
  // Client.
  TlsStream(std::unique_ptr<Stream> carrier, std::shared_ptr<const ClientContext> context,
            std::string server_name, const std::vector<std::string>& alpn, int64_t wall_ns);
  ~TlsStream() override;

  // To be awaited once, before anything is read or written. Errors: timeout, and Session::error()'s; the peer has been told why.
  Task<Result<void>> handshake(Instant deadline);
  const Session& session() const { return session_; }

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  // close_notify, and then the end of the carrier's direction.
  void shutdown_write() override;
  // Says close_notify; what is still to leave leaves within farewell_time.
  void close() override;
  void set_keep_alive(Duration period) override;
  SocketAddress peer() const override { return peer_; }
  SocketAddress local() const override { return local_; }
  bool ended() const override;
  Stream& carrier() override;
  bool read_ready() const override;
  bool write_ready() const override;

 private:
  void carrier_readable() override { notify_readable(); }
  void carrier_writable() override;
  IoResult take(std::span<char> into) override;
  void put(std::string_view records) override;
  bool write_batch(std::span<const std::string_view> pieces, size_t& taken);
  void flush();
  void fail(Code code);

  std::unique_ptr<Stream> carrier_;
  SocketAddress peer_, local_;
  std::string early_;
  size_t early_taken_ = 0;
  std::string out_;    // records that the carrier has not taken yet
  bool more_ = false;  // the session holds something that a read may give
  bool eof_ = false;
  bool failed_ = false;
  bool ending_ = false;  // our direction is over, once out_ has left
  bool closed_ = false;
  Code code_ = Code::reset;
  Session session_;
};

}  // namespace gateproof::tls
