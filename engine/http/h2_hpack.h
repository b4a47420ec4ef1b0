// HPACK (RFC 7541) through nghttp2's coder, made when the first header block passes: an idle connection has none.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace gateproof::http::h2 {

inline constexpr size_t table_bytes_default =
    4096;  // SETTINGS_HEADER_TABLE_SIZE before anybody speaks
// A longer name or value is a compression error (nghttp2's own limit).
inline constexpr size_t string_bytes_max = 65536;

class FieldSink {
 public:
  virtual ~FieldSink() = default;
  // Views are valid during the call.
  virtual void field(std::string_view name, std::string_view value) = 0;
};

class HpackDecoder {
 public:
  HpackDecoder();
  ~HpackDecoder();
  // The size that the peer's encoder may use, once it has acknowledged it.
  void set_table_bytes(size_t bytes);
  // A piece of a header block, cut anywhere; `last`: the block ends with it. False: a compression error, for good.
  bool decode(std::string_view piece, bool last, FieldSink& sink);

 private:
  struct Impl;
  bool make();
  std::unique_ptr<Impl> impl_;
  size_t table_bytes_ = table_bytes_default;
};

class HpackEncoder {
 public:
  // `table_bytes_max`: our own limit, whatever the peer allows.
  explicit HpackEncoder(size_t table_bytes_max);
  ~HpackEncoder();
  void set_peer_table_bytes(size_t bytes);
  // Collects a field. The name is written in lower case; the value must stay valid until finish(). `secret`: never indexed.
  void add(std::string_view name, std::string_view value, bool secret = false);
  // Appends the block of the collected fields. False: no memory, or a field too long to be coded.
  bool finish(std::string& out);

 private:
  struct Impl;
  bool make();
  std::unique_ptr<Impl> impl_;
  size_t table_bytes_max_;
  size_t peer_table_bytes_ = table_bytes_default;
};

}  // namespace gateproof::http::h2
