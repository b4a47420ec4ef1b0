#include "engine/middleware/chain.h"

namespace gateproof::middleware {
namespace {

// The parts of a message that a step may change, for the trace.
struct Shape {
  std::string method, target, host;
  std::vector<std::pair<std::string, std::string>> headers;

  static std::vector<std::pair<std::string, std::string>> copy(const http::Headers& h) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& f : h) out.emplace_back(f.name, f.value);
    return out;
  }
  static Shape of(const http::Request& r) {
    return {r.method, r.target(), r.host, copy(r.headers)};
  }
};

using Fields = std::vector<std::pair<std::string, std::string>>;

void note_fields(Exchange& x, const std::string& stage, std::string_view what, const Fields& before,
                 const Fields& after) {
  for (const auto& f : before) {
    if (std::find(after.begin(), after.end(), f) == after.end()) {
      x.note(stage, what, "- " + f.first + ": " + f.second);
    }
  }
  for (const auto& f : after) {
    if (std::find(before.begin(), before.end(), f) == before.end()) {
      x.note(stage, what, "+ " + f.first + ": " + f.second);
    }
  }
}

void note_request_changes(Exchange& x, const std::string& stage, const Shape& before,
                          const Shape& after) {
  if (before.method != after.method) x.note(stage, "method", before.method + " -> " + after.method);
  if (before.target != after.target) x.note(stage, "path", before.target + " -> " + after.target);
  if (before.host != after.host) x.note(stage, "host", before.host + " -> " + after.host);
  note_fields(x, stage, "request header", before.headers, after.headers);
}

void note_answer(Exchange& x, const std::string& stage) {
  std::string text = std::to_string(x.response.status);
  const std::string_view location = x.response.headers.get("Location");
  if (!location.empty()) text += " Location: " + std::string(location);
  x.note(stage, "answer", text);
}

}  // namespace

void look_beyond(Exchange& x, const Middleware& m) {
  if (!x.stopped_with) {
    x.stopped_by = m.stage;
    x.stopped_with = std::make_unique<http::Response>(std::move(x.response));
  }
  x.note(m.stage, "beyond", "were it let through:");
  x.response.reset();
}

Task<void> Middleware::handle(Exchange& x, Next next) { co_await next(x); }

Task<void> Next::operator()(Exchange& x) const { return chain_.run(x, index_); }

Chain::Chain(std::vector<std::unique_ptr<Middleware>> steps, std::shared_ptr<http::Handler> end)
    : steps_(std::move(steps)), end_(std::move(end)) {}

Flow Chain::traced_request(Exchange& x, size_t i) const {
  Middleware& m = *steps_[i];
  const Shape before = Shape::of(x.request);
  const size_t notes = x.trace->size();
  const Flow flow = m.on_request(x);
  note_request_changes(x, m.stage, before, Shape::of(x.request));
  if (flow == Flow::answer) {
    note_answer(x, m.stage);
  } else if (x.trace->size() == notes) {
    x.note(m.stage, "pass", "nothing changed");
  }
  return flow;
}

void Chain::traced_response(Exchange& x, size_t i) const {
  Middleware& m = *steps_[i];
  const int status = x.response.status;
  const Fields before = Shape::copy(x.response.headers);
  m.on_response(x);
  if (status != x.response.status) {
    x.note(m.stage, "status", std::to_string(status) + " -> " + std::to_string(x.response.status));
  }
  note_fields(x, m.stage, "response header", before, Shape::copy(x.response.headers));
}

Task<void> Chain::run(Exchange& x, size_t from) const {
  size_t i = from;
  bool answered = false;
  for (; i < steps_.size() && !answered; ++i) {
    Middleware& m = *steps_[i];
    if (m.waits()) {
      const size_t notes = x.trace ? x.trace->size() : 0;
      co_await m.handle(x, Next(*this, i + 1));
      if (x.trace && x.trace->size() == notes) note_answer(x, m.stage);
      answered = true;
      break;
    }
    const Flow flow = x.trace ? traced_request(x, i) : m.on_request(x);
    if (flow == Flow::answer && x.look_beyond) {
      look_beyond(x, m);
    } else if (flow == Flow::answer) {
      answered = true;
      break;
    }
  }
  if (!answered) co_await end_->handle(x);
  while (i > from) {
    --i;
    if (x.trace) {
      traced_response(x, i);
    } else {
      steps_[i]->on_response(x);
    }
  }
}

}  // namespace gateproof::middleware
