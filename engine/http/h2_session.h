// One HTTP/2 connection without its socket (RFC 9113): bytes in, events out; messages in, bytes out. Both sides of it, chosen by
// the Role. Frames, stream states, flow control and limits are here; HPACK is nghttp2's coder.
//
// Nothing is read ahead of the reader: windows are opened again only by consumed(). Nothing is written behind the peer's windows
// or the limit of output: whoever has body bytes asks for room() first.
#pragma once
#include <memory>
#include <vector>

#include "engine/http/h2_frame.h"
#include "engine/http/h2_limits.h"

namespace gateproof::http::h2 {

enum class Role : uint8_t { server, client };

// What we tell the peer in our first SETTINGS.
struct LocalSettings {
  uint32_t header_table_bytes = table_bytes_default;
  uint32_t streams_max = 250;            // of the client's, at once; a server's alone
  uint32_t stream_window = 262'144;      // body bytes of a stream that nobody has consumed yet
  uint32_t connection_window = 1 << 20;  // the same of all streams together
  bool connect_protocol = false;         // RFC 8441; a server's alone
};

// One stream as the session sees it; its owner derives from it. Belongs to the owner, who keeps it until the stream is closed
// (open() is false) and the session's call that closed it has returned.
struct Stream {
  uint32_t id = 0;
  bool open = false;         // the session knows it
  bool ended_here = false;   // our END_STREAM is out
  bool ended_there = false;  // theirs has come
  int64_t send_window = 0;
  int64_t receive_window = 0;  // bytes that the peer may still send
  uint32_t credit = 0;         // consumed, not yet told
  bool head_seen = false;      // client: the final answer's head has come
  bool no_body =
      false;  // client: an answer to HEAD, or 204 or 304: Content-Length tells no size of what comes
  std::optional<uint64_t> length_left;  // of the peer's Content-Length
};

// Who serves the streams. Calls come from inside Session::receive(); the session may be written to from inside them.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  // Server: a stream for a new request; null refuses it with REFUSED_STREAM.
  virtual Stream* open_stream(uint32_t id) = 0;
  // Server: its head; parts of the block may be swapped out. `too_large`: to be answered with 431.
  virtual void request(Stream& stream, Block& block) = 0;
  // Client: an answer's head, interim ones (below 200) included.
  virtual void response(Stream& stream, Block& block) = 0;
  virtual void trailers(Stream& stream, Headers& trailers) = 0;
  // A piece of the body. An end without bytes is a piece, too; behind trailers it comes as well.
  virtual void data(Stream& stream, std::string_view piece) = 0;
  // The stream is closed before it is complete: by the peer, or for what the peer did.
  virtual void reset(Stream& stream, ErrorCode code) = 0;
  virtual void ping_answered() {}
  // Client: streams above `last` were not looked at.
  virtual void goaway(uint32_t last, ErrorCode code) {}
};

class Session {
 public:
  Session(Role role, const LocalSettings& settings, const Limits& limits, SessionOwner& owner);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Takes what is whole of `in`, and returns how many bytes that was: the rest comes again, with more behind it. A frame needs
  // at most frame_head_bytes + frame_bytes_max of them.
  size_t receive(std::string_view in, Instant now);
  // A connection error was met or made: GOAWAY is in the output, nothing more is read.
  bool failed() const { return failed_; }
  ErrorCode failure() const { return failure_; }
  std::string_view why() const { return why_; }  // static

  // Client: a stream that the caller owns. Only while can_open().
  void start(Stream& stream);
  bool can_open() const;

  // A header block: fields first, then the frame. Views of fields must live until then.
  void field(std::string_view name, std::string_view value, bool secret = false) {
    encoder_.add(name, value, secret);
  }
  void send_fields(Stream& stream, bool end);
  // How many body bytes may be sent on the stream now.
  size_t room(const Stream& stream) const;
  // The same for any stream, its own window apart.
  size_t shared_room() const;
  // At most room(stream) bytes; none with `end` is always allowed.
  void send_data(Stream& stream, std::string_view bytes, bool end);
  // Ends a stream that is not complete. The owner is not called.
  void reset(Stream& stream, ErrorCode code);
  // Body bytes are done with: the windows open again.
  void consumed(Stream& stream, size_t bytes);
  // Server: no stream above `last` will be looked at; stream_id_max announces that for later.
  void goaway(uint32_t last, ErrorCode code = ErrorCode::no_error);
  void ping();
  // Ends the connection for what somebody did.
  void fail(ErrorCode code, std::string_view why);

  std::string_view output() const { return std::string_view(out_).substr(out_from_); }
  void written(size_t bytes);
  // Gives memory back that an idle connection does not need.
  void rest();

  size_t streams() const { return streams_.size(); }
  uint32_t last_stream() const { return last_stream_; }
  // Of a stream that has ended a moment ago.
  bool reset_by_peer(const Stream& s) const { return how_closed(s.id) == Closed::by_them; }
  bool goaway_seen() const { return goaway_seen_; }  // client: the server has said so
  bool in_header_block() const { return block_stream_ != 0; }
  bool settled() const { return settled_; }  // the peer's SETTINGS have come
  uint32_t peer_streams_max() const { return peer_streams_max_; }
  bool peer_connect_protocol() const { return peer_connect_protocol_; }
  // All open streams, in the order of their ids.
  const std::vector<Stream*>& open_streams() const { return streams_; }

 private:
  enum class Closed : uint8_t { unknown, by_us, by_them, ended };
  struct ClosedStream {
    uint32_t id = 0;
    Closed how = Closed::unknown;
  };
  static constexpr size_t closed_kept_max = 256;  // how many streams are remembered after their end

  bool frame(const FrameHead& h, std::string_view payload);
  bool begin_data(const FrameHead& h, std::string_view in);
  size_t continue_data(std::string_view in);
  void data_piece(std::string_view piece, bool last);
  bool on_headers(const FrameHead& h, std::string_view payload);
  bool on_headers_of_known(uint32_t id);
  bool on_continuation(const FrameHead& h, std::string_view payload);
  bool on_priority(const FrameHead& h, std::string_view payload);
  bool on_rst_stream(const FrameHead& h, std::string_view payload);
  bool on_settings(const FrameHead& h, std::string_view payload);
  bool apply_settings(std::string_view payload);
  bool on_ping(const FrameHead& h, std::string_view payload);
  bool on_goaway(const FrameHead& h, std::string_view payload);
  bool on_window_update(const FrameHead& h, std::string_view payload);
  bool feed_block(std::string_view piece, bool last);
  void finish_block();
  void finish_message(Stream& s);
  bool unpad(const FrameHead& h, std::string_view& payload);
  bool broken(ErrorCode code, std::string_view why) {
    fail(code, why);
    return false;
  }
  bool idle_frame(uint32_t cost);
  bool stream_error(uint32_t id, ErrorCode code);
  bool idle(uint32_t id) const;
  Stream* find(uint32_t id) const;
  void attach(Stream& s, uint32_t id);
  void close(Stream& s, Closed how);
  void remember(uint32_t id, Closed how);
  Closed how_closed(uint32_t id) const;
  void give_back(size_t bytes);
  void open_window(Stream& s, size_t bytes);
  void send_preface(const LocalSettings& settings);
  bool answered();
  void end_here(Stream& s);

  Role role_;
  SessionOwner& owner_;
  Limits limits_;
  HpackDecoder decoder_;
  HpackEncoder encoder_;
  BlockReader reader_;
  std::vector<Stream*> streams_;  // by id
  std::vector<ClosedStream> closed_;
  size_t closed_at_ = 0;  // where the next one goes once closed_ is full
  Allowance resets_, idle_frames_;

  std::string out_;
  size_t out_from_ = 0;
  // Answers to PING and SETTINGS in the output; those behind `answers_mark_`, and where that is in all that was ever written.
  size_t answers_waiting_ = 0, answers_fresh_ = 0;
  uint64_t written_ = 0, answers_mark_ = 0;
  Instant now_{};

  size_t preface_seen_;
  bool settled_ = false;
  bool acknowledged_ = false;  // our SETTINGS
  bool failed_ = false;
  ErrorCode failure_ = ErrorCode::no_error;
  std::string_view why_;

  uint32_t last_stream_ = 0;  // the highest that was opened, by the client
  uint32_t goaway_last_ = stream_id_max;
  bool goaway_seen_ = false;
  uint32_t streams_max_, stream_window_, connection_window_, header_table_bytes_;

  // the peer's
  uint32_t peer_streams_max_ = 0xffffffff;
  int64_t peer_window_ = window_default;
  uint32_t peer_frame_bytes_ = frame_bytes_max;
  bool peer_connect_protocol_ = false;

  int64_t send_window_ = window_default;
  int64_t receive_window_ = window_default;
  uint64_t credit_ = 0;

  // the DATA frame under way
  bool in_data_ = false, data_end_ = false;
  uint32_t data_stream_ = 0;  // 0: the frame is for a stream that is closed
  size_t data_left_ = 0, padding_left_ = 0;

  // the header block under way
  uint32_t block_stream_ = 0;  // 0: none
  enum class BlockFor : uint8_t {
    nobody,
    request,
    response,
    trailers
  } block_for_ = BlockFor::nobody;
  bool block_end_ = false;
  std::optional<ErrorCode> block_error_;  // the stream is reset with it once the block is decoded
  size_t block_bytes_ = 0, continuations_ = 0;
};

}  // namespace gateproof::http::h2
