#include "engine/upstream/mirroring.h"

#include "engine/upstream/body_end.h"

namespace gateproof::upstream {

// All that the copies of one request need after the exchange is over.
struct Mirroring::Copies {
  Copies(Env& e, std::shared_ptr<std::atomic<size_t>> counter)
      : env(e), under_way(std::move(counter)) {
    ++*under_way;
  }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;
  ~Copies() { --*under_way; }

  Env& env;
  std::shared_ptr<std::atomic<size_t>> under_way;
  http::Origin* origin = nullptr;
  std::string_view entry_point;        // lives in the snapshot
  std::shared_ptr<const void> pinned;  // the snapshot
  std::string stage;
  RecordedRequest request;
  std::vector<std::shared_ptr<http::Handler>> to;
};

Mirroring::Mirroring(Parts parts)
    : parts_(std::move(parts)), stage_("service " + parts_.name), counts_(parts_.mirrors.size()) {}

// Transparent: the status is the main service's.
Result<void> Mirroring::on_status(std::function<void(bool up)> listener) {
  if (!parts_.checked) return no_health_check("mirroring");
  if (!parts_.main_status) {
    return Error(Code::invalid,
                 "service of mirroring not a healthcheck.StatusUpdater (http.HandlerFunc)");
  }
  Result<void> registered = parts_.main_status->on_status(std::move(listener));
  if (registered) return registered;
  Error e = registered.error();
  e.message = "cannot register service of mirroring as updater: " + e.message;
  return e;
}

// Shares are exact: a mirror gets a request whenever it is behind its percentage.
std::vector<size_t> Mirroring::due() {
  const std::lock_guard lock(mutex_);
  ++total_;
  std::vector<size_t> out;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] * 100 >= total_ * static_cast<uint64_t>(parts_.mirrors[i].percent)) continue;
    ++counts_[i];
    out.push_back(i);
  }
  return out;
}

std::shared_ptr<Mirroring::Copies> Mirroring::prepare(http::Exchange& x,
                                                      const std::vector<size_t>& mirrors) {
  if (under_way_->load() >= mirrored_requests_max) {
    if (x.trace) x.note(stage_, "mirror", "none: too many copies are under way");
    return nullptr;
  }
  auto copies = std::make_shared<Copies>(*x.env, under_way_);
  copies->origin = x.origin;
  copies->entry_point = x.entry_point;
  copies->pinned = x.pinned;
  copies->stage = "mirrors of " + parts_.name;
  for (size_t i : mirrors) copies->to.push_back(parts_.mirrors[i].handler);
  return copies;
}

// One after the other, as Traefik does; each answer is read to its end and dropped.
Task<void> Mirroring::send(std::shared_ptr<Copies> copies) {
  for (size_t i = 0; i < copies->to.size(); ++i) {
    http::Exchange x(copies->env);
    copies->request.restore(x);
    x.origin = copies->origin;
    x.entry_point = copies->entry_point;
    x.pinned = copies->pinned;
    co_await copies->to[i]->handle(x);
    for (bool last = false; !last;) {
      const Result<http::Chunk> chunk = co_await x.response.body.read();
      last = !chunk || chunk->last;
    }
  }
}

void Mirroring::start(http::Exchange& x, std::shared_ptr<Copies> copies) {
  Scheduler& scheduler = x.env->scheduler;
  // When the answer has gone out whole; a client that goes away before is not mirrored.
  const auto on_end = [&scheduler, copies](bool complete) {
    if (complete) scheduler.spawn(copies->stage, send(copies));
  };
  x.response.body = watch_end(std::move(x.response.body), on_end);
}

Task<void> Mirroring::handle(http::Exchange& x) {
  const std::vector<size_t> mirrors = x.look_beyond ? std::vector<size_t>() : due();
  std::shared_ptr<Copies> copies;
  if (!mirrors.empty()) copies = prepare(x, mirrors);
  // Of a body that is not kept the copy cannot be sent (recorded).
  if (copies && !parts_.mirror_body && !x.request.body.empty()) {
    if (x.trace) x.note(stage_, "mirror", "none: the request has a body, and mirrorBody is false");
    copies.reset();
  }
  if (copies && !parts_.mirror_body) copies->request.take_head(x);
  if (copies && parts_.mirror_body) {
    const Result<RecordedRequest::Body> body =
        co_await copies->request.take(x, parts_.body_bytes_max);
    if (!body) {
      x.response = http::Response::make(
          500,
          "Internal Server Errorerror creating reusable request: " + body.error().message + "\n",
          "text/plain; charset=utf-8");
      x.response.headers.add_static("X-Content-Type-Options", "nosniff");
      co_return;
    }
    if (*body == RecordedRequest::Body::too_large) {
      if (x.trace)
        x.note(
            stage_, "mirror",
            "none: the body is larger than maxBodySize " + std::to_string(parts_.body_bytes_max));
      copies.reset();
    }
  }
  if (x.trace) {
    std::string text = parts_.main_name;
    if (copies) {
      for (size_t i : mirrors) text += ", then a copy to " + parts_.mirrors[i].name;
    }
    x.note(stage_, "pick", text);
  }
  co_await parts_.main->handle(x);
  if (!copies) co_return;
  if (x.failure && x.failure->code == Code::canceled && x.failure->source != Source::upstream) {
    if (x.trace) x.note(stage_, "mirror", "none: the client went away");
    co_return;
  }
  start(x, std::move(copies));
}

}  // namespace gateproof::upstream
