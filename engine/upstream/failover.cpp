#include "engine/upstream/failover.h"

#include "engine/upstream/flushed.h"
#include "engine/upstream/replay.h"

namespace gateproof::upstream {
namespace {

http::Response plain_error(int status, std::string text) {
  http::Response r = http::Response::make(status, text + "\n", "text/plain; charset=utf-8");
  r.headers.add_static("X-Content-Type-Options", "nosniff");
  return r;
}

}  // namespace

Result<CodeRanges> CodeRanges::parse(const std::vector<config::Text>& texts) {
  CodeRanges out;
  for (const config::Text& t : texts) {
    const size_t dash = t.value.find('-');
    const std::string low = t.value.substr(0, dash);
    const std::string high = dash == std::string::npos ? low : t.value.substr(dash + 1);
    for (const std::string& s : {low, high}) {
      if (text::parse_int(s)) continue;
      return Error(Code::invalid, "strconv.Atoi: parsing " + text::quote(s) + ": invalid syntax",
                   t.span, "write a status code such as 503, or a range such as 500-599");
    }
    out.ranges_.emplace_back(*text::parse_int(low), *text::parse_int(high));
  }
  return out;
}

bool CodeRanges::contains(int code) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [code](const auto& r) { return r.first <= code && code <= r.second; });
}

Failover::Failover(Parts parts) : parts_(std::move(parts)), stage_("service " + parts_.name) {}

Result<void> Failover::on_status(std::function<void(bool up)> listener) {
  if (!parts_.checked) return no_health_check("failover");
  listeners_.push_back(std::move(listener));
  return {};
}

// Down for its parents when both are.
void Failover::set(std::atomic<bool>& which, bool up) {
  const std::lock_guard lock(mutex_);
  if (which.exchange(up) == up) return;
  const bool any = main_up_ || fallback_up_;
  for (const auto& listener : listeners_) listener(any);
}

Task<void> Failover::fall_back(http::Exchange& x, std::string why) {
  if (fallback_up_) {
    if (x.trace) x.note(stage_, "pick", parts_.fallback_name + " (fallback: " + why + ")");
    co_await parts_.fallback->handle(x);
    co_return;
  }
  if (x.trace)
    x.note(stage_, "pick", "no available service: " + why + ", and the fallback is down");
  x.response = plain_error(503, "Service Unavailable");
}

// The fields of the main answer are collected apart, and added to those outside if it counts: what contentType says inside does not
// reach them, and lines that compress has put in front are not seen.
Task<void> Failover::ask_main(http::Exchange& x) {
  const bool apart = std::exchange(x.fields_apart, true);
  const bool detect = x.detect_content_type;
  const uint8_t vary_lines = std::exchange(x.vary_lines, uint8_t{0});
  co_await parts_.main->handle(x);
  x.fields_apart = apart;
  x.detect_content_type = detect;
  x.vary_lines = vary_lines;
}

Task<void> Failover::handle(http::Exchange& x) {
  if (!main_up_) {
    co_await fall_back(x, parts_.main_name + " is down");
    co_return;
  }
  if (parts_.codes.empty() || x.look_beyond) {
    if (x.trace) x.note(stage_, "pick", parts_.main_name + " (main, up)");
    co_await parts_.main->handle(x);
    co_return;
  }
  RecordedRequest record;
  const Result<RecordedRequest::Body> body = co_await record.take(x, parts_.body_bytes_max);
  if (!body) {
    x.response = plain_error(
        500, "Internal Server Error: creating reusable request: " + body.error().message);
    co_return;
  }
  if (*body == RecordedRequest::Body::too_large) {
    if (x.trace)
      x.note(stage_, "answer",
             "413: the body is larger than maxRequestBodyBytes " +
                 std::to_string(parts_.body_bytes_max));
    x.response = plain_error(413, "Request body too large");
    co_return;
  }
  if (x.trace) x.note(stage_, "pick", parts_.main_name + " (main, up)");
  co_await ask_main(x);
  const int status = written_status(x);
  if (!parts_.codes.contains(status)) {
    drop_trailers(x.response);
    co_return;
  }
  const bool flushed = is_flushed(x) || x.late_status;
  x.late_status = 0;
  x.response.reset();
  x.tunnel.reset();
  x.failure.reset();
  record.restore(x);
  co_await fall_back(x, parts_.main_name + " answered " + std::to_string(status));
  if (flushed) keep_body_only(x);
}

}  // namespace gateproof::upstream
