#include "engine/pipeline/request_limit.h"

namespace gateproof::pipeline {

RequestLimit::Place RequestLimit::enter() {
  // Counted first: of two that come at the same time for one place, one sees the other.
  Place place(&count_);
  if (count_.fetch_add(1, std::memory_order_relaxed) < most_) return place;
  place.leave();
  return Place(nullptr);
}

void RequestLimit::refuse(http::Exchange& x) {
  x.response = http::Response::make(503, "Service Unavailable\n", "text/plain; charset=utf-8");
  x.response.headers.add_static("Retry-After", "1");  // RFC 9110 section 10.2.3
  if (x.trace) x.note("answer", "503", "as many requests are under way as gateproof.requests lets");
}

}  // namespace gateproof::pipeline
