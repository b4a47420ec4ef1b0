#include "engine/middleware/chain.h"

#include "engine/middleware/watch.h"

namespace gateproof::middleware {
namespace {

void note_answer(Exchange& x, const std::string& stage) {
  std::string text = std::to_string(x.response.status);
  const std::string_view location = x.response.headers.get("Location");
  if (!location.empty()) text += " Location: " + std::string(location);
  x.note(stage, "answer", text);
}

// Into the answer that is there now, in front of its own lines and each as one of its own.
void put_vary_lines(Exchange& x) {
  http::Headers& h = x.response.headers;
  std::vector<std::string> own;
  for (std::string_view line : h.values("Vary")) own.emplace_back(line);
  h.remove("Vary");
  for (; x.vary_lines > 0; --x.vary_lines) h.add_static("Vary", "Accept-Encoding");
  for (const std::string& line : own) h.add("Vary", line);
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

Task<void> Next::operator()(Exchange& x) const { return chain_.rest(x, index_); }

bool Next::leaves_request() const { return chain_.leaves_request(index_); }

Chain::Chain(std::vector<std::unique_ptr<Middleware>> steps, std::shared_ptr<http::Handler> end)
    : steps_(std::move(steps)), end_(std::move(end)) {}

Task<void> Chain::rest(Exchange& x, size_t from) const {
  const bool nothing_to_do = from == steps_.size() && !x.trace && x.vary_lines == 0;
  return nothing_to_do ? end_->handle(x) : run(x, from);
}

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

// Untraced steps that neither wait nor prepare, up to the first that does or that answers or asks for a pause: plain calls, away
// from the coroutine's frame.
Flow Chain::pass(Exchange& x, size_t& i) const {
  const size_t size = steps_.size();
  for (size_t at = i;; ++at) {
    i = at;
    if (at == size || steps_[at]->waits() || steps_[at]->prepares) return Flow::next;
    const Flow flow = steps_[at]->on_request(x);
    if (flow != Flow::next) return flow;
  }
}

Task<void> Chain::run(Exchange& x, size_t from) const {
  size_t i = from;
  bool answered = false;
  std::unique_ptr<Watch> watch;
  if (x.trace) watch = std::make_unique<Watch>(x);
  for (; i < steps_.size(); ++i) {
    Flow flow = watch ? Flow::next : pass(x, i);
    if (i == steps_.size()) break;
    Middleware& m = *steps_[i];
    if (flow == Flow::next) {
      if (m.waits()) {
        const size_t notes = x.trace ? x.trace->size() : 0;
        co_await m.handle(x, Next(*this, i + 1));
        if (x.trace && x.trace->size() == notes) note_answer(x, m.stage);
        answered = true;
        break;
      }
      if (m.prepares) flow = co_await m.prepare(x);
      if (flow == Flow::next) {
        flow = watch ? traced_request(x, i, *watch) : m.on_request(x);
      } else if (x.trace) {
        note_answer(x, m.stage);
      }
    }
    if (flow == Flow::pause) co_await sleep_for(x.env->scheduler, x.pause);
    if (flow == Flow::answer && x.look_beyond) {
      look_beyond(x, m);
    } else if (flow == Flow::answer) {
      answered = true;
      break;
    }
  }
  if (!answered) co_await end_->handle(x);
  if (x.vary_lines > 0) put_vary_lines(x);
  if (watch && i > from) watch->look_at_answer(x);
  while (i > from) {
    --i;
    steps_[i]->on_response(x);
    if (watch) watch->note_response(x, steps_[i]->stage);
  }
}

}  // namespace gateproof::middleware
