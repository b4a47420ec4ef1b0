#include "engine/pipeline/server_options.h"

namespace gateproof::pipeline {

namespace {
// Go's server takes zero for "not told".
uint32_t told(int64_t value, uint32_t otherwise) {
  return value <= 0 ? otherwise : static_cast<uint32_t>(std::min<int64_t>(value, UINT32_MAX));
}
}  // namespace

ServerOptions server_options(const config::EntryPointConfig& entry_point) {
  ServerOptions o;
  o.read_timeout = entry_point.read_timeout;
  o.write_timeout = entry_point.write_timeout;
  o.idle_timeout = entry_point.idle_timeout;
  // As Go's server: what is no limit is its default.
  if (entry_point.max_header_bytes > 0)
    o.header_bytes_max = static_cast<size_t>(entry_point.max_header_bytes);
  o.keep_alive_requests_max = entry_point.keep_alive_max_requests;
  o.keep_alive_time_max = entry_point.keep_alive_max_time;
  o.http2_streams_max = told(entry_point.http2_max_concurrent_streams, o.http2_streams_max);
  o.http2_decoder_table_bytes =
      told(entry_point.http2_max_decoder_header_table_size, o.http2_decoder_table_bytes);
  o.http2_encoder_table_bytes =
      told(entry_point.http2_max_encoder_header_table_size, o.http2_encoder_table_bytes);
  return o;
}

}  // namespace gateproof::pipeline
