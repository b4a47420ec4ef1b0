#include "engine/pipeline/server_options.h"

namespace gateproof::pipeline {

ServerOptions server_options(const config::EntryPointConfig& entry_point) {
  ServerOptions o;
  o.read_timeout = entry_point.read_timeout;
  o.write_timeout = entry_point.write_timeout;
  o.idle_timeout = entry_point.idle_timeout;
  o.header_bytes_max = static_cast<size_t>(std::max<int64_t>(entry_point.max_header_bytes, 0));
  o.keep_alive_requests_max = entry_point.keep_alive_max_requests;
  o.keep_alive_time_max = entry_point.keep_alive_max_time;
  return o;
}

}  // namespace gateproof::pipeline
