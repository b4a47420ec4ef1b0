#include "engine/sim/host.h"

#include "engine/http/connection_headers.h"

namespace gateproof::sim {
namespace {

FieldList fields_of(std::string_view host, const http::Headers& headers) {
  FieldList out;
  out.reserve(headers.size() + 2);  // Host, and the framing
  out.emplace_back("Host", host);
  for (const auto& f : headers) out.emplace_back(f.name, text::trim(f.value));
  return out;
}

// A body whose length is not told: one piece, then trailers.
class ScriptedBody final : public http::BodySource {
 public:
  ScriptedBody(std::string text, const FieldList& trailers) : text_(std::move(text)) {
    for (const auto& [name, value] : trailers) trailers_.add(name, value);
  }
  std::optional<Result<http::Chunk>> try_read() override {
    if (done_) return Result<http::Chunk>(http::Chunk{{}, true});
    done_ = true;
    return Result<http::Chunk>(http::Chunk{text_, true});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }
  const http::Headers* trailers() const override {
    return trailers_.empty() ? nullptr : &trailers_;
  }

 private:
  std::string text_;
  http::Headers trailers_;
  bool done_ = false;
};

void fill_response(http::Response& r, HostAnswer& a, bool to_head) {
  r.reset();
  r.status = a.status;
  r.reason = a.reason;
  for (const auto& [name, value] : a.headers) r.headers.add(name, value);
  if (!http::body_allowed(a.status)) return;
  const bool length_told = !a.chunked && a.trailers.empty();
  if (!a.trailers.empty() && !r.headers.has("Trailer")) {
    std::string names;
    for (const auto& [name, value] : a.trailers) names += (names.empty() ? "" : ", ") + name;
    r.headers.add("Trailer", names);
  }
  if (length_told && !r.headers.has("Content-Length"))
    r.headers.add("Content-Length", std::to_string(a.body.size()));
  if (to_head) return;
  if (length_told) {
    r.body = http::Body::text(std::move(a.body));
  } else {
    r.body = http::Body::stream(std::make_unique<ScriptedBody>(std::move(a.body), a.trailers),
                                std::nullopt);
  }
}

// What a parser would have read: canonical names (they were scripted in any spelling).
void spell_as_parsed(http::Headers& headers) {
  const bool canonical = std::all_of(headers.begin(), headers.end(), [](const auto& f) {
    return http::canonical_name(f.name) == f.name;
  });
  if (canonical) return;
  http::Headers respelled;
  for (const auto& f : headers) respelled.add(http::canonical_name(f.name), f.value);
  headers = std::move(respelled);
}

}  // namespace

Task<bool> answer_from_script(Host& host, HostRequest request, http::Body& body,
                              Scheduler& scheduler, http::Response& response,
                              std::vector<HostRequest>* seen, std::optional<Error>* broken) {
  if (!body.empty()) {
    Result<std::string> text = co_await http::read_all(body, host_request_body_bytes_max);
    if (!text) {
      if (broken) *broken = text.error();
      co_return false;
    }
    request.body = std::move(*text);
  }
  request.host = host.name;
  HostAnswer answer = host.script(request);
  const bool to_head = request.method == "HEAD";
  if (seen) seen->push_back(std::move(request));
  if (answer.delay > Duration::zero()) co_await sleep_for(scheduler, answer.delay);
  if (answer.action == HostAnswer::Action::close) co_return false;
  if (answer.action == HostAnswer::Action::silent) co_await sleep_until(scheduler, instant_max);
  fill_response(response, answer, to_head);
  co_return true;
}

Task<void> HostHandler::handle(http::Exchange& x) {
  HostRequest request;
  request.method = x.request.method;
  request.target = x.request.url.raw;
  if (x.request.asterisk) request.target = "*";
  if (x.request.has_query) request.target += "?" + x.request.query;
  request.headers = fields_of(x.request.host, x.request.headers);
  if (!x.request.body.length()) request.headers.emplace_back("Transfer-Encoding", "chunked");
  const bool answered = co_await answer_from_script(host_, std::move(request), x.request.body,
                                                    x.env->scheduler, x.response, seen_);
  if (!answered) {
    // "Closed without an answer": the server loop writes nothing for status 0 and closes.
    x.response.reset();
    close_ = true;
  }
}

Task<Result<void>> DirectOrigin::round_trip(http::Exchange& x, http::Outbound& out) {
  SocketAddress to;
  if (out.server->address) {
    to = *out.server->address;
  } else if (const auto named = names.find(out.server->host); named != names.end()) {
    to = {named->second.ip, out.server->port};
  }
  const auto found = hosts_.find(to);
  if (found == hosts_.end() || found->second->refuse) {
    Error refused(Code::refused, Source::upstream,
                  "connection refused by " + out.server->authority);
    refused.retry = Retry::yes;  // nothing was written
    co_return refused;
  }
  if (out.server->scheme == "h2c" && !found->second->http2)
    co_return Error(Code::unsupported, Source::upstream, "the server does not speak HTTP/2");
  HostRequest request;
  request.method = std::string(out.method);
  request.target = out.target;
  request.headers = fields_of(out.host, out.headers);
  const std::optional<uint64_t> length = out.body->length();
  if (!length) request.headers.emplace_back("Transfer-Encoding", "chunked");
  if (length && (*length > 0 || out.tells_empty_body()))
    request.headers.emplace_back("Content-Length", std::to_string(*length));
  http::Response answer;
  Duration limit = out.server->response_header_timeout;
  const Duration silence = out.server->read_timeout;
  if (silence > Duration::zero() && (limit <= Duration::zero() || silence < limit)) limit = silence;
  const Instant deadline = deadline_in(scheduler_, limit);
  std::optional<Error> broken;
  Task<bool> asking = answer_from_script(*found->second, std::move(request), *out.body, scheduler_,
                                         answer, seen, &broken);
  std::optional<bool> answered;
  if (deadline == instant_max) {
    answered = co_await asking;
  } else {
    answered = co_await with_deadline(scheduler_, deadline, std::move(asking));
  }
  if (!answered) co_return Error(Code::timeout, Source::upstream, "no response head in time");
  if (broken) co_return *broken;
  if (!*answered)
    co_return Error(Code::reset, Source::upstream, "connection closed before a response");
  x.response = std::move(answer);
  spell_as_parsed(x.response.headers);
  co_return Result<void>();
}

}  // namespace gateproof::sim
