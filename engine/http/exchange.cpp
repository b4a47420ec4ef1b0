#include "engine/http/exchange.h"

namespace gateproof::http {

std::string Exchange::shown_target() const {
  std::string target = request.target();
  return !target_received.empty() && target == target_rewritten ? target_received : target;
}

void Exchange::reset() {
  response.reset();  // first: an upstream connection in it may still read the request's body
  tunnel.reset();
  request.reset();
  peer = local = {};
  tls = trusted_peer = false;
  entry_point = router = service = server = {};
  canonical_host.clear();
  flat_host.clear();
  routing_path.clear();
  client_host.clear();
  target_received.clear();
  target_rewritten.clear();
  user.clear();
  detect_content_type = fields_apart = answer_held = flush_held = false;
  late_status = 0;
  vary_lines = 0;
  tls_state.reset();
  client_certificates.reset();
  interim = nullptr;
  append_forwarded_for = true;
  raw_target = false;
  matched_prefix = {};
  suppress_forwarded_for = false;
  attempts = 0;
  look_beyond = false;
  stopped_by = {};
  stopped_with.reset();
  failure.reset();
  pinned.reset();
  trace = nullptr;
}

}  // namespace gateproof::http
