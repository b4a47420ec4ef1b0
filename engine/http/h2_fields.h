// The fields of one HTTP/2 header block, collected as they are decoded, and what is wrong with them (RFC 9113 sections 8.1 to
// 8.3, 8.5; RFC 8441).
#pragma once
#include <optional>

#include "engine/http/h2_hpack.h"
#include "engine/http/headers.h"

namespace gateproof::http::h2 {

inline constexpr size_t field_overhead_bytes =
    32;  // what each field counts beside its text (RFC 9113 section 6.5.2)

struct BlockLimits {
  size_t list_bytes_max = 1048576 + 10 * field_overhead_bytes;  // names, values and overhead
  size_t fields_max = 10'000;  // decoded fields, each crumb of a cookie counted
};

enum class BlockKind : uint8_t { request, response, trailers };

struct Block {
  std::string method, scheme, authority, path, protocol;  // pseudo-header fields
  bool has_authority = false;
  int status = 0;
  Headers
      headers;  // names in Go's canonical spelling; without Host; crumbs of a cookie in one field
  std::optional<uint64_t> content_length;
  bool expect_continue = false;
  bool too_large = false;      // a limit was passed; nothing is kept from there on
  std::string_view malformed;  // static: why the message is malformed; "" if it is not
  void clear();
};

// Whether a field speaks of one connection and may not be in HTTP/2 (RFC 9113 section 8.2.2). `name` in any case.
bool is_connection_specific(const HeaderName& name);

class BlockReader final : public FieldSink {
 public:
  void begin(BlockKind kind, const BlockLimits& limits);
  void field(std::string_view name, std::string_view value) override;
  // The block is whole: the checks that need all of it.
  void finish();
  Block& block() { return block_; }
  size_t fields() const { return fields_; }
  size_t list_bytes() const { return bytes_; }

 private:
  void pseudo(std::string_view name, std::string_view value);
  void set_once(std::string& into, uint8_t bit, std::string_view value);
  void regular(std::string_view name, std::string_view value);
  void finish_request();
  void bad(std::string_view why) {
    if (block_.malformed.empty()) block_.malformed = why;
  }

  Block block_;
  BlockLimits limits_;
  BlockKind kind_ = BlockKind::request;
  uint8_t seen_ = 0;  // pseudo-header fields, a bit each
  bool regular_seen_ = false;
  bool host_seen_ = false;
  std::string host_;
  std::string cookie_;
  size_t cookies_ = 0;
  size_t bytes_ = 0;
  size_t fields_ = 0;
};

}  // namespace gateproof::http::h2
