#include "engine/pipeline/h2_tunnel.h"

#include "engine/base/crypto.h"

namespace gateproof::pipeline {

void to_upgrade(http::Request& request, RandomStream random) {
  http::Headers& h = request.headers;
  request.method = "GET";
  h.add_static("Connection", "Upgrade");
  h.add_static("Upgrade", "websocket");
  if (h.has("Sec-WebSocket-Key")) return;
  std::string key;
  for (int i = 0; i < 16; ++i) key += static_cast<char>(random.below(256));
  h.add("Sec-WebSocket-Key", crypto::base64(key));
}

bool accepts_websocket(const http::Headers& request, const http::Headers& answer) {
  constexpr std::string_view suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string joined = std::string(request.get("Sec-WebSocket-Key")) + std::string(suffix);
  return answer.get("Sec-WebSocket-Accept") == crypto::base64(crypto::sha1(joined));
}

H2TunnelStream::H2TunnelStream(H2Stream& s) : Stream(s.connection->env().scheduler), stream_(s) {
  s.tunnel = this;
}

IoResult H2TunnelStream::try_read(std::span<char> into) {
  H2Stream& s = stream_;
  const std::string_view left = std::string_view(s.unread).substr(at_, into.size());
  if (left.empty()) {
    if (s.ended_there) return {IoResult::eof};
    return s.open ? IoResult() : IoResult{IoResult::failed, 0, Code::reset};
  }
  std::copy(left.begin(), left.end(), into.begin());
  at_ += left.size();
  const size_t n = left.size();
  if (at_ == s.unread.size()) {
    s.unread.clear();
    at_ = 0;
  }
  http::h2::Session& session = s.connection->session();
  session.consumed(s, n);
  if (!session.output().empty()) s.connection->wake();
  return {IoResult::bytes, n};
}

bool H2TunnelStream::write_ready() const {
  return !stream_.open || stream_.ended_here || stream_.connection->session().room(stream_) > 0;
}

IoResult H2TunnelStream::try_write(std::span<const std::string_view> pieces) {
  H2Stream& s = stream_;
  if (!s.open || s.ended_here) return {IoResult::failed, 0, Code::reset};
  http::h2::Session& session = s.connection->session();
  size_t written = 0;
  for (const std::string_view piece : pieces) {
    const size_t n = std::min(session.room(s), piece.size());
    if (n > 0) session.send_data(s, piece.substr(0, n), false);
    written += n;
    if (n < piece.size()) break;
  }
  if (written > 0) s.connection->wake();
  if (session.room(s) == 0) s.connection->wait_for_turn(s);
  return written > 0 ? IoResult{IoResult::bytes, written} : IoResult();
}

void H2TunnelStream::shutdown_write() {
  H2Stream& s = stream_;
  if (!s.open || s.ended_here) return;
  s.connection->session().send_data(s, {}, true);
  s.connection->wake();
}

void H2TunnelStream::close() {
  stream_.connection->session().reset(stream_, http::h2::ErrorCode::cancel);
  stream_.connection->wake();
}

}  // namespace gateproof::pipeline
