// Session: one side of one TLS connection, without input and output of its own: records come from and go to a Ciphertext, which
// never waits. net and sim, fuzz targets and tests drive it alike.
#pragma once
#include <span>

#include "engine/env/transport.h"
#include "engine/http/tls_state.h"
#include "engine/tls/context.h"

struct bio_st;
struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace gateproof::tls {

class Ciphertext {
 public:
  virtual IoResult take(std::span<char> into) = 0;
  virtual void put(std::string_view records) = 0;  // takes all of them

 protected:
  ~Ciphertext() = default;
};

enum class Progress : uint8_t {
  done,
  wants_input,  // until more records have come
  ended,        // the peer has said that nothing more will come, or is gone between two records
  failed,       // for good: see error()
};

class Session {
 public:
  static constexpr size_t record_bytes_max = 16384;  // of plain text in one record (RFC 8446, 5.1)

  // Server. `identity` null: the name is refused with unrecognized_name (sniStrict). Both contexts are kept alive.
  Session(Ciphertext& io, std::shared_ptr<const ServerContext> context, const Identity* identity,
          int64_t wall_ns);
  // Client. `server_name` is the one that is dialled; the context's own comes before it.
  Session(Ciphertext& io, std::shared_ptr<const ClientContext> context, std::string server_name,
          const std::vector<std::string>& alpn, int64_t wall_ns);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Progress handshake();
  bool established() const { return established_; }
  // Plain text of one record at most; `n` bytes with Progress::done.
  Progress read(std::span<char> into, size_t& n);
  // One record for each 16 KiB. Never wants input.
  Progress write(std::string_view plain);
  // Says close_notify; nothing can be written behind it.
  void end();
  // Something has been taken from the wire that read() has not given yet; perhaps only a part of a record.
  bool pending() const;

  // After the handshake.
  http::TlsState state() const;
  std::string_view alpn() const;
  bool resumed() const;
  // Why it failed. Code::protocol: the certificate or the handshake; Code::reset: the peer said so with an alert, or went away.
  const Error& error() const { return error_; }

 private:
  static int bio_read(bio_st* bio, char* into, size_t size, size_t* n);
  static int bio_write(bio_st* bio, const char* from, size_t size, size_t* n);
  static long bio_control(bio_st* bio, int command, long, void*);
  static const bio_method_st* method();
  void attach(ssl_ctx_st* context, int64_t wall_ns);
  Progress judge(int result);
  void fail();
  // OpenSSL asks for what is stapled, and forgets it when the handshake is over.
  friend int give_staple(ssl_st* ssl, void*);
  bool matches_uri() const;
  bool matches_names() const;

  Ciphertext& io_;
  std::shared_ptr<const ServerContext> server_;
  std::shared_ptr<const ClientContext> client_;
  ssl_st* ssl_ = nullptr;
  std::shared_ptr<const Staple> staple_;  // until the handshake is over
  IoResult last_{};                       // of the last take
  bool established_ = false;
  bool ended_ours_ = false;
  Error error_;
};

}  // namespace gateproof::tls
