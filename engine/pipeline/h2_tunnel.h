// WebSocket over HTTP/2 (RFC 8441): an extended CONNECT becomes the upgrade that HTTP/1.1 has, so that routers, middlewares and
// servers see nothing new; behind the 101 the stream's DATA frames are a byte stream like any other.
#pragma once
#include "engine/pipeline/h2_stream.h"

namespace gateproof::pipeline {

// Makes the upgrade of an extended CONNECT to websocket, with a key of its own where the client sent none (it need not).
void to_upgrade(http::Request& request, RandomStream random);
// Whether the answer's Sec-WebSocket-Accept belongs to the request's key (RFC 6455 section 4.1).
bool accepts_websocket(const http::Headers& request, const http::Headers& answer);

// The bytes inside one stream.
class H2TunnelStream final : public Stream {
 public:
  explicit H2TunnelStream(H2Stream& s);
  ~H2TunnelStream() override { stream_.tunnel = nullptr; }

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void close() override;
  SocketAddress peer() const override { return stream_.x.peer; }
  SocketAddress local() const override { return stream_.x.local; }
  bool ended() const override { return stream_.ended_there || !stream_.open; }
  bool read_ready() const override { return at_ < stream_.unread.size() || ended(); }
  bool write_ready() const override;

  // Called by the connection.
  void bytes_came() { notify_readable(); }
  void room_came() { notify_writable(); }

 private:
  H2Stream& stream_;
  size_t at_ = 0;  // what of stream_.unread was read
};

}  // namespace gateproof::pipeline
