#include "engine/middleware/chain.h"

namespace gateproof::middleware {
namespace {

void note_fields(Exchange& x, const std::string& stage, std::string_view what,
                 const http::Headers& before, const http::Headers& after) {
  const auto missing = [](const http::Headers::Field& f, const http::Headers& from) {
    return std::none_of(from.begin(), from.end(),
                        [&](const auto& o) { return o.name == f.name && o.value == f.value; });
  };
  const auto line = [](std::string_view sign, const http::Headers::Field& f) {
    return std::string(sign).append(f.name).append(": ").append(f.value);
  };
  for (const auto& f : before) {
    if (missing(f, after)) x.note(stage, what, line("- ", f));
  }
  for (const auto& f : after) {
    if (missing(f, before)) x.note(stage, what, line("+ ", f));
  }
}

bool same_fields(const http::Headers& a, const http::Headers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& f, const auto& g) {
    return f.name == g.name && f.value == g.value;
  });
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

Task<Flow> Middleware::prepare(Exchange&) { co_return Flow::next; }

Task<void> Next::operator()(Exchange& x) const { return chain_.run(x, index_); }

Chain::Chain(std::vector<std::unique_ptr<Middleware>> steps, std::shared_ptr<http::Handler> end)
    : steps_(std::move(steps)), end_(std::move(end)) {}

// Copies are made only when something changed: most steps of most chains leave most of a message alone.
class Chain::Watch {
 public:
  explicit Watch(const Exchange& x)
      : method_(x.request.method),
        target_(x.request.target()),
        host_(x.request.host),
        request_(x.request.headers) {}

  // What changed since the last look.
  void note_request(Exchange& x, const std::string& stage) {
    const http::Request& r = x.request;
    if (method_ != r.method) x.note(stage, "method", method_ + " -> " + r.method);
    if (std::string target = r.target(); target != target_) {
      x.note(stage, "path", target_ + " -> " + target);
      target_ = std::move(target);
    }
    if (host_ != r.host) x.note(stage, "host", host_ + " -> " + r.host);
    if (!same_fields(request_, r.headers)) {
      note_fields(x, stage, "request header", request_, r.headers);
      request_ = r.headers;
    }
    method_ = r.method;
    host_ = r.host;
  }
  void note_response(Exchange& x, const std::string& stage) {
    const http::Response& r = x.response;
    if (status_ != r.status) {
      x.note(stage, "status", std::to_string(status_) + " -> " + std::to_string(r.status));
      status_ = r.status;
    }
    if (same_fields(response_, r.headers)) return;
    note_fields(x, stage, "response header", response_, r.headers);
    response_ = r.headers;
  }
  void look_at_answer(const Exchange& x) {
    status_ = x.response.status;
    response_ = x.response.headers;
  }

 private:
  std::string method_, target_, host_;
  http::Headers request_, response_;
  int status_ = 0;
};

Flow Chain::traced_request(Exchange& x, size_t i, Watch& watch) const {
  Middleware& m = *steps_[i];
  const size_t notes = x.trace->size();
  const Flow flow = m.on_request(x);
  watch.note_request(x, m.stage);
  if (flow == Flow::answer) {
    note_answer(x, m.stage);
  } else if (x.trace->size() == notes) {
    x.note(m.stage, "pass", "nothing changed");
  }
  return flow;
}

Task<void> Chain::run(Exchange& x, size_t from) const {
  size_t i = from;
  bool answered = false;
  std::unique_ptr<Watch> watch;
  if (x.trace) watch = std::make_unique<Watch>(x);
  for (; i < steps_.size() && !answered; ++i) {
    Middleware& m = *steps_[i];
    if (m.waits()) {
      const size_t notes = x.trace ? x.trace->size() : 0;
      co_await m.handle(x, Next(*this, i + 1));
      if (x.trace && x.trace->size() == notes) note_answer(x, m.stage);
      answered = true;
      break;
    }
    Flow flow = Flow::next;
    if (m.prepares) flow = co_await m.prepare(x);
    if (flow == Flow::next) {
      flow = watch ? traced_request(x, i, *watch) : m.on_request(x);
    } else if (x.trace) {
      note_answer(x, m.stage);
    }
    if (flow == Flow::answer && x.look_beyond) {
      look_beyond(x, m);
    } else if (flow == Flow::answer) {
      answered = true;
      break;
    }
  }
  if (!answered) co_await end_->handle(x);
  if (watch && i > from) watch->look_at_answer(x);
  while (i > from) {
    --i;
    steps_[i]->on_response(x);
    if (watch) watch->note_response(x, steps_[i]->stage);
  }
}

}  // namespace gateproof::middleware
